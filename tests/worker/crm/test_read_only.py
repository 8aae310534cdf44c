"""In read-only mode no call leaves that changes something, whatever asks for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.catalogue.checking import Request
from contacts.errors import NotYet
from contacts.jobs import Lane
from worker.crm.client import Call, Crm
from worker.crm.operations import OPERATIONS, Operation
from worker.crm.transport import ERRAND, Errand, LimitedTransport, Timeouts

LOOKS = {"contacts.search", "location.tasks"}
"""What is asked for by POST and changes nothing."""

CALLED = [one for one in OPERATIONS if one.by_name]


class Nobody:
    """A limiter that must not be asked."""

    def take(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a token was taken")

    done = cancel = take


def sent_by(transport: LimitedTransport, errand: Errand, method: str) -> None:
    request = httpx.Request(method, "http://crm.test/", extensions={ERRAND: errand})
    transport.handle_request(request)


def test_what_is_marked_as_a_look_is_one_by_its_method() -> None:
    reading = {one.name for one in OPERATIONS if not one.writes and one.method != "GET"}

    assert reading == LOOKS
    assert [one.name for one in OPERATIONS if one.writes and one.method == "GET"] == []


@given(st.sampled_from(("GET", "POST", "PUT", "DELETE")), st.sampled_from(list(Lane)))
def test_a_call_that_does_not_say_that_it_only_reads_never_leaves(method: str, lane: Lane) -> None:
    reached: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        reached.append(request)
        return httpx.Response(200)

    transport = LimitedTransport(
        httpx.MockTransport(answer),
        limiter=Nobody(),
        timeouts=Timeouts(1, 1),
        sleep=lambda _: None,
        read_only=True,
    )
    with pytest.raises(NotYet) as told:
        sent_by(transport, Errand("loc1", lane), method)

    assert told.value.code == "read-only"
    assert reached == []


@pytest.fixture
def made(limiter: Any, scripted: Any) -> Iterator[Callable[..., tuple[Any, Any, list[Call]]]]:
    open_now: list[Crm] = []

    def make(version: str) -> tuple[Any, Any, list[Call]]:
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        server = scripted([answer] * len(CALLED))
        crm = Crm(url=server.url, version=version, limiter=limiter, connect_timeout=2,
                  read_timeout=2, sleep=time.sleep, read_only=True)  # fmt: skip
        open_now.append(crm)
        trail: list[Call] = []
        desk = crm.at("loc1", "pit-secret", country="US", lane=Lane.BULK, record=trail.append)
        return desk, server, trail

    yield make
    for crm in open_now:
        crm.close()


@pytest.mark.parametrize("version", ["2021-07-28", "v3"])
def test_of_all_operations_exactly_those_that_read_are_sent(made: Any, version: str) -> None:
    desk, server, trail = made(version)
    here = [one for one in CALLED if one.is_in(version)]

    refused: list[Operation] = []
    for one in here:
        try:
            desk.anything(one, Request(ids=("id1", "id2")[: len(one.ids)], body={}))
        except NotYet:
            refused.append(one)

    assert [one.name for one in refused] == [one.name for one in here if one.writes]
    assert [call.operation for call in trail] == [one.name for one in here if not one.writes]
    assert len(server.asked) == len(trail)
    methods = {request.split(b" ", 1)[0] for request in server.asked}
    assert methods <= {b"GET", b"POST"}
