"""A small world in virtual time: threads that ask the real limiter, a network, a server.

The script runs in a real Redis under this world's clock, so half an hour passes in seconds and
every run can be repeated by its seed.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from random import Random

import redis

from contacts.jobs import Lane
from ops.prove.allowed import Judge
from ops.prove.latencies import Latency
from worker.crm.limiter import Grant, Limiter, Limits, Paused, Refused

Steps = Generator[float, None, None]
"""A process: it yields for how long it sleeps, ms."""

TIMEOUT_MS = 15_000
ROUND_TRIP_MS = 1.0
START_MS = 1_800_000_000_000.0


@dataclass
class Seen:
    """What happened, times in ms since the start."""

    arrivals: list[float] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    by_lane: list[tuple[float, Lane]] = field(default_factory=list)
    """Of each accepted call: when, and whose."""
    refused: int = 0
    waits: list[float] = field(default_factory=list)
    """Of live calls: from wanted to sent."""
    asked: int = 0
    """Questions to the limiter."""
    turned_away: int = 0
    """Answers that the day is used up."""


@dataclass(frozen=True)
class Faults:
    """Chances, each call: the worker dies with the token, the answer is lost, nothing is sent, a
    gateway answers 503 and the server never sees it."""

    killed: float = 0.0
    lost: float = 0.0
    cancelled: float = 0.0
    unseen: float = 0.0


class World:
    """Virtual time and everything in it.

    Args:
        server: is shown every arrival (ms since the start); answers accepted and remaining.
        day_left: what each answer says of the day; None: nothing.
        life: which process of Redis this is, for a server without INFO.
        fresh: Redis was just made, and nobody has called with it yet.
    """

    def __init__(
        self,
        connection: redis.Redis,
        *,
        server: Callable[[float], tuple[bool, int | None]],
        latency: Latency,
        random: Random,
        limits: Limits | None = None,
        faults: Faults | None = None,
        day_left: Callable[[], int | None] = lambda: None,
        life: Callable[[], str] | None = None,
        location: str = "loc",
        fresh: bool = True,
    ) -> None:
        self.now = 0.0
        self.seen = Seen()
        self.random = random
        self.location = location
        self.limits = limits or Limits()
        self.judge = Judge(self.limits.per_window, self.limits.window_ms)
        self.connection = connection
        self.latency, self.faults = latency, faults or Faults()
        self._server, self._day_left = server, day_left
        self._kills: Counter[int] = Counter()
        self._queue: list[tuple[float, int, Steps]] = []
        self._number = itertools.count()
        self.limiter = Limiter(
            connection,
            limits=lambda _: self.limits,
            now_ms=lambda: int(START_MS + self.now),
            life=life,
        )
        if fresh:
            self.limiter.vouch()

    def begin(self, steps: Steps, *, after: float = 0.0) -> None:
        """Let a process begin ``after`` ms from now."""
        heapq.heappush(self._queue, (self.now + after, next(self._number), steps))

    def run(self, until: float) -> None:
        """Let time pass until then, ms since the start."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _, steps = heapq.heappop(self._queue)
            delay = next(steps, None)
            if delay is not None:
                self.begin(steps, after=delay)
        self.now = until

    def backlog(self, lane: Lane, threads: int) -> None:
        """So many threads that always have another call."""
        for _ in range(threads):
            self.begin(self._thread(lane), after=self.random.uniform(0, 10))

    def workers(self, lane: Lane, count: int, *, threads: int) -> None:
        """So many workers, each with so many threads that always have another call."""
        for worker in range(count):
            for _ in range(threads):
                self.begin(self._mortal(worker, lane), after=self.random.uniform(0, 10))

    def kill(self, worker: int) -> None:
        """All threads of a worker end as they are; another is started after 5 s."""
        self._kills[worker] += 1

    def _mortal(self, worker: int, lane: Lane) -> Steps:
        while True:
            born = self._kills[worker]
            for delay in self.call(lane):
                yield delay
                if self._kills[worker] != born:
                    yield 5000.0
                    break

    def live_traffic(self, per_second: float, *, burst: tuple[int, int] = (1, 1)) -> None:
        """Live calls at random times; every thirtieth time some at once."""
        self.begin(self._arrivals(per_second, burst))

    def lose_memory(self, at: float) -> None:
        """At that time Redis is emptied, as by a restart without its file."""
        self.begin(self._flush(), after=at - self.now)

    def _flush(self) -> Steps:
        self.connection.flushall()
        yield from ()

    def _arrivals(self, per_second: float, burst: tuple[int, int]) -> Steps:
        while True:
            yield self.random.expovariate(per_second / 1000)
            for _ in range(self.random.randint(*burst) if self.random.random() < 0.03 else 1):
                self.begin(self.call(Lane.LIVE))

    def _thread(self, lane: Lane) -> Steps:
        while True:
            yield from self.call(lane)

    def call(self, lane: Lane) -> Steps:
        """One call: wait for a token, send, report."""
        yield from self.attempt(lane, patience=math.inf)

    def attempt(self, lane: Lane, *, patience: float) -> Generator[float, None, bool]:
        """The same, as ``Limiter.take`` does it: False when the token takes longer, ms."""
        ticket: str | None = None
        wanted = self.now
        while True:
            granted = self.now
            answer = self.limiter.acquire(self.location, lane, ticket=ticket)
            self.seen.asked += 1
            yield ROUND_TRIP_MS
            if isinstance(answer, Grant):
                # Threads wake a little late, and now and then much later.
                slow = self.random.uniform(0, 200) if self.random.random() < 0.005 else 0.0
                yield answer.wait_ms + self.random.expovariate(1 / 2) + slow
                if self.limiter.still(self.location, lane, answer):
                    break
                ticket = None
                continue
            if isinstance(answer, Refused | Paused):
                self.seen.turned_away += 1
            else:
                ticket = answer.ticket
            patience -= answer.wait_ms
            if patience < 0:
                if ticket is not None:
                    self.limiter.cancel(self.location, ticket)
                return False
            yield float(answer.wait_ms)
        if lane is Lane.LIVE:
            self.seen.waits.append(self.now - wanted)
        yield from self._send(answer.token, lane, granted)
        return True

    def _send(self, token: str, lane: Lane, granted: float) -> Steps:
        chance = self.random.random
        if chance() < self.faults.cancelled:
            self.limiter.cancel(self.location, token)
            return
        up, down = self.latency(self.random, self.now)
        if chance() < self.faults.unseen:
            yield up + down
            self.limiter.done(self.location, token, status=503)
            return
        dies, lost = chance() < self.faults.killed, chance() < self.faults.lost
        said: list[tuple[bool, int | None]] = []
        self.begin(self._arrive(said, lane, granted), after=up)
        if dies:
            yield 5000.0  # until the supervisor has started another
            return
        if lost or up + down > TIMEOUT_MS:
            yield float(TIMEOUT_MS) if chance() < 0.5 or not lost else up
            self.limiter.done(self.location, token, status=0)
            return
        yield up + down
        accepted, remaining = said[0]
        if remaining is not None:
            self.judge.tell(self.now, arrived=self.now - down, left=remaining)
        self.limiter.done(
            self.location,
            token,
            status=200 if accepted else 429,
            remaining=remaining,
            per_window=None if remaining is None else self.limits.per_window,
            day_left=self._day_left(),
        )

    def _arrive(self, said: list[tuple[bool, int | None]], lane: Lane, granted: float) -> Steps:
        self.judge.arrive(self.now, granted=granted)
        self.seen.arrivals.append(self.now)
        accepted, remaining = self._server(self.now)
        said.append((accepted, remaining))
        if accepted:
            self.seen.accepted.append(self.now)
            self.seen.by_lane.append((self.now, lane))
        else:
            self.seen.refused += 1
        yield from ()

    def used(self, begin: float, end: float, *, others: int = 0) -> float:
        """Accepted calls between, as a share of what the limit leaves beside ``others``."""
        count = sum(begin <= at < end for at in self.seen.accepted)
        return count / ((end - begin) * self.limits.per_window / self.limits.window_ms - others)
