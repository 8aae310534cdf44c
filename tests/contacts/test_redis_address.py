"""Addresses of Redis: what is read from them, and what is said of one that cannot be."""

from __future__ import annotations

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.errors import UsageError
from contacts.redis_address import SCHEMES, RedisAddress, read
from contacts.settings import load

CHECKED = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("redis://h", RedisAddress((("h", 6379),)), id="a host alone"),
        pytest.param("redis://h:1/3", RedisAddress((("h", 1),), db=3), id="port and database"),
        pytest.param("redis://h/?db=3", RedisAddress((("h", 6379),), db=3), id="database option"),
        pytest.param(
            "redis://u:p%40@[::1]:1/0",
            RedisAddress((("::1", 1),), username="u", password="p@"),
            id="user, password, IPv6",
        ),
        pytest.param("rediss://h", RedisAddress((("h", 6379),), tls=CHECKED), id="TLS"),
        pytest.param(
            "rediss://h?ssl_ca_certs=/ca&ssl_certfile=/c&ssl_keyfile=/k&ssl_check_hostname=no",
            RedisAddress(
                (("h", 6379),),
                tls={
                    "ssl_ca_certs": "/ca",
                    "ssl_certfile": "/c",
                    "ssl_keyfile": "/k",
                    "ssl_cert_reqs": "required",
                    "ssl_check_hostname": False,
                },
            ),
            id="TLS with its options",
        ),
        pytest.param(
            "rediss://h?ssl_cert_reqs=CERT_NONE",
            RedisAddress(
                (("h", 6379),), tls={"ssl_cert_reqs": "none", "ssl_check_hostname": False}
            ),
            id="TLS as Celery writes it, unchecked",
        ),
        pytest.param("unix:///a%20b?db=2", RedisAddress(socket="/a b", db=2), id="a socket"),
        pytest.param(
            "sentinel://a,b:2/1?master=m&sentinel_password=s",
            RedisAddress((("a", 26379), ("b", 2)), db=1, master="m", sentinel_password="s"),
            id="Sentinel",
        ),
        pytest.param(
            "sentinel://:p@a;sentinel://:p@b:2/1?master_name=m",
            RedisAddress((("a", 26379), ("b", 2)), db=1, master="m", password="p"),
            id="Sentinel as Celery writes it",
        ),
        pytest.param(
            "sentinel://a:1/2?master=m;sentinel://b:2",
            RedisAddress((("a", 1), ("b", 2)), db=2, master="m"),
            id="what is said at the first alone",
        ),
        pytest.param(
            "sentinels://a",
            RedisAddress((("a", 26379),), master="mymaster", tls=CHECKED),
            id="Sentinel over TLS, its usual name",
        ),
    ],
)
def test_an_address_is_taken_apart(url: str, address: RedisAddress) -> None:
    assert read(url) == address


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("127.0.0.1:6379", "is not a redis://"),
        ("http://h", "is not a redis://"),
        ("redis://", "a host is missing"),
        ("redis://h:port/0", "its port is no number"),
        ("redis://h:0/0", "its port is no number"),
        ("redis://h:65536/0", "its port is no number"),
        ("redis://h/zero", "a database that is no number"),
        ("redis://a,b/0", "write sentinel://"),
        ("sentinel://a,,b/0", "a host is missing"),
        ("redis://h#1", "written as %23"),
        ("redis://h/0?timeout=1", "an option that this kind of address has not"),
        ("redis://h/0?ssl_ca_certs=/ca", "an option that this kind of address has not"),
        ("redis://h/0?master=m", "an option that this kind of address has not"),
        ("rediss://h/0?ssl_cert_reqs=perhaps", "none of required, optional, none"),
        ("rediss://h/0?ssl_check_hostname=perhaps", "neither true nor false"),
        ("unix://h/socket", "names no socket"),
        ("unix://", "names no socket"),
    ],
)
def test_what_is_wrong_is_said(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(url)


words = st.text(min_size=1, max_size=12)


@given(words, words, st.integers(0, 15), st.lists(st.integers(1, 65535), min_size=1, max_size=3))
def test_what_a_person_writes_celery_is_told(
    user: str, password: str, db: int, ports: list[int]
) -> None:
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@"
    places = ",".join(f"h{n}:{port}" for n, port in enumerate(ports))

    address = read(f"sentinel://{login}{places}/{db}?master=m")

    assert read(address.broker_url + "?master=m") == address
    assert (address.username, address.password, address.db) == (user, password, db)


@given(st.sampled_from(SCHEMES), st.text())
def test_of_any_text_comes_an_address_or_a_clear_mistake(scheme: str, text: str) -> None:
    with contextlib.suppress(UsageError):
        load(redis_url=f"{scheme}://{text}", _env_file=None)


def test_no_password_is_shown() -> None:
    address = read("sentinels://u:hush@a,b/0?sentinel_password=hush&ssl_password=hush")

    assert "hush" not in f"{address!r} {address.where}"
    assert address.where == "mymaster by Sentinel a:26379, b:26379 (TLS)"
