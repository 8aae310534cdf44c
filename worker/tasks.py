"""One task for each kind of job, and the clock's small duties. No rule, no SQL, no HTTP here."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from itertools import chain
from typing import Any, Final

import redis
from celery import Celery

from contacts import belt, parcels, redis_client
from contacts.jobs import WALKS, Kind
from contacts.store import (
    asked,
    audit,
    consents,
    firings,
    inbox,
    ledger,
    plans,
    platform_events,
    platform_view,
    processes,
    roster_view,
    sightings,
    task_walk,
    ticks,
    timeline,
)
from contacts.tempo import DAY_S
from worker import (
    access_install,
    access_renew,
    batch,
    call,
    check,
    contact_tasks,
    courses,
    doubt,
    enrol,
    feed,
    fields,
    listing,
    location_tasks,
    nights,
    notes,
    probe,
    pull,
    push,
    reconcile,
    rules,
    tags,
    their_notes,
    their_tasks,
    write_back,
)
from worker.outcomes import Parked
from worker.workbench import Deed, Workbench

KEPT_EVENTS_S: Final = 7 * DAY_S
"""Webhooks are known again, and echoes recognised, for a week; the CRM gives up after hours."""

NIGHT_S: Final = 6 * 3600.0
"""A night begun so lately is this one: another beat's tick, or one that a beat makes up for."""

EARLY: Final = 0.9
"""A tick that comes this share of its interval after the last one is the next one, not another
beat's."""

DEEDS: dict[Kind, Deed] = {
    Kind.PUSH: push.contact,
    Kind.TAG: tags.contact,
    Kind.NOTE: notes.note,
    Kind.TASK: contact_tasks.task,
    Kind.FIELDS: fields.location,
    Kind.PULL: pull.contact,
    Kind.NOTES: their_notes.contact,
    Kind.TASKS: their_tasks.contact,
    Kind.TASK_OWNER: location_tasks.owner,
    Kind.TASK_WALK: location_tasks.walk,
    Kind.PAGE: reconcile.page,
    Kind.DOUBT: doubt.contact,
    Kind.RULES: rules.contact,
    Kind.ENROL: enrol.contact,
    Kind.LIST: listing.contact,
    Kind.PLATFORM: write_back.contact,
    Kind.FEED: feed.location,
    Kind.COURSES: courses.location,
    Kind.ACCESS_EXCHANGE: access_install.exchange,
    Kind.ACCESS_LOCATIONS: access_install.locations,
    Kind.ACCESS_REFRESH: access_renew.grant,
    Kind.CHECK: check.location,
    Kind.CALL: call.call,
    Kind.PROBE: probe.location,
}


def register(app: Celery, bench: Workbench) -> None:
    """Give the application its tasks, each bound to the workbench.

    They are not shared: Celery would give them to the next application of the process as well.
    """
    for kind, deed in DEEDS.items():
        _register_job(app, bench, kind, deed)
    _register_clock(app, bench)


def _register_job(app: Celery, bench: Workbench, kind: Kind, deed: Deed) -> None:
    @app.task(name=kind.value, throws=(Parked,), shared=False)  # type: ignore[untyped-decorator]
    def job_task(**message: Any) -> str:
        told = batch.run(parcels.read(kind, message), deed, bench)
        if kind in WALKS:
            _ring(bench)
        return told


def _ring(bench: Workbench) -> None:
    """The next page of a walk is due, and a dispatcher that has nothing to do looks once a second:
    twice the time of a page would be waited for each. It looks by itself where Redis is away."""
    with suppress(redis.RedisError):
        redis_client.ring(bench.redis, belt.WAKE_KEY)


def _register_clock(app: Celery, bench: Workbench) -> None:
    store, settings = bench.store, bench.settings

    @app.task(name=belt.TICK_RECLAIM, shared=False)  # type: ignore[untyped-decorator]
    def reclaim() -> int:
        return ledger.reclaim(store, attempts_max=settings.attempts)

    @app.task(name=belt.TICK_PRUNE, shared=False)  # type: ignore[untyped-decorator]
    def prune() -> int:
        older = settings.keep_calls_days * DAY_S
        return (
            audit.prune(store, older_than_s=older)
            + asked.prune(store, older_than_s=older)
            + ledger.prune(store, older_than_s=older)
            + plans.prune(store, older_than_s=settings.keep_history_days * DAY_S)
            + timeline.prune(store, older_than_s=settings.keep_history_days * DAY_S)
            + firings.prune(store, older_than_s=settings.keep_history_days * DAY_S)
            + inbox.prune(store, older_than_s=KEPT_EVENTS_S)
            + platform_events.prune(store, older_than_s=settings.keep_history_days * DAY_S)
            + sightings.prune(store, older_than_s=KEPT_EVENTS_S)
            + consents.prune(store, older_than_s=KEPT_EVENTS_S)
        )

    @app.task(name=belt.TICK_HEARTBEAT, shared=False)  # type: ignore[untyped-decorator]
    def heartbeat(*, name: str) -> None:
        processes.beat(store, name, "beat", 0)

    @app.task(bind=True, name=belt.TICK_NIGHT, shared=False)  # type: ignore[untyped-decorator]
    def night(self: Any) -> int:
        if not ticks.take(store, belt.TICK_NIGHT, str(self.request.id), every_s=NIGHT_S):
            return 0
        walked = nights.begin_walks(bench)
        return len(walked) + put_what_is_owed(bench, but=walked)

    @app.task(name=belt.TICK_RENEW, shared=False)  # type: ignore[untyped-decorator]
    def renew() -> int:
        return access_renew.put_due(bench)

    @app.task(bind=True, name=belt.TICK_SCAN, shared=False)  # type: ignore[untyped-decorator]
    def scan(self: Any) -> int:
        every_s = settings.scan_seconds * EARLY
        if not ticks.take(store, belt.TICK_SCAN, str(self.request.id), every_s=every_s):
            return 0
        return nights.begin_scans(bench)


def put_what_is_owed(bench: Workbench, *, but: Collection[str] = ()) -> int:
    """The nightly check of our own side: whoever is owed something and has no job gets one. And a
    walk over the tasks of each location that has some.

    Args:
        but: locations of which a run finds who is owed something in the CRM.

    Returns:
        how many jobs were put.
    """
    put = 0
    ours = ([w for w in some if w.location not in but] for some in roster_view.owed(bench.store))
    for wishes in chain(ours, platform_view.owed(bench.store)):
        with bench.store.write() as tx:
            put += ledger.put(tx, wishes, now=bench.clock())
    with bench.store.write() as tx:
        return put + ledger.put(tx, task_walk.due(tx), now=bench.clock())
