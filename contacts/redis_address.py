"""Where Redis is: one server, one with TLS, a socket of this machine, or whoever Sentinel names.

    redis://[user:password@]host[:6379][/0]
    rediss://...                        the same over TLS
    unix:///run/redis.sock[?db=0]
    sentinel://[user:password@]host[:26379],host[:26379]/0?master=mymaster
    sentinels://...                     the same; the Sentinels and Redis over TLS

Celery's way of writing several Sentinels (``sentinel://a:26379;sentinel://b:26379/0``) is read as
well. User and password are Redis's; those of the Sentinels are options. Pure: nothing is opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

SCHEMES: Final = ("redis", "rediss", "unix", "sentinel", "sentinels")

PORT: Final = 6379
SENTINEL_PORT: Final = 26379

MASTER: Final = "mymaster"
"""What Sentinel's own examples call the group that it watches."""

FILES: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")

_TRUTH: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_CHECKS: Final = {
    "required": "required",
    "cert_required": "required",
    "optional": "optional",
    "cert_optional": "optional",
    "none": "none",
    "cert_none": "none",
}


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """An address, taken apart. ``repr`` shows no password.

    Attributes:
        hosts: (name, port) of the server, or of each Sentinel; empty for a socket.
        socket: path of a socket of this machine; None: by TCP.
        master: the group that the Sentinels are asked for; None: hosts are Redis itself.
        tls: redis-py's ``ssl_`` options; None: in the clear.
    """

    hosts: tuple[tuple[str, int], ...] = ()
    db: int = 0
    username: str | None = None
    password: str | None = None
    socket: str | None = None
    master: str | None = None
    sentinel_username: str | None = None
    sentinel_password: str | None = None
    tls: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"RedisAddress({self.where!r})"

    @property
    def where(self) -> str:
        """For people, without user and password."""
        if self.socket:
            return self.socket
        names = ", ".join(_host_port(*one) for one in self.hosts)
        if self.master:
            names = f"{self.master} by Sentinel {names}"
        return f"{names} (TLS)" if self.tls is not None else names

    @property
    def login(self) -> dict[str, str]:
        """User and password of Redis, as redis-py names them."""
        return _given(username=self.username, password=self.password)

    @property
    def sentinel_login(self) -> dict[str, str]:
        """User and password of the Sentinels."""
        return _given(username=self.sentinel_username, password=self.sentinel_password)

    @property
    def broker_url(self) -> str:
        """As kombu reads it; TLS and the Sentinels' options travel beside it."""
        if self.socket:
            login = f":{quote(self.password, safe='')}@" if self.password else ""
            return f"redis+socket://{login}{quote(self.socket)}?virtual_host={self.db}"
        scheme = "sentinel" if self.master else "redis"
        login = _login(self.username, self.password)
        return ";".join(f"{scheme}://{login}{_host_port(*one)}/{self.db}" for one in self.hosts)


def read(url: str) -> RedisAddress:
    """Take an address apart.

    Raises:
        ValueError: what is wrong with it; never a piece of the address, which may be a password.
    """
    scheme = url.partition("://")[0] if "://" in url else ""
    if scheme not in SCHEMES:
        raise ValueError(
            "is not a redis://, rediss://, unix://, sentinel:// or sentinels:// address"
        )
    try:
        parts = urlsplit(_joined(url, scheme))
        query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError("is not an address: a host or an option cannot be read") from None
    if parts.fragment:
        raise ValueError("is not an address: a # of the password must be written as %23")
    options = _Options(query)
    found = _socket(parts, options) if scheme == "unix" else _network(parts, options)
    options.nothing_left()
    return found


def _joined(url: str, scheme: str) -> str:
    """Celery's list of whole addresses as one address with several hosts."""
    first, *others = url.split(f";{scheme}://")
    if not others:
        return url
    hosts = [re.match(r"(?:[^@/?]*@)?([^/?]*)(.*)", one, re.DOTALL) for one in others]
    tail = next((match[2] for match in reversed(hosts) if match and match[2]), "")
    head = re.match(r"([^/]*//[^/?]*)(.*)", first, re.DOTALL)
    assert head is not None
    return ",".join([head[1], *(match[1] for match in hosts if match)]) + (tail or head[2])


def _socket(parts: SplitResult, options: _Options) -> RedisAddress:
    if parts.hostname or not parts.path.strip("/"):
        raise ValueError("names no socket: write unix:///path/to/redis.sock")
    return RedisAddress(
        socket=unquote(parts.path),
        db=_number(options.take("db") or "0"),
        username=_unquoted(parts.username),
        password=_unquoted(parts.password),
    )


def _network(parts: SplitResult, options: _Options) -> RedisAddress:
    watched = parts.scheme.startswith("sentinel")
    _, _, places = parts.netloc.rpartition("@")
    hosts = tuple(_host(one, SENTINEL_PORT if watched else PORT) for one in places.split(","))
    if len(hosts) > 1 and not watched:
        raise ValueError("names several servers: write sentinel:// where Sentinel watches them")
    given: dict[str, Any] = {}
    if watched:
        given = {
            "master": options.take("master") or options.take("master_name") or MASTER,
            "sentinel_username": options.take("sentinel_username"),
            "sentinel_password": options.take("sentinel_password"),
        }
    if parts.scheme in ("rediss", "sentinels"):
        given["tls"] = _tls(options)
    database = options.take("db")
    return RedisAddress(
        hosts=hosts,
        db=_number(parts.path.strip("/") or database or "0"),
        username=_unquoted(parts.username),
        password=_unquoted(parts.password),
        **given,
    )


def _host(text: str, port: int) -> tuple[str, int]:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.%]+\]|[^][:;@\s]+)(?::(\d{1,5}))?", text)
    if match is None or not 0 < int(match[2] or port) < 65_536:
        raise ValueError(
            "is not an address: its port is no number, or a host is missing (is a character of "
            "the password not percent-encoded?)"
        )
    return unquote(match[1].strip("[]")), int(match[2] or port)


def _tls(options: _Options) -> dict[str, Any]:
    """Checked certificate and host name, unless the address says otherwise."""
    given: dict[str, Any] = {name: value for name in FILES if (value := options.take(name))}
    if password := options.take("ssl_password"):
        given["ssl_password"] = password
    checks = _CHECKS.get((options.take("ssl_cert_reqs") or "required").lower())
    name = _TRUTH.get((options.take("ssl_check_hostname") or "true").lower())
    if checks is None:
        raise ValueError("has an ssl_cert_reqs that is none of required, optional, none")
    if name is None:
        raise ValueError("has an ssl_check_hostname that is neither true nor false")
    return given | {"ssl_cert_reqs": checks, "ssl_check_hostname": name and checks != "none"}


class _Options:
    """The options of an address, each taken once."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._left = dict(pairs)

    def take(self, name: str) -> str | None:
        return self._left.pop(name, None)

    def nothing_left(self) -> None:
        if self._left:
            known = "db, master, sentinel_username, sentinel_password"
            tls = ", ".join((*FILES, "ssl_password", "ssl_cert_reqs", "ssl_check_hostname"))
            raise ValueError(
                f"has an option that this kind of address has not; there are {known}, and for "
                f"rediss:// and sentinels:// {tls}"
            )


def _number(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text):
        raise ValueError("has a database that is no number: it ends in /0")
    return int(text)


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _unquoted(text: str | None) -> str | None:
    return unquote(text) if text else None


def _login(username: str | None, password: str | None) -> str:
    if not (username or password):
        return ""
    return f"{quote(username or '', safe='')}:{quote(password or '', safe='')}@"


def _host_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
