"""One task for each kind of job, and the clock's small duties. No rule, no SQL, no HTTP here."""

from __future__ import annotations

from celery import Celery

from contacts import belt
from contacts.jobs import Kind, Lane, Ticket
from contacts.store import audit, ledger, processes, roster
from worker import fields, notes, outcomes, push, tags
from worker.outcomes import Parked
from worker.workbench import Deed, Workbench

DEEDS: dict[Kind, Deed] = {
    Kind.PUSH: push.contact,
    Kind.TAG: tags.contact,
    Kind.NOTE: notes.note,
    Kind.FIELDS: fields.location,
}

NIGHT_BATCH = 1000


def register(app: Celery, bench: Workbench) -> None:
    """Give the application its tasks, each bound to the workbench."""
    for kind, deed in DEEDS.items():
        _register_job(app, bench, kind, deed)
    _register_clock(app, bench)


def _register_job(app: Celery, bench: Workbench, kind: Kind, deed: Deed) -> None:
    @app.task(name=kind.value, throws=(Parked,))  # type: ignore[untyped-decorator]
    def job_task(*, job: int, release: int, location: str, contact: int, lane: str) -> str:
        ticket = Ticket(job, release, kind, location, contact, Lane(lane))
        return outcomes.run(ticket, deed, bench)


def _register_clock(app: Celery, bench: Workbench) -> None:
    store, settings = bench.store, bench.settings

    @app.task(name=belt.TICK_RECLAIM)  # type: ignore[untyped-decorator]
    def reclaim() -> int:
        return ledger.reclaim(store, attempts_max=settings.attempts)

    @app.task(name=belt.TICK_PRUNE)  # type: ignore[untyped-decorator]
    def prune() -> int:
        older = settings.keep_calls_days * 86400.0
        return audit.prune(store, older_than_s=older) + ledger.prune(store, older_than_s=older)

    @app.task(name=belt.TICK_HEARTBEAT)  # type: ignore[untyped-decorator]
    def heartbeat(*, name: str) -> None:
        processes.beat(store, name, "beat", 0)

    @app.task(name=belt.TICK_NIGHT)  # type: ignore[untyped-decorator]
    def night() -> int:
        return put_what_is_owed(bench)


def put_what_is_owed(bench: Workbench) -> int:
    """The nightly check of our own side: whoever is owed something and has no job gets one.

    Returns:
        how many jobs were put.
    """
    put, after = 0, 0
    while wishes := roster.owed(bench.store, after_contact=after, limit=NIGHT_BATCH):
        with bench.store.write() as tx:
            put += ledger.put(tx, wishes, now=bench.clock())
        after = max(wish.contact for wish in wishes)
    return put
