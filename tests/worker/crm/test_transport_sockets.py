"""Connections that break, byte for byte: what is doubtful, what is not, and what the audit says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import fakeredis
import pytest

from contacts.errors import AccessLost, CrmUnavailable, LimiterDown, SyncError, Unsendable
from contacts.jobs import Lane
from worker.crm.client import Call, Crm, Desk
from worker.crm.limiter import Limiter


def answer(body: bytes, *, status: str = "200 OK", more: bytes = b"") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n".encode()
        + more
        + b"\r\n"
        + body
    )


NOTE = answer(b'{"note": {"id": "n1", "body": "hello"}, "traceId": "trace-1"}')
NOTES = answer(b'{"notes": []}')
ID = "contact0000000000001"


class Told:
    """A desk at a scripted server, and the calls that were recorded."""

    def __init__(self, limiter: Limiter) -> None:
        self.calls: list[Call] = []
        self.crms: list[Crm] = []
        self.limiter = limiter

    def desk(self, url: str, *, read_timeout: float = 5.0, token: str = "pit-secret") -> Desk:
        crm = Crm(
            url=url,
            version="2021-07-28",
            limiter=self.limiter,
            connect_timeout=2.0,
            read_timeout=read_timeout,
            sleep=time.sleep,
            random=lambda: 0.0,
        )
        self.crms.append(crm)
        return crm.at("loc1", token, country="US", lane=Lane.LIVE, record=self.calls.append)


@pytest.fixture
def told(limiter: Limiter) -> Iterator[Told]:
    one = Told(limiter)
    yield one
    for crm in one.crms:
        crm.close()


Start = Callable[[list[Any]], Any]


def failing(act: Callable[[], object]) -> SyncError:
    with pytest.raises(SyncError) as caught:
        act()
    return caught.value


def test_a_connection_is_kept_between_calls(told: Told, scripted: Start) -> None:
    server = scripted([NOTE, NOTES, NOTE])
    desk = told.desk(server.url)
    desk.create_note(ID, "hello")
    desk.notes(ID)
    desk.create_note(ID, "hello")
    assert server.connections == 1
    assert [(call.operation, call.status, call.trace) for call in told.calls] == [
        ("contact.note.create", 200, "trace-1"),
        ("contact.notes", 200, None),
        ("contact.note.create", 200, "trace-1"),
    ]
    assert all(call.ms > 0 and call.location == "loc1" for call in told.calls)


def test_what_goes_over_the_line(told: Told, scripted: Start) -> None:
    server = scripted([NOTE, NOTES])
    desk = told.desk(server.url + "/base/")
    desk.create_note(ID, "hello")
    desk.notes(ID)
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0] == f"post /base/contacts/{ID}/notes http/1.1".encode()
    assert b"version: 2021-07-28" in lines
    assert b"authorization: bearer pit-secret" in lines
    assert b"content-type: application/json" in lines
    assert sum(line.startswith(b"host:") for line in lines) == 1
    assert body == b'{"body":"hello"}'
    assert b"content-type" not in server.asked[1].lower()


def test_a_kept_connection_that_the_server_closed_is_not_used_again(
    told: Told, scripted: Start
) -> None:
    closed = threading.Event()

    def answer_and_close(connection: socket.socket) -> None:
        connection.sendall(NOTE)
        connection.close()
        closed.set()

    server = scripted([answer_and_close, NOTE])
    desk = told.desk(server.url)
    desk.create_note(ID, "hello")
    assert closed.wait(5)
    assert desk.create_note(ID, "hello").id == "n1"
    assert server.connections == 2


def test_a_server_that_hangs_up_in_silence_may_have_done_it(told: Told, scripted: Start) -> None:
    server = scripted([b"", b""])
    desk = told.desk(server.url)
    error = failing(lambda: desk.create_note(ID, "hello"))
    assert isinstance(error, CrmUnavailable)
    assert (error.code, error.doubtful) == ("no-answer", True)
    assert not failing(lambda: desk.notes(ID)).doubtful
    assert [call.status for call in told.calls] == [0, 0]


def test_half_an_answer_may_have_done_it(told: Told, scripted: Start) -> None:
    half = NOTE[:-20]
    server = scripted([lambda connection: connection.sendall(half)])
    error = failing(lambda: told.desk(server.url).create_note(ID, "hello"))
    assert (type(error), error.doubtful) == (CrmUnavailable, True)
    assert told.calls[0].status == 0


def test_an_answer_that_never_comes_may_have_done_it(told: Told, scripted: Start) -> None:
    waiting = threading.Event()
    server = scripted([lambda connection: waiting.wait(5)])
    error = failing(lambda: told.desk(server.url, read_timeout=0.1).create_note(ID, "hello"))
    waiting.set()
    assert (error.code, error.doubtful) == ("no-answer", True)
    assert "in time" in error.reason


def test_an_answer_is_not_lost_because_redis_is(
    told: Told, scripted: Start, memory: fakeredis.FakeServer
) -> None:
    def answer_without_redis(connection: socket.socket) -> None:
        memory.connected = False
        connection.sendall(NOTE)

    server = scripted([answer_without_redis])
    desk = told.desk(server.url)
    assert desk.create_note(ID, "hello").id == "n1"
    assert isinstance(failing(lambda: desk.notes(ID)), LimiterDown)
    assert [call.operation for call in told.calls] == ["contact.note.create"]


def test_a_page_of_html_is_no_answer(told: Told, scripted: Start) -> None:
    server = scripted([answer(b"<html>please log in</html>")])
    error = failing(lambda: told.desk(server.url).create_note(ID, "hello"))
    assert (error.code, error.doubtful) == ("bad-answer", True)


def test_nobody_at_the_address_means_nothing_was_sent(told: Told) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = failing(lambda: told.desk(f"http://127.0.0.1:{port}").create_note(ID, "hello"))
    assert isinstance(error, CrmUnavailable)
    assert (error.code, error.doubtful) == ("no-connection", False)


def test_a_redirect_is_not_followed_with_the_token(told: Told, scripted: Start) -> None:
    other = scripted([])
    to_other = f"Location: {other.url}/\r\n".encode()
    server = scripted([answer(b"", status="302 Found", more=to_other)])
    error = failing(lambda: told.desk(server.url).notes(ID))
    assert isinstance(error, AccessLost)
    assert other.connections == 0


@pytest.mark.parametrize("id", ["", "..", "a/b", "a b", "a?b", "a%2fb", "ä", "a" * 200, "a\n"])
def test_an_id_of_a_wrong_form_is_not_sent(told: Told, scripted: Start, id: str) -> None:
    server = scripted([])
    desk = told.desk(server.url)
    for act in (lambda: desk.get(id), lambda: desk.notes(id), lambda: desk.add_tags(id, ["a"])):
        assert isinstance(failing(act), Unsendable)
    assert server.connections == 0
    assert told.calls == []


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "schlüssel"])
def test_a_token_of_a_wrong_form_is_not_sent(told: Told, token: str) -> None:
    error = failing(lambda: told.desk("http://127.0.0.1:9", token=token))
    assert isinstance(error, AccessLost)
    assert not token or token not in str(error)
