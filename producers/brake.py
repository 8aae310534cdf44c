"""Stops a location's calls in Redis, where every worker asks before each one.

The ledger's pause keeps more jobs from being released; this one reaches those that are out already,
so that what was not sent by now goes back. The ledger is the truth: without Redis nobody calls.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

import redis

from contacts import belt, redis_client

KEPT_MS: Final = 60_000
"""The key outlives its pause a little; the workers' clock is Redis's."""


def pull(url: str | None, location: str, seconds: float, reason: str, *, bulk_only: bool) -> bool:
    """Let no worker begin a call of the location for so long. A pause is not shortened by another.

    Args:
        url: of Redis; None: there is none.
        bulk_only: live calls go on.

    Returns:
        whether Redis took it.
    """

    def stop(server: redis.Redis) -> None:
        key, which = belt.pause_key(location), "bulk" if bulk_only else "all"
        now_s, micros = server.time()
        until = round((now_s + seconds) * 1000 + micros / 1000)
        if until <= float(server.hget(key, which) or 0):
            return
        server.hset(key, mapping={which: until, f"{which}:why": reason})
        server.pexpire(key, max(server.pttl(key), round(seconds * 1000) + KEPT_MS))

    return _told(url, stop)


def release(url: str | None, location: str, *, bulk_only: bool) -> bool:
    """End the location's pauses.

    Args:
        bulk_only: only the one that lets live calls go on.

    Returns:
        whether Redis took it.
    """
    fields = ["bulk", "bulk:why"] + ([] if bulk_only else ["all", "all:why"])
    return _told(url, lambda server: server.hdel(belt.pause_key(location), *fields))


def _told(url: str | None, what: Callable[[redis.Redis], object]) -> bool:
    """Tell Redis; returns whether it is there and was told."""
    if url is None:
        return False
    server = redis_client.connect(url, timeout_s=1, connect_s=0.5, decode_responses=True)
    with contextlib.closing(server):
        try:
            what(server)
        except redis.RedisError:
            return False
    return True
