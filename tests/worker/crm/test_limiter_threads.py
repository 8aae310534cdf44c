"""Many threads and several processes' worth of limiters on one real server, with a quick clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
import redis

from contacts.errors import RateLimited
from contacts.jobs import Lane
from ops.prove.servers import most_in_any
from worker.crm.limiter import Limiter, Limits

pytestmark = pytest.mark.redis

QUICK = 20
"""How much faster the clock of these tests runs: ten seconds pass in half a second."""

BEGAN_MS = 1_800_000_000_000 - int(time.monotonic() * 1000 * QUICK)
"""Not in 1970, as on a machine that was just started: no day lies before that one."""


def now_ms() -> int:
    return BEGAN_MS + int(time.monotonic() * 1000 * QUICK)


def sleep(seconds: float) -> None:
    time.sleep(seconds / QUICK)


@pytest.fixture
def limiters(redis_server: str) -> Iterator[list[Limiter]]:
    """Four that share one server, each with connections of its own."""
    connections = [redis.Redis.from_url(redis_server) for _ in range(4)]
    connections[0].flushall()
    yield [
        Limiter(one, limits=lambda location: Limits(), now_ms=now_ms, prefix="quick")
        for one in connections
    ]
    for one in connections:
        one.close()


class Crm:
    """Writes down when calls arrive, each after a while on its way."""

    def __init__(self) -> None:
        self.arrivals: dict[str, list[float]] = {"a": [], "b": []}
        self._lock = threading.Lock()

    def call(self, location: str, random: Random) -> None:
        sleep(random.uniform(0, 0.3))
        with self._lock:
            self.arrivals[location].append(time.monotonic() * 1000 * QUICK)
        sleep(random.uniform(0, 0.3))


def caller(limiter: Limiter, crm: Crm, number: int, calls: int) -> None:
    """One thread of a worker: calls of any lane, some of them given up before they were sent."""
    random = Random(number)
    location = "ab"[number % 2]
    for _ in range(calls):
        lane = random.choice([Lane.LIVE, Lane.BULK, Lane.BULK, Lane.SWEEP])
        try:
            grant = limiter.take(location, lane, patience_s=300, sleep=sleep)
        except RateLimited:
            continue
        if random.random() < 0.1:
            limiter.cancel(location, grant.token)
            continue
        crm.call(location, random)
        limiter.done(location, grant.token, status=200)


@pytest.mark.parametrize("is_emptied", [False, True], ids=["memory kept", "memory lost"])
def test_threads_of_all_workers_together_keep_to_the_limit(
    limiters: list[Limiter], redis_server: str, is_emptied: bool
) -> None:
    crm = Crm()
    limiters[0].vouch()
    with ThreadPoolExecutor(32) as pool:
        threads = [
            pool.submit(caller, limiters[number % 4], crm, number, 20) for number in range(32)
        ]
        if is_emptied:
            while len(crm.arrivals["a"]) < 50:
                time.sleep(0.01)
            with redis.Redis.from_url(redis_server) as connection:
                connection.flushall()
    for thread in threads:
        thread.result()

    for arrivals in crm.arrivals.values():
        assert len(arrivals) > 200 or is_emptied
        assert most_in_any(10_000, arrivals) <= 100
