"""Whatever the network, the workers and Redis do: never more than 100 calls in 10 s, never a 429.

The real script under virtual time, with hostile latencies. Each example is a minute or two of
traffic that hypothesis chose; the judges are five kinds of server (ops.prove.servers).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import fakeredis
import pytest
import redis
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from contacts.jobs import Lane
from ops.prove.latencies import LATENCIES, Hostile, constant
from ops.prove.servers import SERVERS, Panel, SlidingLog, most_in_any
from ops.prove.world import Faults, Steps, World
from tests.conftest import examples
from worker.crm.limiter import Limits

MINUTE = 60_000.0

pytestmark = pytest.mark.redis


@pytest.fixture(scope="session")
def real(redis_server: str) -> Iterator[redis.Redis]:
    """A real server; each example empties it."""
    with redis.Redis.from_url(redis_server) as connection:
        yield connection


def few(usual: int) -> settings:
    """The same examples each time, so that CI repeats what a person saw."""
    return settings(
        max_examples=examples(usual),
        phases=[Phase.explicit, Phase.generate],  # to make it smaller takes minutes
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


# The first of each list is what hypothesis tries first.
chance = st.sampled_from([0.01, 0.0, 0.05])


@dataclass(frozen=True)
class Traffic:
    """What happens in one example."""

    seed: int
    threads: int
    live_per_s: float
    burst: tuple[int, int]
    faults: Faults
    losses: tuple[float, ...] = ()
    """When Redis is emptied, ms."""

    def world(self, connection: redis.Redis, server, **options) -> World:
        """It, about to begin."""
        connection.flushall()
        world = World(
            connection,
            server=server,
            latency=Hostile(Random(self.seed)),
            random=Random(self.seed + 1),
            faults=self.faults,
            life=lambda: "one",
            **options,
        )
        world.backlog(Lane.BULK, self.threads)
        world.live_traffic(self.live_per_s, burst=self.burst)
        for at in self.losses:
            world.lose_memory(at)
        return world


def traffic(bursts: list[tuple[int, int]], losses: st.SearchStrategy) -> st.SearchStrategy:
    """Any traffic."""
    return st.builds(
        Traffic,
        seed=st.integers(0, 2**32),
        threads=st.sampled_from([20, 0, 5, 32]),
        live_per_s=st.sampled_from([1.0, 0.2, 5.0, 12.0]),
        burst=st.sampled_from(bursts),
        faults=st.builds(
            Faults, killed=chance, lost=chance, cancelled=st.sampled_from([0.05, 0.0, 0.3])
        ),
        losses=losses,
    )


no_loss = st.just(())
some_losses = st.lists(st.floats(5000, 50_000), min_size=1, max_size=2).map(tuple)
any_burst = [(30, 100), (10, 30), (1, 1)]


def holds_on_every_server(connection: redis.Redis, chosen: Traffic, until: float) -> None:
    panel = Panel()
    world = chosen.world(connection, lambda now: (panel.arrive(now), None))

    world.run(until)

    assert most_in_any(10_000, world.seen.arrivals) <= 100
    assert panel.refused == dict.fromkeys(panel.refused, 0)


@few(4)
@given(chosen=traffic(any_burst, no_loss))
def test_no_server_of_five_ever_refuses(real: redis.Redis, chosen: Traffic) -> None:
    holds_on_every_server(real, chosen, MINUTE)


@few(4)
@given(chosen=traffic(any_burst, some_losses))
def test_nor_when_redis_is_emptied_in_between(real: redis.Redis, chosen: Traffic) -> None:
    holds_on_every_server(real, chosen, MINUTE)


@few(1)
@given(chosen=traffic(any_burst, st.just((12_000.0,))))
def test_nor_on_an_in_memory_redis(chosen: Traffic) -> None:
    holds_on_every_server(fakeredis.FakeRedis(server=fakeredis.FakeServer()), chosen, MINUTE / 2)


@few(3)
@given(chosen=traffic([(10, 30), (1, 1)], some_losses), server=st.sampled_from(sorted(SERVERS)))
def test_with_headers_no_call_is_refused_and_more_go_only_where_the_server_said_so(
    real: redis.Redis, chosen: Traffic, server: str
) -> None:
    world = chosen.world(real, SERVERS[server](100, 10_000.0).arrive)

    world.run(1.5 * MINUTE)

    assert world.judge.unallowed == 0
    assert world.seen.refused == 0


@few(2)
@given(chosen=traffic([(10, 30), (1, 1)], some_losses), server=st.sampled_from(sorted(SERVERS)))
def test_a_strict_limiter_believes_no_header_that_allows_more(
    real: redis.Redis, chosen: Traffic, server: str
) -> None:
    strict = Limits(strict=True)
    world = chosen.world(real, SERVERS[server](100, 10_000.0).arrive, limits=strict)

    world.run(1.5 * MINUTE)

    assert world.judge.most <= 100
    assert world.seen.refused == 0


@few(4)
@given(
    chosen=traffic([(1, 1), (10, 30)], st.one_of(no_loss, some_losses)),
    server=st.sampled_from(sorted(SERVERS)),
    limit=st.sampled_from([(25, 10_000), (8, 2000), (3, 1000), (1, 500)]),
)
def test_a_small_window_with_headers_holds_as_well(
    real: redis.Redis, chosen: Traffic, server: str, limit: tuple[int, int]
) -> None:
    per_window, window_ms = limit
    counting = SERVERS[server](per_window, float(window_ms))
    limits = Limits(per_window=per_window, window_ms=window_ms)
    world = chosen.world(real, counting.arrive, limits=limits)

    world.run(MINUTE)

    assert world.judge.unallowed == 0
    assert world.seen.refused == 0


@few(6)
@given(chosen=traffic(any_burst, no_loss), per_window=st.integers(1, 30))
def test_a_small_window_holds_as_well(real: redis.Redis, chosen: Traffic, per_window: int) -> None:
    panel = Panel(per_window, 2000)
    limits = Limits(per_window=per_window, window_ms=2000)
    world = chosen.world(real, lambda now: (panel.arrive(now), None), limits=limits)

    world.run(MINUTE / 2)

    assert most_in_any(2000, world.seen.arrivals) <= per_window
    assert panel.refused == dict.fromkeys(panel.refused, 0)


@few(2)
@given(seed=st.integers(0, 2**32), latency=st.sampled_from(sorted(LATENCIES)[:2]))
def test_while_work_waits_the_limit_is_used(real: redis.Redis, seed: int, latency: str) -> None:
    real.flushall()
    server = SERVERS["sliding counter"](100, 10_000.0)
    world = World(real, server=server.arrive, latency=LATENCIES[latency], random=Random(seed))
    world.backlog(Lane.BULK, 20)

    world.run(3 * MINUTE)

    assert world.used(MINUTE, 3 * MINUTE) >= 0.94
    assert world.seen.asked <= 4 * len(world.seen.arrivals)


@few(2)
@given(seed=st.integers(0, 2**32), latency=st.sampled_from(["storm", "freeze", "heavy tail"]))
@example(seed=47361, latency="freeze")  # an answer from before the window's turn, heard after it
def test_alone_it_never_believes_in_strangers(real: redis.Redis, seed: int, latency: str) -> None:
    for server in SERVERS.values():
        real.flushall()
        counting = server(100, 10_000.0)
        world = World(real, server=counting.arrive, latency=LATENCIES[latency], random=Random(seed))
        world.backlog(Lane.BULK, 20)
        world.live_traffic(1.0, burst=(10, 60))

        world.run(MINUTE)

        assert world.limiter.look("loc").ghosts == 0
        assert real.hget("rollbook:limit:{loc}:state", "strangers") is None


@few(2)
@given(seed=st.integers(0, 2**32))
def test_whoever_waits_longer_goes_first_or_nearly(real: redis.Redis, seed: int) -> None:
    real.flushall()
    world = World(real, server=lambda now: (True, None), latency=constant, random=Random(seed))
    granted: list[int] = []

    def caller(number: int) -> Steps:
        yield from world.call(Lane.BULK)
        granted.append(number)

    for number in range(200):
        world.begin(caller(number), after=50.0 * number)  # twice as fast as they can go
    world.run(MINUTE)

    assert sorted(granted) == list(range(200))
    late = [before - after for before, after in pairwise(granted)]
    assert max(late) <= 6


@few(2)
@given(seed=st.integers(0, 2**32))
def test_two_locations_each_have_their_own_limit(real: redis.Redis, seed: int) -> None:
    real.flushall()
    servers = [SlidingLog(100, 10_000.0) for _ in range(2)]
    worlds = [
        World(real, server=s.arrive, latency=constant, random=Random(seed + n), location=f"l{n}")
        for n, s in enumerate(servers)
    ]
    for world in worlds:
        world.backlog(Lane.BULK, 20)

    for second in range(1, 61):
        for world in worlds:
            world.run(second * 1000.0)

    for world in worlds:
        assert world.used(0, MINUTE) >= 0.95
        assert world.seen.refused == 0
