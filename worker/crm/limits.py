"""What a location is allowed, what the limiter answers, and what it shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownDay:
    """What was seen of the day; times in ms since the epoch, 0: not seen.

    Attributes:
        begins_from, begins_to: between these the CRM's day began.
        left: calls that were left by the CRM's header, at ``at``.
    """

    begins_from: int = 0
    begins_to: int = 0
    left: int = 0
    at: int = 0

    def arguments(self) -> tuple[int, ...]:
        """As the script reads them, in its order."""
        return (self.begins_from, self.begins_to, self.left, self.at)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the CRM allows one location (its documentation: 100 calls in 10 s, 200,000 a day).

    Attributes:
        per_window: calls in any window. The header X-RateLimit-Max lowers it, never raises it.
        window_ms: length of the window.
        per_day: calls a day.
        live_reserve: places that bulk leaves free while live calls were seen in the last minute.
            One brings a lone live call from 0.1 s to a few ms, three carry those that come
            together at one a second; each costs bulk a percent, while it is held.
        bulk_floor: places that live leaves to bulk while bulk waits.
        in_flight: calls without an answer yet, at most; never more than half of the window. It
            bounds what may be on its way when Redis forgets, so it is also kept free then.
        day_bulk_share: bulk stops when this share of the day is left.
        day_live_floor: live stops when this many calls of the day are left.
        known: what the database remembers of the day, where Redis's memory is lost.
        strict: no header is trusted to free a place or to quicken the pace; headers may still add
            the calls of others and lower the limit.
    """

    per_window: int = 100
    window_ms: int = 10_000
    per_day: int = 200_000
    live_reserve: int = 3
    bulk_floor: int = 10
    in_flight: int = 20
    day_bulk_share: float = 0.15
    day_live_floor: int = 50
    known: KnownDay = KnownDay()
    strict: bool = False

    def arguments(self) -> tuple[int, ...]:
        """As the script reads them, in its order."""
        return (
            self.per_window,
            self.window_ms,
            self.per_day,
            self.live_reserve,
            self.bulk_floor,
            self.in_flight,
            int(self.per_day * self.day_bulk_share),
            self.day_live_floor,
            *self.known.arguments(),
            int(self.strict),
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """A token. Send ``wait_ms`` from now, then report ``done``; or ``cancel``."""

    token: str
    wait_ms: int


@dataclass(frozen=True, slots=True)
class ComeBack:
    """No token yet. Ask again after ``wait_ms`` with the ticket: it keeps the place in line."""

    wait_ms: int
    ticket: str


@dataclass(frozen=True, slots=True)
class Refused:
    """No token for long: the day is used up for this lane. Look again after ``wait_ms``.

    Attributes:
        begins_ms: when the CRM's next day begins at the latest, since the epoch; 0: not known.
    """

    wait_ms: int
    begins_ms: int = 0


@dataclass(frozen=True, slots=True)
class Paused:
    """No token until the pause is over, ``wait_ms`` from now; ``reason`` says why."""

    wait_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Look:
    """One location's bucket at a glance; times in ms.

    Attributes:
        used: places held by our own calls, of ``per_window``.
        ghosts: places kept free for calls that are not ours or that Redis forgot.
        day_used, day_left: of ``per_day``, as far as we and the CRM's headers know.
        waiting_bulk: places in line, bulk and sweep.
        waiting_live: places in line, live.
        live_seen: 1 when a live call asked within the last minute, so the reserve is held.
        cold: 1 while waiting for the answer to a probe, because memory may have been lost.
        flying: calls without an answer yet.
        day_kept: calls of the day that bulk leaves to live.
        day_pace: calls of the day in 1000 s, of everybody who uses the quota.
        day_heard: 1 when ``day_left`` is the CRM's word; 0 when we count our own of the last 24 h.
        begins_from, begins_to: between these the CRM's day begins next, ms since the epoch; 0: not
            known.
        armed: 1 while the CRM may be one that estimates from two windows, which is checked before
            each call; 0 when its headers have shown that it is not.
        counts: how the CRM counts, see ``contacts.tempo.Counting``.
    """

    used: int
    per_window: int
    window_ms: int
    ghosts: int
    day_used: int
    day_left: int
    per_day: int
    waiting_bulk: int
    waiting_live: int
    live_seen: int
    cold: int
    flying: int
    day_kept: int
    day_pace: int
    day_heard: int
    begins_from: int
    begins_to: int
    armed: int
    counts: int
