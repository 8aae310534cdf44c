"""The real limiter over an in-memory Redis, and a server that answers whatever a test wants."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fakeredis
import pytest
import redis

from contacts.jobs import Lane
from ops.conformance import deviations, specification
from ops.conformance.checker import Checker
from ops.conformance.specification import GENERATIONS
from ops.conformance.witness import watched
from ops.simulator.config import SCOPES
from worker.crm.limiter import ComeBack, Grant, Limiter, Limits, Look, Refused

BESIDE = Path(__file__).parents[4] / "shared" / "ghl" / "openapi"
NAMED = os.environ.get("ROLLBOOK_SPEC")  # read now: the session takes such names away


@pytest.fixture(scope="session")
def checker() -> Checker | None:
    """The official specification; None where it is not at hand."""
    folder = Path(NAMED) if NAMED else BESIDE
    if not folder.is_dir():
        return None
    published = specification.read(folder)
    return Checker(published, deviations.applying(deviations.load(), published))


@pytest.fixture
def conforming(checker: Checker | None) -> Iterator[Any]:
    """A stand-in with the location ``loc1``: what the test said to it, and what it answered, was as
    the official specification has it, where that is at hand."""
    location = {
        "id": "loc1",
        "custom_fields": [{"id": "cfLevel0000000000001", "key": "contact.level", "name": "Level"}],
    }
    token = {"token": "pit-secret", "location": "loc1", "scopes": list(SCOPES)}
    with watched({"locations": [location], "tokens": [token]}) as (control, witness):
        yield control
    said = [one for one in witness.seen if one.generation in GENERATIONS]
    wrong = [str(found) for one in said if checker for found in checker.violations(one)]
    assert wrong == []


@pytest.fixture
def memory() -> fakeredis.FakeServer:
    """The Redis of the limiter: ``memory.connected = False`` takes it away."""
    return fakeredis.FakeServer()


@pytest.fixture
def limiter(memory: fakeredis.FakeServer) -> Limiter:
    """The real limiter. The calls of a test need no more tokens than it gives at once."""
    made = Limiter(
        fakeredis.FakeRedis(server=memory),
        limits=lambda location: Limits(1000, 1000, per_day=1_000_000),
        life=lambda: "one",
    )
    made.vouch()
    return made


Script = list[bytes | Callable[[socket.socket], None]]


@dataclass
class Scripted:
    """A server on a socket that gives the answers of a script, byte for byte, in order.

    An answer of ``b""`` is a connection that is closed in silence. ``asked`` holds what came.
    """

    script: Script
    asked: list[bytes] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                with connection, suppress(OSError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        while request := _request(connection):
            self.asked.append(request)
            step = self.script.pop(0)
            if callable(step):
                step(connection)
                return
            connection.sendall(step)
            if not step or b"Connection: close" in step:
                return

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def scripted() -> Iterator[Callable[[Script], Scripted]]:
    """Starts servers of scripts; they are gone after the test."""
    started: list[Scripted] = []

    def start(script: Script) -> Scripted:
        started.append(Scripted(script))
        return started[-1]

    yield start
    for one in started:
        one.close()


@dataclass
class Bucket:
    """The limiter of location "loc", in a time that stands still until told."""

    redis: redis.Redis
    now: int = 1_800_000_000_000
    life: str = "one"
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self.limiter = Limiter(
            self.redis,
            limits=lambda location: self.limits,
            call_ms=15_000,
            now_ms=lambda: self.now,
            life=lambda: self.life,
        )

    def tick(self, ms: int) -> None:
        """Let time pass."""
        self.now += ms

    def ask(self, lane: Lane, ticket: str | None = None) -> Grant | ComeBack | Refused:
        """Once for a token."""
        return self.limiter.acquire("loc", lane, ticket=ticket)

    def grant(self, lane: Lane) -> str:
        """A token, which there must be."""
        answer = self.ask(lane)
        assert isinstance(answer, Grant), answer
        return answer.token

    def done(self, token: str, status: int = 200, **headers: int) -> None:
        """Report an answer."""
        self.limiter.done("loc", token, status=status, **headers)

    def spend(self, count: int, lane: Lane = Lane.LIVE, **headers: int) -> None:
        """So many calls, each answered at once."""
        for _ in range(count):
            self.done(self.grant(lane), **headers)

    def look(self) -> Look:
        """What is taken now."""
        return self.limiter.look("loc")


@pytest.fixture(params=["fakeredis", pytest.param("a real server", marks=pytest.mark.redis)])
def empty_redis(request: pytest.FixtureRequest) -> Iterator[redis.Redis]:
    """An empty Redis of both kinds in turn."""
    if request.param == "fakeredis":
        yield fakeredis.FakeRedis(server=fakeredis.FakeServer())
        return
    with redis.Redis.from_url(request.getfixturevalue("redis_server")) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def new_bucket(empty_redis: redis.Redis) -> Bucket:
    """A limiter whose Redis may have forgotten everything a moment ago."""
    return Bucket(empty_redis)


@pytest.fixture
def bucket(new_bucket: Bucket) -> Bucket:
    """A limiter whose Redis has surely forgotten nothing."""
    new_bucket.limiter.vouch()
    return new_bucket
