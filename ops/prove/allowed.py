"""Was each of our calls within the limit, and where not, had the server itself allowed it before?

The judge knows nothing of the limiter: only when calls were granted, arrived and were answered, and
what the answers said.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from typing import Final

KEPT: Final = 6
"""Windows for which an answer is remembered; the word of an older one can cover no call."""


class Judge:
    """Sees every arrival in its order; times in ms.

    Args:
        limit, window: calls in any half-open interval of that length.

    Attributes:
        most: our largest number of arrivals in any window.
        over: arrivals that made it more than the limit.
        unallowed: those among them that no answer had allowed: none that was seen before the last
            grant of all that had arrived said that so many more may come, from its own arrival on.
            (Not before its own grant: a call may be overtaken by others that were allowed later.)
    """

    def __init__(self, limit: int, window: float) -> None:
        self._limit, self._window = limit, window
        self._arrivals: deque[float] = deque()
        self._recent: deque[float] = deque()
        self._told: deque[tuple[float, float, int]] = deque()
        self._granted = -math.inf
        self.most, self.over, self.unallowed = 0, 0, 0

    def arrive(self, now: float, *, granted: float) -> None:
        """A call of ours arrives that was granted then."""
        arrivals, recent = self._arrivals, self._recent
        self._granted = max(self._granted, granted)
        while arrivals and arrivals[0] <= now - KEPT * self._window:
            arrivals.popleft()
        while recent and recent[0] <= now - self._window:
            recent.popleft()
        arrivals.append(now)
        recent.append(now)
        self.most = max(self.most, len(recent))
        if len(recent) <= self._limit:
            return
        times = list(arrivals)
        self.over += 1
        self.unallowed += not any(
            answered <= self._granted and len(times) - bisect_right(times, arrived) <= left
            for answered, arrived, left in reversed(self._told)
        )

    def tell(self, now: float, *, arrived: float, left: int) -> None:
        """An answer is seen that says how many more calls would be accepted."""
        while self._told and self._told[0][0] <= now - KEPT * self._window:
            self._told.popleft()
        self._told.append((now, arrived, left))
