"""Which window does the CRM count in? Told from what its answers said of the places left. Pure.

A burst of half a window, then calls at an even pace for two and a half windows: each of the five
ways to count leaves another trace in `X-RateLimit-Remaining`. Every way is played through with the
times of our own calls, for every moment at which a window by the clock may turn, and the one that
explains what was seen is named: if no other explains it nearly as well. When a window by the clock
turns within a burst, nobody can say which of its calls were before that: then it may be none.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PHASES: Final = 200
"""Turns of a window by the clock that are tried: 50 ms apart in 10 s, half a call at full pace."""

FITS: Final = 1.5
"""A way to count explains what was seen when it misses by so many places in the mean."""

APART: Final = 1.0
"""And every other one by so many more."""

MOST: Final = 10.0
"""A single answer counts for so much at most: near a window's turn it is off by half a window."""


class Model(StrEnum):
    """A way to count calls."""

    FIXED_CLOCK = "fixed by the clock"
    FIXED_FIRST = "fixed from the first call"
    LOG = "sliding log"
    COUNTER = "sliding counter"
    BUCKET = "token bucket"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sample:
    """One answered call; times in seconds since the epoch.

    Attributes:
        left: ``X-RateLimit-Remaining``; None: the answer had none.
        judged: whether it is compared. Calls of a burst overtake each other, and only count.
    """

    sent: float
    answered: float
    left: int | None
    judged: bool

    @property
    def arrived(self) -> float:
        """When the CRM counted it, as nearly as can be told."""
        return (self.sent + self.answered) / 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was told.

    Attributes:
        misses: by model, the places that it is off in the mean.
    """

    model: Model
    misses: dict[Model, float]


Left = Callable[[float], float]
"""Counts a call at that time; returns the places left after it."""

Seen = Sequence[Sequence[tuple[float, int | None]]]
"""The parts of a probe, each in the order of arrival: when, and the places left if it is judged."""


def tell(parts: Sequence[Sequence[Sample]], *, per_window: int, window_s: float) -> Verdict:
    """Name the way to count.

    Args:
        parts: probes of an idle location; two, begun at different moments of a window, tell the two
            fixed windows apart.
    """
    seen = [
        [
            (one.arrived, one.left if one.judged else None)
            for one in sorted(part, key=lambda one: one.arrived)
        ]
        for part in parts
    ]
    if all(left is None for part in seen for _, left in part):
        return Verdict(Model.UNKNOWN, {})
    misses = {
        Model.FIXED_FIRST: _miss(seen, lambda: _fixed(per_window, window_s, None)),
        Model.LOG: _miss(seen, lambda: _log(per_window, window_s)),
        Model.BUCKET: _miss(seen, lambda: _bucket(per_window, window_s)),
        Model.FIXED_CLOCK: _best(seen, window_s, lambda p: _fixed(per_window, window_s, p)),
        Model.COUNTER: _best(seen, window_s, lambda p: _counter(per_window, window_s, p)),
    }
    first, second = sorted(misses.values())[:2]
    model = min(misses, key=misses.__getitem__)
    sure = first <= FITS and second >= first + APART
    return Verdict(model if sure else Model.UNKNOWN, misses)


def _best(seen: Seen, window_s: float, counting: Callable[[float], Left]) -> float:
    """The least miss over all turns of the clock's windows, the same ones in each part."""
    turns = (window_s * n / PHASES for n in range(PHASES))
    return min(_miss(seen, lambda phase=phase: counting(phase)) for phase in turns)  # type: ignore[misc]


def _miss(seen: Seen, new: Callable[[], Left]) -> float:
    """By how many places a way to count misses what was seen, in the mean."""
    total, compared = 0.0, 0
    for part in seen:
        count = new()
        for arrived, left in part:
            expected = count(arrived)
            if left is not None:
                total += min(abs(math.floor(expected + 1e-9) - left), MOST)
                compared += 1
    return total / compared if compared else MOST


def _fixed(limit: int, window: float, phase: float | None) -> Left:
    begin, count = -math.inf, 0

    def left(now: float) -> float:
        nonlocal begin, count
        if now >= begin + window:
            begin = now if phase is None else now - (now - phase) % window
            count = 0
        count += 1
        return limit - count

    return left


def _log(limit: int, window: float) -> Left:
    seen: deque[float] = deque()

    def left(now: float) -> float:
        seen.append(now)
        while seen[0] <= now - window:
            seen.popleft()
        return limit - len(seen)

    return left


def _counter(limit: int, window: float, phase: float) -> Left:
    index, count, before = 0, 0, 0

    def left(now: float) -> float:
        nonlocal index, count, before
        current = math.floor((now - phase) / window)
        if current != index:
            before = count if current == index + 1 else 0
            index, count = current, 0
        count += 1
        return limit - before * (1 - ((now - phase) % window) / window) - count

    return left


def _bucket(limit: int, window: float) -> Left:
    level, at = float(limit), -math.inf

    def left(now: float) -> float:
        nonlocal level, at
        if now > at:
            level = min(float(limit), level + (now - at) * limit / window)
            at = now
        level -= 1
        return level

    return left
