"""What a location and a call cost Redis: bytes, commands, microseconds of its one thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import redis
from celery import Celery

from contacts import belt
from contacts.jobs import Kind, Lane
from ops.prove.own_redis import own_redis
from worker.crm.limiter import Grant, Limiter, Limits

LOCATIONS: Final = 200
CALLS: Final = 20
"""Of each location: few enough that each is granted at once."""

WAITING: Final = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """Of the limiter and of the belt.

    Attributes:
        idle: bytes of a location whose last call is long over; they are kept for 25 hours.
        busy: bytes of one with 100 calls in its window and 20 that wait.
        scripts: runs of the script for a call that is granted at once.
        script_us: microseconds of Redis's thread for one of them.
        message: bytes of a job's message on its way.
    """

    idle: float
    busy: float
    scripts: float
    script_us: float
    message: float


def measure() -> Cost:
    """On a Redis of our own.

    Raises:
        UsageError: there is no server binary.
    """
    with own_redis() as connection:
        limiter = Limiter(connection, limits=lambda _: Limits())
        limiter.vouch()
        _call(limiter, "loc_warm", 1)
        before = _script(connection)
        for n in range(LOCATIONS):
            _call(limiter, f"loc_{n:05}", CALLS)
        after = _script(connection)
        runs = after["calls"] - before["calls"]
        idle = _bytes(connection, "loc_warm")
        return Cost(
            idle=idle,
            busy=_busy(connection, limiter),
            scripts=runs / (LOCATIONS * CALLS),
            script_us=(after["usec"] - before["usec"]) / runs,
            message=_message(connection),
        )


def _call(limiter: Limiter, location: str, times: int) -> None:
    for n in range(times):
        found = limiter.acquire(location, Lane.LIVE)
        assert isinstance(found, Grant)
        limiter.done(location, found.token, status=200, remaining=99 - n, per_window=100)


def _busy(connection: redis.Redis, limiter: Limiter) -> float:
    for n in range(100):
        found = limiter.acquire("loc_busy", Lane.LIVE)
        if isinstance(found, Grant) and n < 90:
            limiter.done("loc_busy", found.token, status=200)
    for _ in range(WAITING):
        limiter.acquire("loc_busy", Lane.BULK)
    return _bytes(connection, "loc_busy")


def _bytes(connection: redis.Redis, location: str) -> float:
    keys = connection.keys(f"*{{{location}}}*")
    return float(sum(connection.memory_usage(key) or 0 for key in keys))


def _script(connection: redis.Redis) -> dict[str, float]:
    found: dict[str, Any] = connection.info("commandstats")
    stats = [found.get(f"cmdstat_{name}", {"calls": 0, "usec": 0}) for name in ("evalsha", "eval")]
    return {what: float(sum(one[what] for one in stats)) for what in ("calls", "usec")}


def _message(connection: redis.Redis) -> float:
    path = connection.connection_pool.connection_kwargs["path"]
    app = Celery("bench", set_as_current=False)
    app.conf.update(belt.celery_settings(redis_url=f"unix://{path}", threads=4))
    words = {"job": 123_456, "release": 1, "location": "ve9EPM428h8vShlRW1KT", "contact": 98_765}
    for _ in range(100):
        app.send_task(
            Kind.PUSH.value,
            kwargs=words | {"lane": "bulk"},
            argsrepr="()",
            kwargsrepr=repr(words),
            queue="bulk",
            task_id="123456.1",
        )
    app.close()
    return float(connection.memory_usage("bulk", samples=0) or 0) / 100
