"""How fast a location may be called, what takes its places, and whether the day's calls last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from contacts.settings import Settings
from contacts.store import accounts, audit
from contacts.store.accounts import Location
from contacts.store.database import Store
from producers.progress import FRESH_S

PACE_S: Final = 600.0
"""The forecast goes by the calls of the last ten minutes."""

DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Flow:
    """One look at a location's limits.

    Attributes:
        window, window_s: so many calls in any window of so many seconds.
        used: places of it that our calls hold now; None: nobody was busy lately.
        foreign: places kept free for calls that are not ours, or that Redis forgot.
        live, bulk: calls that wait in line for a place.
        reserve: places that bulk leaves free, because live calls were seen in the last minute.
        cold: the limiter's memory may have been lost; it waits for the answer to one call.
        per_day, day_left: of the day's calls; left as the CRM's headers last said.
        kept: of these, bulk leaves so many to live calls.
        per_s: calls a second over the last ten minutes.
        seconds_to_stop: until bulk stops at this pace; None: the day is over before.
    """

    location: str
    window: int
    window_s: float
    used: int | None
    foreign: int
    live: int
    bulk: int
    reserve: int
    cold: bool
    per_day: int
    day_left: int | None
    kept: int | None
    per_s: float
    seconds_to_stop: float | None

    @property
    def stopped(self) -> bool:
        """Whether bulk has used up its part of the day."""
        return self.seconds_to_stop == 0

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {name: getattr(self, name) for name in self.__slots__} | {"stopped": self.stopped}


def look(store: Store, settings: Settings, place: Location) -> Flow:
    """See what a location may still be asked.

    Raises:
        DatabaseDown: no answer.
    """
    now, may = store.clock(), accounts.allowed(settings, place)
    seen = accounts.limits_seen(store, place.id) or {}
    fresh = now - float(seen.get("at", 0)) < FRESH_S
    today = int(now // DAY_S) == int(float(seen.get("at", 0)) // DAY_S)
    left, kept = (seen.get("day_left"), seen.get("kept")) if today else (None, seen.get("kept"))
    per_s = audit.rate(store, location=place.id, seconds=PACE_S)

    def of_now(name: str) -> int:
        return int(seen.get(name, 0)) if fresh else 0

    return Flow(
        location=place.id,
        window=may.calls,
        window_s=may.window_s,
        used=int(seen["used"]) if fresh else None,
        foreign=of_now("ghosts"),
        live=of_now("waiting_live"),
        bulk=of_now("waiting_bulk"),
        reserve=of_now("reserve"),
        cold=bool(of_now("cold")),
        per_day=may.per_day,
        day_left=None if left is None else int(left),
        kept=None if kept is None else int(kept),
        per_s=per_s,
        seconds_to_stop=_seconds_to_stop(left, kept, per_s, DAY_S - now % DAY_S),
    )


def _seconds_to_stop(
    left: int | None, kept: int | None, per_s: float, of_the_day: float
) -> float | None:
    """How long bulk goes on at this pace; None where the day ends first, or nothing is known."""
    if left is None or kept is None:
        return None
    if left <= kept:
        return 0.0
    seconds = (left - kept) / per_s if per_s else of_the_day
    return seconds if seconds < of_the_day else None
