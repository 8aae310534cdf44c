"""One run of one weather against one server, and what it showed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from statistics import quantiles
from typing import Final

import redis

from contacts.jobs import Lane
from ops.prove.belt import Belt
from ops.prove.latencies import LATENCIES
from ops.prove.servers import SERVERS, Server, Strangers
from ops.prove.world import Faults, World

WARM_UP_MS: Final = 60_000.0
THREADS: Final = 20
LONG_AGO_MS: Final = 200_000.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What a run showed.

    Attributes:
        use: accepted calls, as a share of what the limit leaves beside other consumers, after a
            minute of warm-up.
        refused: answers 429.
        sent: calls that reached the server.
        most: our largest number of calls in any half-open window.
        asked: questions to the limiter for each call.
        live_p50_ms, live_p99_ms: from wanted to sent; NaN without live calls.
        unallowed: calls beyond the limit in a window that no header allowed (ops.prove.allowed).
        returned: jobs that went back to the ledger because their token took too long.
    """

    use: float
    refused: int
    sent: int
    most: int
    asked: float
    live_p50_ms: float = math.nan
    live_p99_ms: float = math.nan
    returned: int = 0
    unallowed: int = 0

    def __add__(self, other: Shown) -> Shown:
        """Both together: counts summed, the worst of the rest."""
        return Shown(
            min(self.use, other.use),
            self.refused + other.refused,
            self.sent + other.sent,
            max(self.most, other.most),
            max(self.asked, other.asked),
            max(self.live_p50_ms, other.live_p50_ms),
            max(self.live_p99_ms, other.live_p99_ms),
            self.returned + other.returned,
            self.unallowed + other.unallowed,
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a run plays: a Redis, a kind of server, a weather, a seed, for so long."""

    connection: redis.Redis
    server: str
    latency: str
    seed: int
    minutes: float

    def world(self, server: Server, *, faults: Faults | None = None) -> World:
        """An empty world with that server in it."""
        self.connection.flushall()
        return World(
            self.connection,
            server=server.arrive,
            latency=LATENCIES[self.latency],
            random=Random(self.seed),
            faults=faults,
        )

    def count(self, world: World, *, strangers: Strangers | None = None) -> Shown:
        """Let the time pass, and look."""
        end = self.minutes * 60_000
        world.run(WARM_UP_MS)
        before = strangers.accepted if strangers else 0
        world.run(end)
        others = strangers.accepted - before if strangers else 0
        seen = world.seen
        cuts = quantiles(seen.waits, n=100) if len(seen.waits) > 1 else [math.nan] * 99
        return Shown(
            use=world.used(WARM_UP_MS, end, others=others),
            refused=seen.refused,
            sent=len(seen.arrivals),
            most=world.judge.most,
            unallowed=world.judge.unallowed,
            asked=seen.asked / max(1, len(seen.arrivals)),
            live_p50_ms=cuts[49],
            live_p99_ms=cuts[98],
        )

    def make(self) -> Server:
        """The server that counts."""
        return SERVERS[self.server](100, 10_000.0)


def backlog(stage: Stage) -> Shown:
    """Nothing but bulk calls, always more of them."""
    world = stage.world(stage.make())
    world.backlog(Lane.BULK, THREADS)
    return stage.count(world)


def mix(stage: Stage) -> Shown:
    """A backlog, one live call a second, and now and then 10 to 30 of them at once."""
    world = stage.world(stage.make())
    world.backlog(Lane.BULK, THREADS)
    world.live_traffic(1.0, burst=(10, 30))
    return stage.count(world)


def faulty(stage: Stage) -> Shown:
    """The same, while workers die, answers get lost, tokens come back unused, and Redis is emptied
    every two minutes."""
    world = stage.world(stage.make(), faults=Faults(killed=0.005, lost=0.005, cancelled=0.02))
    world.backlog(Lane.BULK, THREADS)
    world.live_traffic(1.0, burst=(10, 30))
    for minute in range(2, int(stage.minutes), 2):
        world.lose_memory(minute * 60_000 + world.random.uniform(0, 10_000))
    return stage.count(world)


def hidden(stage: Stage) -> Shown:
    """A backlog, while somebody else calls three times a second, unseen."""
    chance = Random(stage.seed + 1)
    strangers = Strangers(stage.make(), lambda: chance.expovariate(0.003), begin=0.0)
    world = stage.world(strangers)
    world.backlog(Lane.BULK, THREADS)
    return stage.count(world, strangers=strangers)


def shock(stage: Stage) -> Shown:
    """A backlog, and once somebody else calls a hundred times at once."""
    at = LONG_AGO_MS + Random(stage.seed).uniform(0, 10_000)
    gaps: Iterator[float] = iter([0.0] * 99 + [math.inf])
    strangers = Strangers(stage.make(), lambda: next(gaps), begin=at)
    world = stage.world(strangers)
    world.backlog(Lane.BULK, THREADS)
    return stage.count(world, strangers=strangers)


def belt(room: int) -> Callable[[Stage], Shown]:
    """A backlog behind a dispatcher that has so many jobs out."""

    def run(stage: Stage) -> Shown:
        world = stage.world(stage.make())
        jobs = Belt(world, room)
        jobs.begin()
        return replace(stage.count(world), returned=jobs.returned)

    return run
