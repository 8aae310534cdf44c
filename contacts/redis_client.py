"""Opening Redis: the one place where a client is made, and what a failure means in a sentence.

The two ends of the belt both open it and never meet, so it is here.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel

from contacts import redis_address
from contacts.errors import UsageError
from contacts.redis_address import RedisAddress
from contacts.settings import Settings

SENTINEL_S: Final = 1.0
"""How long one Sentinel may take: the next one is asked then. They answer from memory."""

_HUNG_UP: Final = ("closed by server", "reset by peer", "Broken pipe")

_WRONG_NAME: Final = (62, 64)
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""


def required(settings: Settings) -> str:
    """The address of Redis (contains the password).

    Raises:
        UsageError: none is known, it cannot be read, or it names a file that is not there.
    """
    if settings.redis is None:
        raise UsageError(
            "no Redis: set ROLLBOOK_REDIS_URL, or start `rollbook up`, which brings its own"
        )
    read(settings.redis)
    return settings.redis


def read(url: str) -> RedisAddress:
    """Take the address apart, and look whether the files it names can be read.

    Raises:
        UsageError: what is wrong.
    """
    try:
        address = redis_address.read(url)
    except ValueError as error:
        raise UsageError(f"ROLLBOOK_REDIS_URL {error}") from None
    for name in redis_address.FILES:
        path = (address.tls or {}).get(name)
        try:
            if path is not None:
                Path(path).open("rb").close()
        except OSError as error:
            raise UsageError(
                f"ROLLBOOK_REDIS_URL: {name}={path} cannot be read: {error.strerror}"
            ) from None
    return address


def connect(
    url: str,
    *,
    timeout_s: float,
    connect_s: float,
    tries: int | None = None,
    max_connections: int | None = None,
    decode_responses: bool = False,
) -> redis.Redis:
    """A client; nothing is sent until the first command. Behind Sentinel it follows the master.

    Args:
        timeout_s, connect_s: longest silence within an answer, and longest connecting.
        tries: how often a command is tried again, at once; None: redis-py's ten with growing
            pauses, some seconds in all.

    Raises:
        UsageError: see :func:`read`.
    """
    address = read(url)
    options: dict[str, Any] = {
        **address.login,
        "db": address.db,
        "socket_timeout": timeout_s,
        "decode_responses": decode_responses,
    }
    if tries is not None:
        options["retry"] = Retry(NoBackoff(), tries)
    if max_connections is not None:
        options["max_connections"] = max_connections
    if address.socket:
        return redis.Redis(unix_socket_path=address.socket, **options)
    options["socket_connect_timeout"] = connect_s
    if address.tls is not None:
        options |= {"ssl": True, **address.tls}
    if address.master is None:
        [(host, port)] = address.hosts
        return redis.Redis(host=host, port=port, **options)
    sentinel: Any = Sentinel(  # type: ignore[no-untyped-call]
        address.hosts, sentinel_kwargs=sentinel_options(address), **options
    )
    found: redis.Redis = sentinel.master_for(address.master, redis_class=_Follower)
    return found


def ring(client: redis.Redis, bell: str) -> None:
    """Wake whoever waits for that list: it has one element then, however often it was rung.

    Raises:
        redis.RedisError: no Redis.
    """
    with client.pipeline(transaction=True) as pipe:
        pipe.lpush(bell, "1")
        pipe.ltrim(bell, 0, 0)
        pipe.execute()


class _Follower(redis.Redis):
    """A client that lets go of the Sentinels as well, when it is closed."""

    def close(self) -> None:
        super().close()
        pool: Any = self.connection_pool
        pool.sentinel_manager.close()


def sentinel_options(address: RedisAddress) -> dict[str, Any]:
    """How a Sentinel is asked: quickly, and once; redis-py's ten tries would hold up the next."""
    options: dict[str, Any] = {
        **address.sentinel_login,
        "socket_timeout": SENTINEL_S,
        "socket_connect_timeout": SENTINEL_S,
        "retry": Retry(NoBackoff(), 0),
    }
    if address.tls is not None:
        options |= {"ssl": True, **address.tls}
    return options


def trouble(error: BaseException, url: str) -> str:
    """What a failed connection means: ``does not answer (TimeoutError)``, or what is to be mended.

    Args:
        url: where it failed; neither it nor the password is in the text.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code in _WRONG_NAME:
                return (
                    "shows a certificate for another host name than the one in "
                    "ROLLBOOK_REDIS_URL: write the name that it is made out to"
                )
            return (
                f"shows a certificate that cannot be trusted ({cause.verify_message}): name its "
                "CA in ROLLBOOK_REDIS_URL, ?ssl_ca_certs=FILE"
            )
        if isinstance(cause, ssl.SSLError):
            return (
                f"does not speak TLS as we do ({cause.reason or type(cause).__name__}): does it "
                "ask for our certificate (?ssl_certfile=FILE&ssl_keyfile=FILE)?"
            )
    if isinstance(error, MasterNotFoundError):
        return (
            "has no master now: no Sentinel answers, or none knows one by that name "
            "(?master=NAME in ROLLBOOK_REDIS_URL)"
        )
    if isinstance(error, redis.AuthenticationError):
        return "refuses the user or password of ROLLBOOK_REDIS_URL"
    return f"does not answer ({type(error).__name__}){_perhaps(error, url)}"


def _perhaps(error: BaseException, url: str) -> str:
    """A server waits in silence for the end of a greeting by TLS that it takes for a command; one
    that wants TLS hangs up at the first command in the clear."""
    tls = url.startswith(("rediss:", "sentinels:"))
    if tls and isinstance(error, redis.TimeoutError):
        return "; perhaps it speaks no TLS: then it is redis:// or sentinel://"
    if not tls and any(word in str(error) for word in _HUNG_UP):
        return "; perhaps it wants TLS: then it is rediss:// or sentinels://"
    return ""


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    here: BaseException | None = error
    while here is not None and here not in found:
        found.append(here)
        here = here.__cause__ or here.__context__
    return found
