"""Five ways to count 100 calls in 10 s: which of them the CRM uses is not published.

A window is shown every call in order. Times are seconds since the epoch.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final, Protocol

_TINY: Final = 1e-9
"""Sums of fractions miss whole numbers by so much."""


class Window(Protocol):
    """What counts calls."""

    def arrive(self, now: float) -> bool:
        """Show it a call; False if the call is one too many."""

    def left(self, now: float) -> int:
        """How many more calls it would take now."""

    def opens_in(self, now: float) -> float:
        """Seconds until it would take a call."""


class Fixed:
    """Windows one after the other, by the clock or each from its first call.

    Args:
        counts_refused: a refused call counts; where windows begin with a call, it begins one.
        phase: where the clock's windows begin, seconds; None: a window begins with a call.
    """

    def __init__(
        self, limit: int, window: float, *, counts_refused: bool, phase: float | None
    ) -> None:
        self._limit, self._window = limit, window
        self._counts_refused, self._phase = counts_refused, phase
        self._begin, self._count = -math.inf, 0

    def arrive(self, now: float) -> bool:
        if now >= self._begin + self._window:
            self._begin = now if self._phase is None else now - (now - self._phase) % self._window
            self._count = 0
        if self._count < self._limit:
            self._count += 1
            return True
        if self._counts_refused and self._phase is None:
            self._begin = now
        return False

    def left(self, now: float) -> int:
        return self._limit - (self._count if now < self._begin + self._window else 0)

    def opens_in(self, now: float) -> float:
        return 0.0 if self.left(now) else self._begin + self._window - now


class SlidingLog:
    """No interval of the window's length holds more than the limit."""

    def __init__(self, limit: int, window: float, *, counts_refused: bool) -> None:
        self._limit, self._window, self._counts_refused = limit, window, counts_refused
        self._seen: deque[float] = deque()

    def arrive(self, now: float) -> bool:
        fine = self.left(now) > 0
        if fine or self._counts_refused:
            self._seen.append(now)
        return fine

    def left(self, now: float) -> int:
        while self._seen and self._seen[0] <= now - self._window:
            self._seen.popleft()
        return max(0, self._limit - len(self._seen))

    def opens_in(self, now: float) -> float:
        if self.left(now):
            return 0.0
        return self._seen[len(self._seen) - self._limit] + self._window - now


class SlidingCounter:
    """This fixed window in full, and of the one before the part that the sliding one overlaps."""

    def __init__(self, limit: int, window: float, *, counts_refused: bool, phase: float) -> None:
        self._limit, self._window = limit, window
        self._counts_refused, self._phase = counts_refused, phase
        self._index, self._count, self._before = 0, 0, 0

    def arrive(self, now: float) -> bool:
        fine = self.left(now) > 0
        if fine or self._counts_refused:
            self._count += 1
        return fine

    def left(self, now: float) -> int:
        index, into = divmod(now - self._phase, self._window)
        if index != self._index:
            self._before = self._count if index == self._index + 1 else 0
            self._index, self._count = int(index), 0
        estimate = self._before * (1 - into / self._window) + self._count
        return max(0, math.floor(self._limit - estimate + _TINY))

    def opens_in(self, now: float) -> float:
        if self.left(now):
            return 0.0
        into = (now - self._phase) % self._window
        if self._count < self._limit:
            return self._share(self._before, self._limit - self._count - 1) - into
        return self._window - into + self._share(self._count, self._limit - 1)

    def _share(self, before: int, room: int) -> float:
        """Seconds into a window until the one before weighs no more than the room."""
        return max(0.0, self._window * (1 - room / before))


class TokenBucket:
    """Full at first, refilled evenly. With ``counts_refused`` a refused call takes one as well."""

    def __init__(self, limit: int, window: float, *, counts_refused: bool) -> None:
        self._limit, self._per_s, self._counts_refused = limit, limit / window, counts_refused
        self._level, self._at = float(limit), -math.inf

    def arrive(self, now: float) -> bool:
        fine = self.left(now) > 0
        if fine or self._counts_refused:
            self._level = max(self._level - 1, -float(self._limit))
        return fine

    def left(self, now: float) -> int:
        if now > self._at:
            self._level = min(self._limit, self._level + (now - self._at) * self._per_s)
            self._at = now
        return max(0, math.floor(self._level + _TINY))

    def opens_in(self, now: float) -> float:
        return 0.0 if self.left(now) else (1 - self._level) / self._per_s


def window(kind: str, limit: int, seconds: float, *, counts_refused: bool, phase: float) -> Window:
    """The window of that kind, empty.

    Args:
        kind: one of ``config.Limits.window``.
        limit: calls in ``seconds``.
        phase: where windows by the clock begin, seconds.
    """
    match kind:
        case "fixed-clock":
            return Fixed(limit, seconds, counts_refused=counts_refused, phase=phase)
        case "fixed-first":
            return Fixed(limit, seconds, counts_refused=counts_refused, phase=None)
        case "sliding-log":
            return SlidingLog(limit, seconds, counts_refused=counts_refused)
        case "sliding-counter":
            return SlidingCounter(limit, seconds, counts_refused=counts_refused, phase=phase)
        case "token-bucket":
            return TokenBucket(limit, seconds, counts_refused=counts_refused)
    raise ValueError(f"no window is called {kind}")
