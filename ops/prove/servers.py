"""Five ways in which a server may count 100 calls in 10 s. It publishes none, so all must hold.

Times are ms, rising from call to call. ``arrive`` says whether the call is accepted, and how many
more would be.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol


class Server(Protocol):
    """What counts calls."""

    def arrive(self, now: float) -> tuple[bool, int]: ...


class Fixed:
    """A window by the clock; with ``phase`` None it begins at the first call after the last."""

    def __init__(self, limit: int, window: float, *, phase: float | None = 0.0) -> None:
        self._limit, self._window, self._phase = limit, window, phase
        self._begin, self._count = float("-inf"), 0
        self.begins_with_a_call = phase is None

    def arrive(self, now: float) -> tuple[bool, int]:
        if now >= self._begin + self._window:
            self._count = 0
            self._begin = now
            if self._phase is not None:
                self._begin = now - (now - self._phase) % self._window
        if self._count >= self._limit:
            return False, 0
        self._count += 1
        return True, self._limit - self._count


class SlidingLog:
    """No interval of the window's length may hold more than the limit."""

    def __init__(self, limit: int, window: float) -> None:
        self._limit, self._window = limit, window
        self._seen: deque[float] = deque()

    def arrive(self, now: float) -> tuple[bool, int]:
        while self._seen and self._seen[0] <= now - self._window:
            self._seen.popleft()
        if len(self._seen) >= self._limit:
            return False, 0
        self._seen.append(now)
        return True, self._limit - len(self._seen)


class SlidingCounter:
    """This fixed window in full, and of the one before the part that the sliding one overlaps."""

    def __init__(self, limit: int, window: float, *, phase: float = 0.0) -> None:
        self._limit, self._window, self._phase = limit, window, phase
        self._index, self._count, self._before = 0, 0, 0

    def arrive(self, now: float) -> tuple[bool, int]:
        index = int((now - self._phase) // self._window)
        if index != self._index:
            self._before = self._count if index == self._index + 1 else 0
            self._index, self._count = index, 0
        part = ((now - self._phase) % self._window) / self._window
        estimate = self._before * (1 - part) + self._count
        if estimate + 1 > self._limit + 1e-6:
            return False, 0
        self._count += 1
        return True, int(self._limit - estimate - 1 + 1e-6)


class TokenBucket:
    """Full at first, refilled evenly."""

    def __init__(self, limit: int, window: float) -> None:
        self._limit, self._rate = limit, limit / window
        self._level, self._at = float(limit), 0.0

    def arrive(self, now: float) -> tuple[bool, int]:
        self._level = min(self._limit, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level < 1 - 1e-9:
            return False, 0
        self._level -= 1
        return True, int(self._level + 1e-9)


class Strangers:
    """Somebody else's calls at the same server: each ``gap()`` ms one, refused or not."""

    def __init__(self, inner: Server, gap: Callable[[], float], *, begin: float) -> None:
        self._inner, self._gap, self._next = inner, gap, begin
        self.accepted = 0

    def arrive(self, now: float) -> tuple[bool, int]:
        while self._next <= now:
            self.accepted += self._inner.arrive(self._next)[0]
            self._next += self._gap()
        return self._inner.arrive(now)


class Panel:
    """All five at once, the two with a phase several times: a call that one refuses is refused.

    It shows no header, so the limiter has to be right without.
    """

    def __init__(self, limit: int = 100, window: float = 10_000.0) -> None:
        phases = [window * part / 7 for part in range(7)]
        self._servers: dict[str, list[Server]] = {
            "fixed, by the clock": [Fixed(limit, window, phase=p) for p in phases],
            "fixed, from the first": [Fixed(limit, window, phase=None)],
            "sliding log": [SlidingLog(limit, window)],
            "sliding counter": [SlidingCounter(limit, window, phase=p) for p in phases],
            "token bucket": [TokenBucket(limit, window)],
        }
        self.refused = dict.fromkeys(self._servers, 0)

    def arrive(self, now: float) -> bool:
        """Show the call to every server; True if all accepted it."""
        fine = True
        for name, servers in self._servers.items():
            for server in servers:
                if not server.arrive(now)[0]:
                    self.refused[name] += 1
                    fine = False
        return fine


SERVERS: Final[dict[str, Callable[[int, float], Server]]] = {
    "fixed, by the clock": lambda limit, window: Fixed(limit, window, phase=window * 0.37),
    "fixed, from the first": lambda limit, window: Fixed(limit, window, phase=None),
    "sliding log": SlidingLog,
    "sliding counter": lambda limit, window: SlidingCounter(limit, window, phase=window * 0.37),
    "token bucket": TokenBucket,
}


def most_in_any(window: float, arrivals: list[float]) -> int:
    """The largest number of arrivals in any half-open interval of that length."""
    worst, first = 0, 0
    times = sorted(arrivals)
    for last, at in enumerate(times):
        while times[first] <= at - window:
            first += 1
        worst = max(worst, last - first + 1)
    return worst
