"""How far a run is: one look, and what a person wants to know of it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from contacts import tempo
from contacts.existence import Known
from contacts.settings import Settings
from contacts.store import accounts, audit, ledger_view, processes, runs
from contacts.store.database import Store
from contacts.store.ledger_view import Counts
from contacts.store.runs import Run
from contacts.tempo import Counting
from producers import forecast

RATE_S = 10.0
"""The speed that is shown is that of the last 10 s, the CRM's own window."""

SPARING = 20.0
"""What is left is counted for at most a twentieth of the time."""

PACE_S = 60.0
"""When it will be over is told by the pace of the last minute: 600 calls, so that a second in which
none was answered is not seen."""

FRESH_S = 20.0
"""A worker copies the limiter's state every 3 s while the location is busy; older is history."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the CRM allows a location, and how much of it is taken.

    Attributes:
        per_s: calls a second.
        window: calls in a window.
        used: tokens of the window that are taken now; None: not seen lately.
        day_left: calls left today; None: not seen yet.
        counting: how the CRM counts, as far as was seen.
    """

    per_s: float
    window: int
    used: int | None
    day_left: int | None
    counting: Counting = Counting.UNKNOWN


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a run.

    Attributes:
        at: seconds since the epoch.
        rate: calls a second of the location, over the last 10 s.
        pace: calls of the run a second, as they will be.
        spare: calls that go out besides, because a bucket is full, or may be.
        calls_left: that its open jobs will make; see :mod:`producers.forecast`.
        paused: why the location is paused, and until when (seconds since the epoch).
        missing: kinds of process that are needed and not alive.
        held: jobs of it that wait because nothing may be written to the CRM.
    """

    at: float
    run: Run
    jobs: Counts
    rate: float
    pace: float
    limits: Limits
    paused: tuple[str, float] | None
    missing: tuple[str, ...]
    held: int = 0
    calls_left: float = 0.0
    spare: float = 0.0

    @property
    def over(self) -> bool:
        """Whether nothing of the run is left to be done, or may be."""
        left = self.jobs.open - self.held
        return (
            self.run.state in ("finished", "cancelled")
            or (self.run.state == "interrupted" and left == 0)
            or (self.run.state == "queued" and self.held > 0 and left == 0)
        )

    @property
    def seconds_left(self) -> float | None:
        """How long it will take at this pace; None while nothing moves, or while more calls are
        left than the CRM allows today."""
        if self.jobs.open <= self.held or self.pace <= 0 or self.paused or self.missing:
            return None
        if self.limits.day_left is not None and self.calls_left > self.limits.day_left:
            return None
        limit_per_s = self.limits.per_s
        return tempo.seconds(self.calls_left, self.pace, limit_per_s=limit_per_s, spare=self.spare)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        jobs = self.jobs
        return {
            "run": self.run.id,
            "location": self.run.location,
            "state": self.run.state,
            "queued": jobs.open,
            "waiting": jobs.waiting,
            "released": jobs.released,
            "done": jobs.done,
            "tried_again": jobs.retried,
            "parked": jobs.parked,
            "cancelled": jobs.cancelled,
            "calls_left": round(self.calls_left),
            "calls_per_s": round(self.rate, 1),
            "limit_per_s": round(self.limits.per_s, 1),
            "tokens_used": self.limits.used,
            "tokens": self.limits.window,
            "day_left": self.limits.day_left,
            "seconds_left": None if self.seconds_left is None else round(self.seconds_left),
            "paused": self.paused and {"reason": self.paused[0], "until": self.paused[1]},
            "missing": list(self.missing),
            "held_read_only": self.held,
            "existence": self.run.existence,
        }


@dataclass(slots=True)
class Ahead:
    """The calls that a run still needs; asked anew only now and then while somebody looks on, for
    it means to count all jobs of the run: 0.4 s where they are 150,000.

    Attributes:
        at: when it was asked, seconds since the epoch.
        calls: what was left then.
        cost_s: how long it took to ask.
    """

    at: float = float("-inf")
    calls: float = 0.0
    cost_s: float = 0.0

    def left(self, store: Store, run: Run, pace: float, settings: Settings) -> float:
        """The calls that are left now."""
        now = store.clock()
        if now - self.at < SPARING * self.cost_s:
            return max(self.calls - pace * (now - self.at), 0.0)
        began = time.perf_counter()
        self.calls = forecast.calls_left(
            ledger_view.by_kind(store, run.id),
            audit.by_operation(store, run=run.id),
            run.existence,
            alike=ledger_view.alike(store, run.id),
            batch=settings.tag_batch,
            read_only=settings.read_only,
        )
        self.at, self.cost_s = now, time.perf_counter() - began
        return self.calls


def look(store: Store, settings: Settings, run: Run, ahead: Ahead | None = None) -> Look:
    """See how far a run is.

    Args:
        ahead: who looks again and again brings what was known the last time.

    Raises:
        DatabaseDown: no answer.
    """
    now = store.clock()
    place = accounts.location(store, run.location)
    paused = None
    if place.paused_until is not None and place.paused_until > now:
        paused = (place.pause_reason or "no reason given", place.paused_until)
    seconds = _rate_seconds(run, now)
    run = runs.get(store, run.id) or run
    may = limits(store, settings, place)
    since = now - _began(run)
    pace = _pace(store, run, may, since)
    left = (ahead or Ahead()).left(store, run, pace, settings)
    return Look(
        at=now,
        run=run,
        jobs=ledger_view.counts(store, run=run.id),
        rate=audit.rate(store, location=run.location, seconds=seconds),
        pace=_with_pages(store, run, pace, left),
        limits=may,
        paused=paused,
        missing=missing(store),
        held=ledger_view.writing(store, run=run.id) if settings.read_only else 0,
        calls_left=left,
        spare=_spare(store, run, may, pace),
    )


def _began(run: Run) -> float:
    """Since when its calls tell how fast it goes, seconds since the epoch; in the future while the
    pages of a list are read: they come one after the other, and tell nothing of that."""
    known = Known.of(run.existence) if run.existence else None
    if known is not None and known.reading:
        return math.inf
    return run.started_at if known is None or known.over_at is None else known.over_at


def _pace(store: Store, run: Run, may: Limits, since: float) -> float:
    """Calls a second, as they will be: those of the last minute, and for the part of it that is
    not lived yet what is usual where the CRM counts like that.

    A bucket that was full hides the limit at first.
    """
    lately = audit.pace(store, run.id, seconds=PACE_S)
    if not lately:
        return 0.0
    usual = _usual(may)
    if since < RATE_S:  # a few calls tell nothing
        return usual
    if since < PACE_S:
        part = since / PACE_S
        lately = part * (audit.pace(store, run.id, seconds=since) or usual) + (1 - part) * usual
    return min(lately, may.per_s)


def _usual(may: Limits) -> float:
    """Calls a second, where the CRM counts like that."""
    window_ms = 1000 * may.window / may.per_s
    return 1000 / tempo.gap_ms(
        may.counting, calls=may.window, window_ms=window_ms, mean_ms=tempo.USUAL_MS
    )


def _with_pages(store: Store, run: Run, pace: float, left: float) -> float:
    """The pace of all calls that are left, where some of them go out while a list is read: each
    page waits for the one before and for what that has brought, so meanwhile it is slower."""
    known = Known.of(run.existence) if run.existence else None
    if known is None or not known.reading or known.pages < 2 or not known.pages_left:
        return pace
    if known.by_list is None or known.by_each is None or known.by_list > known.by_each:
        return pace  # it will be given up
    lately = audit.pace(store, run.id, seconds=PACE_S)
    if not left or lately > tempo.QUICK * pace:
        return pace  # what the pages find is enough to do
    # The next page is on its way: half of it, in the mean.
    a_page_s = (store.clock() - (run.read_at or run.started_at)) / (known.pages + 0.5)
    reading_s = (known.pages_left - 0.5) * a_page_s
    meanwhile = min(lately * reading_s, left)
    return left / (reading_s + (left - meanwhile) / pace)


def _spare(store: Store, run: Run, may: Limits, pace: float) -> float:
    """Calls that go out beside the pace, where it is the limit that holds them: what a bucket has.
    Whether it is one is known after half a minute's calls; where it is not, it is none any more
    after those of a minute."""
    usual = _usual(may)
    if pace < tempo.QUICK * usual:
        return 0.0
    if may.counting is Counting.REFILLS:
        return may.window - (may.used or 0)
    made = audit.rate(store, location=run.location, seconds=PACE_S) / usual
    return tempo.spare(may.counting, may.window) * min(1.0, max(0.0, 2 - 2 * made))


def _rate_seconds(run: Run, now: float) -> float:
    """The last 10 s; of a run that is younger its whole life, or its speed would look too low."""
    return min(RATE_S, max(1.0, now - run.started_at))


def limits(store: Store, settings: Settings, place: accounts.Location) -> Limits:
    """What a location may call, and how much of it is taken."""
    may = accounts.allowed(settings, place)
    per_s = may.calls / may.window_s
    seen = place.limits_seen
    if not seen:
        return Limits(per_s, may.calls, None, None)
    fresh = store.clock() - float(seen["at"]) < FRESH_S
    day_left = seen.get("day_left")
    return Limits(
        per_s=per_s,
        window=may.calls,
        used=int(seen["used"]) if fresh else None,
        day_left=None if day_left is None else int(day_left),
        counting=tempo.counting(seen),
    )


def missing(store: Store) -> tuple[str, ...]:
    """Kinds of process without which nothing moves, and which are not alive."""
    alive = {process.kind for process in processes.living(store)}
    return tuple(kind for kind in ("dispatcher", "worker") if kind not in alive)
