"""How fast a location may be called, what takes its places, and whether the day's calls last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contacts import tempo
from contacts.settings import Settings
from contacts.store import accounts, audit
from contacts.store.accounts import Location
from contacts.store.database import Store
from contacts.tempo import DAY_S, Counting
from producers.progress import FRESH_S

PACE_S: Final = 600.0
"""Calls a second are those of the last ten minutes."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One look at a location's limits. Times are seconds since the epoch.

    Attributes:
        window, window_s: so many calls in any window of so many seconds.
        own: which of window and day are the location's own, not the settings': names.
        used: places of it that our calls hold now; None: nobody was busy lately.
        in_flight: calls of these without an answer yet.
        foreign: places kept free for calls that are not ours, or that Redis forgot.
        live, bulk: calls that wait in line for a place.
        reserve: places that bulk leaves free, because live calls were seen in the last minute.
        armed: no more than the window goes in any window, whatever the CRM counts like; False: its
            headers have shown that more may; None: nobody was busy lately.
        counting: how it counts, as far as was seen.
        cold: the limiter's memory may have been lost; it waits for the answer to one call.
        paused_until, pause_reason, pause_bulk_only: as of the location.
        per_day, day_left: of the day's calls; left as the CRM's headers last said.
        heard: the CRM's headers said so; else our own count.
        kept: of these, bulk leaves so many to live calls.
        per_s: our calls a second over the last ten minutes.
        day_per_s: calls of the day a second, also of others who use the quota; None: not known.
        stops_at: when bulk stops at this pace; None: it does not, or nothing is known.
        begins_at: when the CRM's next day begins, and bulk goes on; None: not known yet.
    """

    location: str
    window: int
    window_s: float
    own: tuple[str, ...]
    used: int | None
    in_flight: int
    foreign: int
    live: int
    bulk: int
    reserve: int
    armed: bool | None
    counting: Counting
    cold: bool
    paused_until: float | None
    pause_reason: str | None
    pause_bulk_only: bool
    per_day: int
    day_left: int | None
    heard: bool
    kept: int | None
    per_s: float
    day_per_s: float | None
    stops_at: float | None
    begins_at: float | None

    @property
    def stopped(self) -> bool:
        """Whether bulk has used up its part of the day."""
        return self.day_left is not None and self.kept is not None and self.day_left <= self.kept

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"stopped": self.stopped, "counting": self.counting.name.lower()}


def look(store: Store, settings: Settings, place: Location) -> Flow:
    """See what a location may still be asked.

    Raises:
        DatabaseDown: no answer.
    """
    now, may = store.clock(), accounts.allowed(settings, place)
    seen = place.limits_seen
    fresh = now - float(seen.get("at", 0)) < FRESH_S
    begins_at = _next(float(seen.get("begins_to") or 0) / 1000, now)
    left, kept = _of_today(seen, begins_at, now), seen.get("kept")
    per_s = audit.rate(store, location=place.id, seconds=PACE_S)
    pace = float(seen["pace"]) if fresh and seen.get("pace") else per_s
    own = {"window": place.window_calls or place.window_ms, "day": place.day_calls}

    def of_now(name: str) -> int:
        return int(seen.get(name) or 0) if fresh else 0

    return Flow(
        location=place.id,
        window=may.calls,
        window_s=may.window_s,
        own=tuple(name for name, value in own.items() if value is not None),
        used=int(seen["used"]) if fresh else None,
        in_flight=of_now("flying"),
        foreign=of_now("ghosts"),
        live=of_now("waiting_live"),
        bulk=of_now("waiting_bulk"),
        reserve=of_now("reserve"),
        armed=bool(seen["armed"]) if fresh and "armed" in seen else None,
        counting=tempo.counting(seen),
        cold=bool(of_now("cold")),
        paused_until=place.paused_until,
        pause_reason=place.pause_reason,
        pause_bulk_only=place.pause_bulk_only,
        per_day=int(seen.get("per_day") or may.per_day) if left is not None else may.per_day,
        day_left=left,
        heard=bool(seen.get("heard")),
        kept=None if kept is None else int(kept),
        per_s=per_s,
        day_per_s=pace or None,
        stops_at=_stops_at(left, kept, pace, now, begins_at),
        begins_at=begins_at,
    )


def _next(begins: float, now: float) -> float | None:
    """The next beginning of the CRM's day, from one of any day; 0: none is known."""
    return None if begins <= 0 else begins + DAY_S * max(0, -((begins - now) // DAY_S))


def _of_today(seen: Mapping[str, Any], begins_at: float | None, now: float) -> int | None:
    """What is left of the day; None: nobody saw it since the CRM's day began."""
    left = seen.get("day_left")
    began = now - DAY_S if begins_at is None else begins_at - DAY_S
    return None if left is None or float(seen.get("at", 0)) < began else int(left)


def _stops_at(
    left: int | None, kept: int | None, pace: float, now: float, begins_at: float | None
) -> float | None:
    """When bulk stops at this pace; None where the day ends first, or nothing is known."""
    if left is None or kept is None or left <= kept or pace <= 0:
        return None
    at = now + (left - kept) / pace
    return at if at < (begins_at or now + DAY_S) else None
