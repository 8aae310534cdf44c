"""How refresh tokens were used: how often each, how many calls at once, and whose answer was lost.

This is what a judge of single flight asks. A call begins when its body has arrived and ends when
its answer was sent, or could not be; latency and stalls are within.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ops.simulator.oauth_grants import Grants


@dataclass(slots=True)
class Use:
    """What became of one refresh token.

    Attributes:
        place: ``client_id`` and location (None: the agency).
        calls: how often it was sent.
        told: how many of those got a whole answer below 500.
        given: how many were answered 200.
        repeated: calls that came although an earlier one had been told its pair.
    """

    place: tuple[str, str | None]
    calls: int = 0
    told: int = 0
    given: int = 0
    repeated: int = 0


@dataclass(slots=True)
class Flight:
    """A call of ``/oauth/token`` with a refresh token that is under way.

    Attributes:
        waits: whether its client is still there.
    """

    use: Use
    waits: Callable[[], bool]


@dataclass(slots=True)
class Watch:
    """The log of the OAuth server. ``most`` is how many waited at once, by place."""

    grants: Grants
    uses: dict[str, Use] = field(default_factory=dict)
    most: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    unknown: int = 0
    _flights: dict[tuple[str, str | None], list[Flight]] = field(default_factory=dict)

    def begins(self, refresh: str, waits: Callable[[], bool]) -> Flight | None:
        """A call with a refresh token has arrived; None if nobody ever had this token."""
        holder = self.grants.holder(refresh)
        if holder is None:
            self.unknown += 1
            return None
        use = self.uses.setdefault(refresh, Use(holder.place))
        use.calls += 1
        use.repeated += use.given > 0
        flight = Flight(use, waits)
        flights = self._flights.setdefault(holder.place, [])
        flights.append(flight)
        waiting = sum(one.waits() for one in flights)
        self.most[holder.place] = max(self.most[holder.place], waiting)
        return flight

    def ends(self, flight: Flight, status: int, *, whole: bool) -> None:
        """Its answer went out, ``whole`` or not."""
        flights = self._flights[flight.use.place]
        flights.remove(flight)
        if not flights:
            del self._flights[flight.use.place]
        told = whole and 0 < status < 500
        flight.use.told += told
        flight.use.given += told and status == 200

    def report(self) -> dict[str, Any]:
        """The counts of all, and of each place; no token is shown."""
        uses = list(self.uses.values())
        by_place: dict[tuple[str, str | None], list[Use]] = {}
        for one in uses:
            by_place.setdefault(one.place, []).append(one)
        return {
            **_summed(uses),
            "most_at_once": max(self.most.values(), default=0),
            "under_way": sum(len(some) for some in self._flights.values()),
            "calls_per_token": {
                str(calls): n for calls, n in sorted(Counter(one.calls for one in uses).items())
            },
            "unknown": self.unknown,
            "installed": [
                {"client_id": one.app, "location": one.location, "scopes": list(one.scopes)}
                for one in self.grants.installs.values()
            ],
            "places": [
                {
                    "client_id": app,
                    "location": location,
                    **_summed(some),
                    "most_at_once": self.most[app, location],
                }
                for (app, location), some in by_place.items()
            ],
        }


def _summed(uses: list[Use]) -> dict[str, int]:
    return {
        "refresh_tokens": len(uses),
        "refresh_calls": sum(one.calls for one in uses),
        "refreshed": sum(one.given > 0 for one in uses),
        "unanswered": sum(one.calls - one.told for one in uses),
        "repeated": sum(one.repeated for one in uses),
    }
