"""How much of the limit is left for one client at one location: window, day and strangers."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from email.utils import formatdate
from random import Random
from typing import Final

from ops.simulator import limits as windows
from ops.simulator.config import Limits

DAY_S: Final = 86_400.0
Headers = list[tuple[bytes, bytes]]


class Day:
    """Calls of a day, which begins at an hour UTC."""

    def __init__(self, per_day: int, begins_hour: int, *, used: int = 0, now: float = 0.0) -> None:
        self._per_day, self._phase = per_day, begins_hour * 3600.0
        self._index, self.used = int((now - self._phase) // DAY_S), used

    def left(self, now: float) -> int:
        index = int((now - self._phase) // DAY_S)
        if index != self._index:
            self._index, self.used = index, 0
        return max(0, self._per_day - self.used)

    def use(self, now: float) -> None:
        self.left(now)
        self.used += 1

    def opens_in(self, now: float) -> float:
        return 0.0 if self.left(now) else DAY_S - (now - self._phase) % DAY_S


class Busiest:
    """The largest number of times in any half-open interval of a length, however long it runs."""

    def __init__(self, seconds: float, *, total: int = 0) -> None:
        self._seconds = seconds
        self.recent: deque[float] = deque()
        self.most = 0
        self.total = total

    def add(self, at: float) -> None:
        """Times must not fall."""
        recent = self.recent
        while recent and recent[0] <= at - self._seconds:
            recent.popleft()
        recent.append(at)
        self.most = max(self.most, len(recent))
        self.total += 1


class Bucket:
    """The limit of one client at one location.

    Args:
        now: seconds since the epoch; strangers begin then.
    """

    def __init__(self, limits: Limits, *, random: Random, now: float) -> None:
        self._random = random
        self.foreign = 0
        self.limits = limits
        self._window = _window(limits)
        self._day = Day(limits.per_day, limits.day_begins_hour, now=now)
        self._next_stranger = now + self._gap()

    def told(self, limits: Limits, *, now: float, recent: Iterable[float]) -> None:
        """Count by other limits from now on; what was counted of ours still counts.

        Args:
            recent: when calls of ours were accepted lately.
        """
        old, self.limits = self.limits, limits
        if limits.counting() != old.counting():
            self._window = _window(limits)
            for at in recent:
                self._window.arrive(at)
            self._day.left(now)  # a new day may have begun
            used = self._day.used
            self._day = Day(limits.per_day, limits.day_begins_hour, used=used, now=now)
        if limits.foreign != old.foreign:
            self._next_stranger = now + self._gap()

    def arrive(self, now: float) -> bool:
        """Count a call; False if it is one too many."""
        self._strangers(now)
        return self._one(now)

    def strangers(self, calls: int, now: float) -> int:
        """So many calls of somebody else at once; returns how many were accepted."""
        accepted = sum(self._one(now) for _ in range(calls))
        self.foreign += accepted
        return accepted

    def opens_in(self, now: float) -> float:
        """Seconds until a call would be accepted."""
        return max(self._window.opens_in(now), self._day.opens_in(now))

    def headers(self, now: float) -> Headers:
        """The five headers of every answer."""
        limits = self.limits
        if not limits.headers:
            return []
        return [
            (b"x-ratelimit-limit-daily", b"%d" % limits.per_day),
            (b"x-ratelimit-daily-remaining", b"%d" % self._day.left(now)),
            (b"x-ratelimit-interval-milliseconds", b"%d" % round(limits.window_s * 1000)),
            (b"x-ratelimit-max", b"%d" % limits.per_window),
            (b"x-ratelimit-remaining", b"%d" % self._window.left(now)),
        ]

    def retry_after(self, now: float) -> Headers:
        """When to come back, if a 429 says so here."""
        how = self.limits.retry_after
        return [] if how == "off" else retry_after(self.opens_in(now), now, date=how == "date")

    def _one(self, now: float) -> bool:
        fine = self._day.left(now) > 0 and self._window.arrive(now)
        if fine or self.limits.counts_refused:
            self._day.use(now)
        return fine

    def _strangers(self, now: float) -> None:
        while self._next_stranger <= now:
            self.foreign += self._one(self._next_stranger)
            self._next_stranger += self._gap()

    def _gap(self) -> float:
        foreign = self.limits.foreign
        if not foreign.per_second:
            return math.inf
        return (
            1 / foreign.per_second if foreign.even else self._random.expovariate(foreign.per_second)
        )


def _window(limits: Limits) -> windows.Window:
    return windows.window(
        limits.window,
        limits.per_window,
        limits.window_s,
        counts_refused=limits.counts_refused,
        phase=limits.phase_s,
    )


def retry_after(seconds: float, now: float, *, date: bool = False) -> Headers:
    """``Retry-After`` in whole seconds, at least one, or as a date."""
    whole = max(1, math.ceil(seconds))
    said = formatdate(math.ceil(now) + whole, usegmt=True) if date else str(whole)
    return [(b"retry-after", said.encode())]
