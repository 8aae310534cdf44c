"""The circuit breaker of an address: looks back every three days, warns once, then pauses.

Official webhook guide 2026: more than 10,000 webhooks in three days of which less than 90 % succeed
are flagged; flagged again three days later, deliveries are paused until somebody enables them by
hand. What was not sent meanwhile is gone.
"""

from __future__ import annotations

from typing import Literal

from ops.simulator.buckets import DAY_S
from ops.simulator.webhook_settings import Webhooks

State = Literal["closed", "warned", "paused"]


class Breaker:
    """Counts what became of webhooks. Times are seconds since the epoch."""

    def __init__(self) -> None:
        self.state: State = "closed"
        self.sent = self.good = 0
        self._begun: float | None = None

    def paused(self, settings: Webhooks, now: float) -> bool:
        """Whether nothing goes out; looks back first, if a period is over."""
        if not settings.breaker.on:
            return False
        if self._begun is None:
            self._begun = now
        period = settings.breaker.days * DAY_S * settings.time_scale
        if now - self._begun >= period and self.state != "paused":
            self._look_back(settings)
            self._begun, self.sent, self.good = now, 0, 0
        return self.state == "paused"

    def _look_back(self, settings: Webhooks) -> None:
        asked = settings.breaker
        bad = self.sent > asked.least and self.good < asked.share * self.sent
        if not bad:
            self.state = "closed"
        else:
            self.state = "warned" if self.state == "closed" else "paused"

    def ended(self, *, good: bool) -> None:
        """A webhook arrived, or was given up."""
        self.sent += 1
        self.good += good

    def enable(self) -> None:
        """Somebody enables deliveries again."""
        self.state, self.sent, self.good, self._begun = "closed", 0, 0, None
