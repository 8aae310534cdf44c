"""Rings for the dispatcher. The ledger is the truth; without the bell it looks by itself."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Final

import redis

from contacts import belt, redis_client

DEAF_S: Final = 5.0
"""After a ring that failed: do not spend the time-out on every batch of a backfill."""


class Bell:
    """Wakes the dispatcher through a Redis list of at most one element.

    Args:
        url: of Redis; None: there is none, and nobody to wake.
        clock: seconds, for the pause after a failure.
    """

    def __init__(self, url: str | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deaf_until = float("-inf")
        self._redis = redis_client.connect(url, timeout_s=1, connect_s=0.5) if url else None

    def ring(self) -> bool:
        """Wake the dispatcher.

        Returns:
            whether Redis took it.
        """
        if self._redis is None or self._clock() < self._deaf_until:
            return False
        try:
            redis_client.ring(self._redis, belt.WAKE_KEY)
        except redis.RedisError:
            self._deaf_until = self._clock() + DEAF_S
            return False
        return True

    def close(self) -> None:
        """Let go of the connection."""
        if self._redis is not None:
            with contextlib.suppress(redis.RedisError):
                self._redis.close()
