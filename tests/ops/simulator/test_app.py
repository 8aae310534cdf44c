"""Over real HTTP: connections that break, answers that come late, many at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ops.simulator import control

HEADERS = {"Version": "2021-07-28", "Authorization": "Bearer pit-secret"}
ADA = {"locationId": "loc1", "email": "ada@example.org"}


@pytest.fixture
def one(simulator: Any) -> Any:
    return simulator()


@pytest.fixture
def client(one: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=one.url, headers=HEADERS, timeout=10) as client:
        yield client


def test_a_connection_is_kept(one: Any, client: httpx.Client) -> None:
    for _ in range(3):
        assert client.post("/contacts/upsert", json=ADA).status_code == 200
    assert len({row["port"] for row in one.arrivals("loc1")}) == 1


@pytest.mark.parametrize(("when", "there"), [("before", 0), ("after", 1)])
def test_a_dropped_connection(one: Any, client: httpx.Client, when: str, there: int) -> None:
    one.fault("drop", when=when, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/contacts/upsert", json=ADA)
    assert len(one.contacts("loc1")) == there
    assert client.post("/contacts/upsert", json=ADA).json()["new"] is not bool(there)


def test_half_an_answer(one: Any, client: httpx.Client) -> None:
    one.fault("truncate", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/contacts/upsert", json=ADA)
    assert len(one.contacts("loc1")) == 1


def test_a_page_instead_of_an_answer(one: Any, client: httpx.Client) -> None:
    one.fault("html", status=200, times=1)
    answer = client.post("/contacts/upsert", json=ADA)
    assert (answer.status_code, answer.text[:15]) == (200, "<!DOCTYPE html>")


@pytest.mark.parametrize("when", ["before", "after"])
def test_who_does_not_wait_does_not_stop_the_work(
    one: Any, client: httpx.Client, when: str
) -> None:
    one.fault("stall", when=when, stall_ms=300, times=1)
    with pytest.raises(httpx.ReadTimeout):
        client.post("/contacts/upsert", json=ADA, timeout=0.1)
    assert _until(lambda: len(one.contacts("loc1")) == 1)


def _until(true: Any) -> bool:
    for _ in range(500):
        if true():
            return True
        threading.Event().wait(0.01)
    return False


def test_calls_under_way_neither_hold_up_each_other_nor_the_end() -> None:
    """Forty calls whose answers take ten minutes: all arrive, and none is waited for."""
    late = {"kind": "constant", "ms": 600_000, "uplink_share": 0}
    errors: list[type[Exception]] = []

    def ask(url: str) -> None:
        try:
            httpx.get(f"{url}/contacts/x", headers=HEADERS, timeout=60)
        except httpx.TransportError as error:
            errors.append(type(error))

    with control.in_thread({"latency": late}) as one:
        threads = [threading.Thread(target=ask, args=(one.url,)) for _ in range(40)]
        for thread in threads:
            thread.start()
        assert _until(lambda: one.report()["arrivals"] == 40)
    for thread in threads:
        thread.join()
    assert errors == [httpx.RemoteProtocolError] * 40
