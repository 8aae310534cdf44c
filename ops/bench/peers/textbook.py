"""Rollbook's limiter with the textbook's bucket inside: for this measurement, not for use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis

from contacts.errors import LimiterDown, RateLimited
from contacts.jobs import Lane
from ops.bench.peers.bucket import Bucket
from worker.crm.limiter import Grant, Limiter

NO_TOKEN = Grant("textbook", 0)
"""A token that nobody has to give back."""


class TextbookLimiter(Limiter):
    """One bucket for each location, whatever the lane. What the CRM answers teaches it nothing."""

    def __init__(self, redis: redis.Redis, **others: Any) -> None:
        super().__init__(redis, **others)
        self._client = redis

    def take(
        self,
        location: str,
        lane: Lane,  # noqa: ARG002 - the textbook knows none
        *,
        patience_s: float,
        sleep: Callable[[float], None],
    ) -> Grant:
        """A token that may be used now; a live call waits as any other.

        Raises:
            RateLimited: none within the patience.
            LimiterDown: no Redis.
        """
        bucket = Bucket(self._client, f"textbook:{location}")
        left_ms = patience_s * 1000
        try:
            while wait_ms := bucket.ask():
                left_ms -= wait_ms
                if left_ms < 0:
                    raise RateLimited("no token within the patience", seconds=wait_ms / 1000)
                sleep(wait_ms / 1000)
        except redis.RedisError as error:
            raise LimiterDown(f"no token: {type(error).__name__}", seconds=2.0) from error
        return NO_TOKEN

    def done(self, location: str, token: str, **answer: Any) -> None:
        """Nothing: it refills by the clock."""

    def cancel(self, location: str, token: str) -> None:
        """Nothing: what was taken is taken."""
