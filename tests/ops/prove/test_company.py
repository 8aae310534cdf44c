"""Whose fault a refusal was is worked out from the server's own count."""

from __future__ import annotations

from random import Random

import pytest

from ops.prove.company import Company
from ops.prove.servers import SERVERS


def company(server: str, *, headers: bool = True) -> Company:
    return Company(
        lambda: SERVERS[server](10, 1000.0), window=1000.0, headers=headers, random=Random(1)
    )


@pytest.mark.parametrize("server", sorted(SERVERS))
def test_what_we_alone_overdid_is_ours(server: str) -> None:
    one = company(server)
    for number in range(30):
        one.arrive(5000.0 + number * 1e-3)

    assert one.by_us > 0
    assert one.by_them == 0


@pytest.mark.parametrize("server", sorted(SERVERS))
def test_what_strangers_took_is_theirs(server: str) -> None:
    one = company(server)
    one.arrive(5000.0)
    one.burst(10, now=5001.0)

    fine, _ = one.arrive(5002.0)

    assert not fine
    assert (one.by_us, one.by_them) == (0, 1)


def test_strangers_come_and_go() -> None:
    one = company("sliding log")
    one.come(100.0, now=0.0)
    one.arrive(1000.0)
    taken = one.taken
    one.come(0, now=1000.0)
    one.arrive(5000.0)

    assert taken > 0
    assert one.taken == taken


def test_without_headers_nothing_is_said() -> None:
    assert company("token bucket", headers=False).arrive(0.0) == (True, None)
