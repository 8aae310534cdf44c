"""A server that we share with others, and whose fault a refusal was: theirs, or ours alone."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from random import Random

from ops.prove.servers import Fixed, Server


class Company:
    """Counts our calls and those of strangers, who come and go.

    Args:
        make: a server as it is before its first call.
        window: its length, ms.
        headers: whether answers say how many calls are left.

    Attributes:
        by_us: refusals that our own calls alone explain.
        by_them: the others.
        taken: calls of strangers that were accepted.
    """

    def __init__(
        self, make: Callable[[], Server], *, window: float, headers: bool, random: Random
    ) -> None:
        self._server, self._alone = make(), make()
        self._window, self._headers, self._random = window, headers, random
        self._gap, self._next, self._last = math.inf, math.inf, -math.inf
        self.by_us, self.by_them, self.taken = 0, 0, 0

    def come(self, per_s: float, *, now: float) -> None:
        """From now on strangers call so often, at random times; 0: they go."""
        self._catch_up(now)
        self._gap = 1000 / per_s if per_s else math.inf
        self._next = now + self._pause()

    def burst(self, calls: int, *, now: float) -> None:
        """So many of theirs at once."""
        self._catch_up(now)
        for _ in range(calls):
            self._stranger(now)

    def arrive(self, now: float) -> tuple[bool, int | None]:
        """One of ours: whether it is accepted, and how many more would be."""
        self._catch_up(now)
        fine, left = self._server.arrive(now)
        if fine:
            self._alone.arrive(now)
        elif self._is_ours(now):
            self.by_us += 1
        else:
            self.by_them += 1
        return fine, left if self._headers else None

    def _is_ours(self, now: float) -> bool:
        if isinstance(self._server, Fixed) and self._server.begins_with_a_call:
            # Alone its windows would begin at other times. But one without a stranger in it was
            # filled by us.
            return self._last <= now - self._window
        return not copy.deepcopy(self._alone).arrive(now)[0]

    def _catch_up(self, now: float) -> None:
        while self._next <= now:
            self._stranger(self._next)
            self._next += self._pause()

    def _stranger(self, at: float) -> None:
        if self._server.arrive(at)[0]:
            self.taken += 1
            self._last = at

    def _pause(self) -> float:
        return self._random.expovariate(1 / self._gap) if self._gap < math.inf else math.inf
