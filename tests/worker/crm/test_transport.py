"""No call leaves without a token, and every token comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from contacts.errors import NotYet, RateLimited
from contacts.jobs import Lane
from worker.crm.connections import Connections
from worker.crm.transport import (
    ERRAND,
    PATIENCE_S,
    Errand,
    LimitedTransport,
    Timeouts,
)

URL = "http://crm.test/contacts/"


@dataclass
class Granted:
    token: str


@dataclass
class Counter:
    """A limiter that writes down what it is told; what it decides is the limiter's own suite's."""

    wait: float = 0.0
    refuse: Exception | None = None
    said: list[tuple[object, ...]] = field(default_factory=list)

    def take(
        self, location: str, lane: Lane, *, patience_s: float, sleep: Callable[[float], None]
    ) -> Granted:
        self.said.append(("take", location, lane, patience_s))
        if self.refuse is not None:
            raise self.refuse
        sleep(self.wait)
        return Granted("t1")

    def done(
        self,
        location: str,
        token: str,
        *,
        status: int,
        remaining: int | None = None,
        per_window: int | None = None,
        day_left: int | None = None,
        pause_ms: int | None = None,
        day_limit: int | None = None,
    ) -> None:
        headers = (remaining, per_window, day_left, day_limit)
        self.said.append(("done", location, token, status, *headers))
        if pause_ms is not None:
            self.said.append(("pause", location, pause_ms))

    def cancel(self, location: str, token: str) -> None:
        self.said.append(("cancel", location, token))


Answering = Callable[[httpx.Request], httpx.Response]


@dataclass
class Bench:
    """A transport before a made-up server, with a clock that sleeping moves."""

    limiter: Counter
    now: float = 1000.0
    seen: list[httpx.Request] = field(default_factory=list)
    timer: Callable[[], float] = time.perf_counter
    answering: Answering = lambda request: httpx.Response(200, json={})

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return self.answering(request)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def send(self, errand: Errand | None) -> httpx.Response:
        transport = LimitedTransport(
            httpx.MockTransport(self.handle),
            limiter=self.limiter,
            timeouts=Timeouts(connect=5, read=10),
            sleep=self.sleep,
            clock=lambda: self.now,
            timer=self.timer,
        )
        extensions = {} if errand is None else {ERRAND: errand}
        with httpx.Client(transport=transport) as client:
            return client.send(httpx.Request("GET", URL, extensions=extensions))


@pytest.fixture
def bench() -> Bench:
    return Bench(Counter())


def errand(lane: Lane = Lane.BULK, not_after: float | None = None) -> Errand:
    return Errand("loc1", lane, not_after)


def test_a_call_that_does_not_say_whose_it_is_never_leaves(bench: Bench) -> None:
    with pytest.raises(RuntimeError, match="location and lane"):
        bench.send(None)
    assert bench.seen == []
    assert bench.limiter.said == []


def test_a_token_is_taken_before_and_given_back_after(bench: Bench) -> None:
    bench.send(errand())
    assert bench.limiter.said == [
        ("take", "loc1", Lane.BULK, 3.0),
        ("done", "loc1", "t1", 200, None, None, None, None),
    ]


def test_what_the_server_says_of_the_limit_is_passed_on(bench: Bench) -> None:
    headers = {
        "X-RateLimit-Remaining": "41",
        "X-RateLimit-Max": "100",
        "X-RateLimit-Daily-Remaining": "199000",
        "X-RateLimit-Limit-Daily": "250000",
    }
    bench.answering = lambda request: httpx.Response(429, headers=headers)
    bench.send(errand())
    assert ("done", "loc1", "t1", 429, 41, 100, 199000, 250_000) in bench.limiter.said


@pytest.mark.parametrize(
    ("status", "asked"), [(429, True), (503, True), (500, False), (200, False)]
)
def test_a_retry_after_of_a_429_or_503_is_passed_on(bench: Bench, status: int, asked: bool) -> None:
    bench.answering = lambda request: httpx.Response(status, headers={"Retry-After": "7.5"})
    bench.send(errand())
    assert (("pause", "loc1", 7500) in bench.limiter.said) is asked


@pytest.mark.parametrize(
    ("headers", "ms"), [({}, 10_000), ({"X-RateLimit-Interval-Milliseconds": "60000"}, 60_000)]
)
def test_after_a_429_without_retry_after_one_window_is_paused(
    bench: Bench, headers: dict[str, str], ms: int
) -> None:
    bench.answering = lambda request: httpx.Response(429, headers=headers)
    bench.send(errand())
    assert ("pause", "loc1", ms) in bench.limiter.said


@pytest.mark.parametrize(
    "silence", [httpx.ReadTimeout, httpx.ConnectError, httpx.RemoteProtocolError, KeyboardInterrupt]
)
def test_a_call_without_an_answer_gives_its_token_back_too(
    bench: Bench, silence: type[BaseException]
) -> None:
    def break_off(request: httpx.Request) -> httpx.Response:
        raise silence("x")

    bench.answering = break_off
    one = errand()
    with pytest.raises(silence):
        bench.send(one)
    assert bench.limiter.said[-1] == ("done", "loc1", "t1", 0, None, None, None, None)
    assert one.sent_at == 1000.0


def test_without_a_token_nothing_leaves(bench: Bench) -> None:
    bench.limiter.refuse = RateLimited("full", seconds=1.0)
    one = errand()
    with pytest.raises(RateLimited):
        bench.send(one)
    assert bench.seen == []
    assert one.sent_at is None


def test_somebody_who_waits_is_given_more_patience(bench: Bench) -> None:
    bench.send(errand(Lane.LIVE))
    assert bench.limiter.said[0] == ("take", "loc1", Lane.LIVE, 10.0)
    assert set(PATIENCE_S) == set(Lane)


def test_patience_ends_where_the_jobs_time_ends(bench: Bench) -> None:
    bench.send(errand(not_after=1001.5))
    assert bench.limiter.said[0] == ("take", "loc1", Lane.BULK, 1.5)


def test_a_call_is_not_begun_when_its_time_is_over(bench: Bench) -> None:
    with pytest.raises(NotYet):
        bench.send(errand(not_after=999.0))
    assert bench.limiter.said == []


def test_a_wait_that_used_up_the_time_gives_the_token_back_unused(bench: Bench) -> None:
    bench.limiter.wait = 2.0
    with pytest.raises(NotYet):
        bench.send(errand(not_after=1001.5))
    assert bench.limiter.said[-1] == ("cancel", "loc1", "t1")
    assert bench.seen == []


def test_every_timeout_is_set_whatever_the_caller_says(bench: Bench) -> None:
    bench.send(errand())
    assert bench.seen[0].extensions["timeout"] == {
        "connect": 5,
        "read": 10,
        "write": 5.0,
        "pool": 5,
    }


def test_a_redirect_is_not_followed(bench: Bench) -> None:
    bench.answering = lambda request: httpx.Response(302, headers={"Location": URL + "x"})
    assert bench.send(errand()).status_code == 302
    assert len(bench.seen) == 1


def test_an_answer_that_drips_is_given_up(bench: Bench) -> None:
    ticks = iter(range(0, 10_000, 10))
    bench.timer = lambda: float(next(ticks))

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(100):
                yield b"x"

    bench.answering = lambda request: httpx.Response(200, stream=Drip())
    with pytest.raises(httpx.ReadTimeout):
        bench.send(errand())


def connections(bench: Bench) -> Connections:
    def wrap(inner: httpx.BaseTransport) -> LimitedTransport:
        inner.close()
        return LimitedTransport(
            httpx.MockTransport(bench.handle),
            limiter=bench.limiter,
            timeouts=Timeouts(connect=5, read=10),
            sleep=bench.sleep,
        )

    return Connections(secure=False, wrap=wrap)


def test_a_connection_is_used_again_but_never_by_two_at_once(bench: Bench) -> None:
    free = connections(bench)
    with free.one() as first, free.one() as second:
        assert first is not second
    with free.one() as third:
        assert third in (first, second)
    free.close()
    assert first.is_closed
    assert second.is_closed


def test_a_connection_in_use_is_closed_when_it_comes_back(bench: Bench) -> None:
    free = connections(bench)
    with free.one() as connection:
        free.close()
        assert not connection.is_closed
    assert connection.is_closed


def test_proxies_of_the_environment_are_not_used(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    free = connections(bench)
    with free.one() as connection:
        connection.send(httpx.Request("GET", URL, extensions={ERRAND: errand()}))
    free.close()
    assert len(bench.seen) == 1
