"""How a job ends: done, later, again or parked, and what each means to the ledger and to Flower.

A deed returns its effect (what was agreed, a note's remote id); the effect and ``done`` are one
commit. A deed that fails raises; the class of the error is the decision (``contacts.errors``).

    done     SUCCESS in Flower
    later    RETRY: nothing failed, the attempt does not count; a whole location may be paused
    again    RETRY: failed for now, backoff in the ledger
    parked   FAILURE: a person must look
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from celery.exceptions import Retry

from contacts.backoff import full_jitter
from contacts.errors import GiveUp, SyncError, TryAgain, TryLater
from contacts.jobs import Job, Ticket
from contacts.store import accounts, audit, ledger
from contacts.store.database import DatabaseDown, Tx
from worker.workbench import Deed, Effect, Workbench

LEASE_S = 60.0
"""How long a claimed job belongs to its worker: a token's wait (3 s), connecting (5 s), an answer
(10 s) and a margin. After it the job goes to somebody else, who looks before writing."""

COMMIT_WAITS_S = (0.2, 0.5, 1.0, 2.0, 4.0)
"""A database that restarts is waited for, or an effect in the CRM would be forgotten. 7.7 s in
all, within the lease; after that the job comes back as doubtful."""

log = structlog.get_logger("rollbook.worker")


class Parked(Exception):  # named for what Flower shows, not an error of ours
    """Shown by Flower as FAILURE. The text is the parked reason: ids and field names only."""


def run(ticket: Ticket, deed: Deed, bench: Workbench) -> str:
    """Claim the job, do the deed, settle it.

    Returns:
        ``done``, or ``stale`` for a delivery of a job that is no longer this one's to do.

    Raises:
        Retry: it will be tried again; says when and why.
        Parked: a person must look.
    """
    try:
        job = ledger.claim(bench.store, ticket, worker=bench.name, lease_s=LEASE_S)
    except DatabaseDown:
        raise _shown("the database is away", seconds=1.0, bench=bench) from None
    if job is None:
        return "stale"
    trail: list[audit.Call] = []
    try:
        effect = deed(job, bench, trail)
        _commit(bench, lambda tx: _done(tx, job, effect, trail, bench.clock()))
    except SyncError as error:
        raise _settle(job, error, trail, bench) from None
    except DatabaseDown:
        # The ledger still says released. Its lease runs out, and the next attempt looks first.
        raise _shown("the database is away", seconds=LEASE_S, bench=bench) from None
    except Exception as error:
        log.exception("a deed broke", job=job.id, kind=job.kind)
        reason = f"a defect in Rollbook: {type(error).__name__} (see the worker's log)"
        broken = TryAgain(reason, code="defect", doubtful=True)
        raise _settle(job, broken, trail, bench) from None
    return "done"


def _done(tx: Tx, job: Job, effect: Effect, trail: list[audit.Call], now: float) -> None:
    audit.record(tx, trail)
    if ledger.done(tx, job, now=now):
        effect(tx)


def _settle(
    job: Job, error: SyncError, trail: list[audit.Call], bench: Workbench
) -> Retry | Parked:
    """Write the outcome of a failed deed into the ledger; returns what Flower is to be shown."""
    log.info("job not done", job=job.id, kind=job.kind, code=error.code, reason=error.reason)
    try:
        if isinstance(error, TryLater):
            return _later(job, error, trail, bench)
        if isinstance(error, GiveUp) or job.attempts + 1 >= bench.settings.attempts:
            return _park(job, error, trail, bench)
        return _again(job, error, trail, bench)
    except DatabaseDown:
        return _shown("the database is away", seconds=LEASE_S, bench=bench)


def _later(job: Job, error: TryLater, trail: list[audit.Call], bench: Workbench) -> Retry:
    now = bench.clock()

    def write(tx: Tx) -> None:
        audit.record(tx, trail)
        if error.pause:
            accounts.pause(
                tx, job.location, now + error.seconds, error.reason, bulk_only=error.bulk_only
            )
        # A paused location holds its jobs back by itself: they are due as soon as it goes on.
        ledger.later(
            tx,
            job,
            now=now,
            seconds=0.0 if error.pause else error.seconds,
            code=error.code,
            reason=error.reason,
            doubtful=error.doubtful,
        )

    _commit(bench, write)
    return _shown(error.reason, seconds=error.seconds, bench=bench)


def _again(job: Job, error: SyncError, trail: list[audit.Call], bench: Workbench) -> Retry:
    now = bench.clock()
    seconds = full_jitter(
        job.attempts + 1, base_s=bench.settings.backoff_seconds, random=bench.random
    )

    def write(tx: Tx) -> None:
        audit.record(tx, trail)
        ledger.again(
            tx,
            job,
            now=now,
            seconds=seconds,
            code=error.code,
            reason=error.reason,
            doubtful=error.doubtful,
        )

    _commit(bench, write)
    return _shown(
        f"attempt {job.attempts + 1} of {bench.settings.attempts}: {error.reason}",
        seconds=seconds,
        bench=bench,
    )


def _park(job: Job, error: SyncError, trail: list[audit.Call], bench: Workbench) -> Parked:
    reason = error.reason
    if isinstance(error, TryAgain):
        reason = f"{error.reason} ({job.attempts + 1} attempts)"

    def write(tx: Tx) -> None:
        audit.record(tx, trail)
        ledger.park(tx, job, now=bench.clock(), code=error.code, reason=reason)

    _commit(bench, write)
    log.warning("job parked", job=job.id, kind=job.kind, code=error.code, reason=reason)
    return Parked(f"{error.code}: {reason}")


def _commit(bench: Workbench, write: Effect) -> None:
    """One transaction, waiting for a database that is only restarting.

    Raises:
        DatabaseDown: it stayed away.
    """
    for wait in (*COMMIT_WAITS_S, None):
        try:
            with bench.store.write() as tx:
                write(tx)
            return
        except DatabaseDown:
            if wait is None:
                raise
            bench.stopping.wait(wait)


def _shown(reason: str, *, seconds: float, bench: Workbench) -> Retry:
    """What Flower shows of a job that will be tried again: when and why."""
    when = datetime.fromtimestamp(bench.clock() + seconds, UTC).replace(microsecond=0)
    return Retry(f"{reason}; again at {when:%H:%M:%S} UTC", exc=Again(reason), when=when)


class Again(Exception):  # shown by Flower
    """Why a job will be tried again: ids and field names only."""
