"""One clock for all machines: the database's, told by each machine's own steady one.

Leases, due times, pauses and pulses are written by one process and compared by another, perhaps on
a machine whose clock is 5 s off. So nobody's own clock is in the database: the distance between the
database's clock and this machine's monotonic one is measured, within a transaction that begins
anyway, and the time is told from that. SQLite serves one machine and needs none of this.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

ASK_S: Final = 10.0
"""How often it is measured: one statement of 0.1 ms. After a fail-over to a database whose clock is
another one, times are wrong by their difference for so long."""

SURE_S: Final = 0.025
"""A distance that is known to this is believed whatever was known before: the clock may have been
set."""

DRIFT: Final = 1e-3
"""How much an old measurement is worth less, seconds a second. Quartz drifts by 5e-5; the rest is
so that after a minute a slow answer counts again."""


@dataclass(frozen=True, slots=True)
class _Measured:
    distance: float
    error: float
    at: float


class OneClock:
    """Seconds since the epoch by the database's clock. Thread-safe.

    Args:
        system: this machine's own clock, for the moment before the first transaction.
        steady: never set, never goes back.
    """

    def __init__(
        self,
        *,
        system: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._system = system
        self._steady = steady
        self._known: _Measured | None = None
        self._asked_at = float("-inf")

    def __call__(self) -> float:
        known = self._known
        return self._system() if known is None else self._steady() + known.distance

    def is_due(self) -> bool:
        """Whether it is time to measure; says so to one caller in each interval, or nearly."""
        now = self._steady()
        if now - self._asked_at < ASK_S:
            return False
        self._asked_at = now
        return True

    def measure(self, ask: Callable[[], float]) -> None:
        """Ask the database what time it is. An answer that took long tells little: it is believed
        to half of the way there and back, and only if that is better than what is known."""
        before = self._steady()
        try:
            there = ask()
        except BaseException:
            self._asked_at = float("-inf")
            raise
        after = self._steady()
        found = _Measured(there - (before + after) / 2, (after - before) / 2, after)
        known = self._known
        worth = float("inf") if known is None else known.error + DRIFT * (after - known.at)
        if found.error <= max(SURE_S, worth):
            self._known = found
