"""How a job ends: done, later, again or parked, and what each means to the ledger and to Flower.

A deed returns its effect (what was agreed, a note's remote id); the effect and ``done`` are one
commit. A deed that fails raises; the class of the error is the decision (``contacts.errors``).

    done     SUCCESS in Flower
    later    RETRY: nothing failed, the attempt does not count; a whole location may be paused
    again    RETRY: failed for now, backoff in the ledger
    parked   FAILURE: a person must look
    stopped  FAILURE: not in the plan of its run, which ends with it; nothing was sent

A contact that is gone in the CRM is no reason to ask a person: it was merged or deleted there, and
``contact.pull`` finds out which. So the job steps back behind one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

import structlog
from celery.exceptions import Retry

from contacts.backoff import full_jitter
from contacts.errors import ContactGone, GiveUp, NotPlanned, NotYet, SyncError, TryAgain, TryLater
from contacts.jobs import WRITING, Job, Lane, Ticket
from contacts.store import accounts, audit, ledger, ledger_together, looks, plans
from contacts.store.database import DatabaseDown, Tx
from worker import access
from worker.crm.transport import read_only
from worker.workbench import Company, Deed, Effect, Trail, Workbench

COMMIT_WAITS_S = (0.2, 0.5, 1.0, 2.0, 4.0)
"""A database that restarts is waited for, or an effect in the CRM would be forgotten. 7.7 s in
all, within the lease; after that the job comes back as doubtful."""

AWAY = "the database is away"
STOPPING = "this worker is stopping"
DONE = "done"
STALE = "stale"

T = TypeVar("T")

log = structlog.get_logger("rollbook.worker")


class Parked(Exception):  # named for what Flower shows, not an error of ours
    """Shown by Flower as FAILURE. The text is the parked reason: ids and field names only."""


class Stopped(Parked):
    """The run of the job was stopped: it has a plan, and this was not in it."""


class Again(Exception):  # shown by Flower
    """When and why a job will be tried again: ids and field names only."""


Shown: TypeAlias = Retry | Parked
"""What Flower is to be shown of a job that is not done."""

Ending = Callable[[Tx, Job, Any, Workbench], Shown]
"""Writes how a job ended into the ledger."""


def run(ticket: Ticket, deed: Deed, bench: Workbench) -> str:
    """Claim the job, do the deed, settle it.

    Returns:
        ``done``, or ``stale`` for a delivery of a job that is not, or no longer, this one's to do.

    Raises:
        Retry: it will be tried again; says when and why.
        Parked: a person must look.
    """
    if bench.stopping.is_set():
        give_back([ticket], bench)
        raise _shown(STOPPING, seconds=0.0, bench=bench)
    job = begin(ticket, bench)
    return STALE if job is None else work(job, deed, bench)[0]


def begin(ticket: Ticket, bench: Workbench) -> Job | None:
    """Claim the job; None: it is not, or no longer, this worker's to do.

    Raises:
        Retry: no database.
    """

    def claim() -> Job | None:
        lease_s = bench.settings.lease_seconds
        return ledger.claim(bench.store, ticket, worker=bench.name, lease_s=lease_s)

    try:
        return _patiently(bench, claim)
    except DatabaseDown:
        raise _shown(AWAY, seconds=bench.settings.claim_seconds, bench=bench) from None


def give_back(tickets: Sequence[Ticket], bench: Workbench) -> None:
    """Let jobs that were not begun wait in the ledger again.

    Raises:
        Retry: no database; their lease brings them back.
    """
    try:
        ledger.withdraw(bench.store, tickets)
    except DatabaseDown:
        raise _shown(AWAY, seconds=bench.settings.claim_seconds, bench=bench) from None


def work(
    job: Job, deed: Deed, bench: Workbench, then: Callable[[Tx], T | None] = lambda _: None
) -> tuple[str, T | None]:
    """Do the deed of a claimed job, and settle it.

    Args:
        then: what else is to be committed with ``done``; not where the job ends otherwise.

    Returns:
        ``done`` or ``stale``, and what ``then`` returned.

    Raises:
        Retry, Parked: see :func:`run`.
    """
    trail = Trail()
    try:
        if bench.settings.read_only and job.kind in WRITING:
            raise read_only()
        effect = deed(job, bench, trail)

        def write(tx: Tx) -> tuple[str, T | None]:
            return _done(tx, job, effect, trail, bench), then(tx)

        return _commit(bench, write)
    except Exception as error:  # noqa: BLE001  whatever a deed may raise has an outcome
        raise _settle(job, _meaning(job, error, trail), trail, bench) from None
    finally:
        bench.access.shown.pop(job.id, None)


def _done(tx: Tx, job: Job, effect: Effect, trail: Trail, bench: Workbench) -> str:
    _keep(tx, trail, bench)
    if not ledger.done(tx, job, now=bench.clock()):
        return STALE
    effect(tx)
    return DONE


def _keep(tx: Tx, trail: Trail, bench: Workbench) -> None:
    """The calls, and the ends of the jobs that went along and have one of their own."""
    company = trail.company
    if company is None:
        audit.record(tx, trail)
        return
    audit.record(tx, trail, shared=[job.id for job in company.called])
    done = [job for job in company.jobs if company.ends.get(job.id, job) is None]
    mine = ledger_together.done(tx, done, now=bench.clock())
    if company.effect is not None:
        company.effect(tx, mine)
    ledger_together.part_with(tx, company.parted, now=bench.clock())
    for job in company.jobs:
        error = company.ends.get(job.id)
        if error is not None:
            _tell(job, _ending(error, job, bench)(tx, job, error, bench))


def _others(trail: Trail) -> list[Job]:
    """Those that went along and end as the job that took them."""
    company = trail.company
    if company is None:
        return []
    return [job for job in company.jobs if job.id not in company.ends and job not in company.parted]


def _meaning(job: Job, error: Exception, trail: Trail) -> SyncError | None:
    """What the exception of a deed or of its commit leads to; None: only the lease can tell."""
    if isinstance(error, SyncError):
        return error
    if isinstance(error, DatabaseDown):
        # Where a call was made its effect is not in the ledger: after the lease the next attempt
        # looks first.
        return None if trail else NotYet(AWAY, seconds=1.0, code="database-away")
    log.error("a deed broke", job=job.id, kind=job.kind, exc_info=error)
    if trail.company is not None:  # what was to be said of the others may be what broke
        trail.company = Company(trail.company.jobs, trail.company.called)
    reason = f"a defect in Rollbook: {type(error).__name__} (see the worker's log)"
    return TryAgain(reason, code="defect", doubtful=True)


def _settle(job: Job, error: SyncError | None, trail: Trail, bench: Workbench) -> Shown:
    """Write the outcome of a failed deed into the ledger; returns what Flower is to be shown."""
    lease_s = bench.settings.lease_seconds
    if error is None:
        return _shown(AWAY, seconds=lease_s, bench=bench)
    log.info("job not done", job=job.id, kind=job.kind, code=error.code, reason=error.reason)
    try:
        shown = _commit(bench, lambda tx: _ended(tx, job, error, trail, bench))
    except DatabaseDown:
        return _shown(AWAY, seconds=lease_s, bench=bench)
    except Exception as defect:  # its text would reach Flower, with a row in it
        log.error("an outcome broke", job=job.id, kind=job.kind, exc_info=defect)
        reason = f"a defect in Rollbook: {type(defect).__name__} (see the worker's log)"
        return _shown(reason, seconds=lease_s, bench=bench)
    _tell(job, shown)
    return shown


def _tell(job: Job, shown: Shown) -> None:
    if isinstance(shown, Stopped):
        log.warning("run stopped", run=job.run, job=job.id, kind=job.kind, reason=str(shown))
    elif isinstance(shown, Parked):
        code, _, reason = str(shown).partition(": ")
        log.warning("job parked", job=job.id, kind=job.kind, code=code, reason=reason)


def _ended(tx: Tx, job: Job, error: SyncError, trail: Trail, bench: Workbench) -> Shown:
    _keep(tx, trail, bench)
    others = _others(trail)
    if isinstance(error, TryLater):
        return _later(tx, job, error, bench, others)
    ending = _ending(error, job, bench)
    if ending is _again:
        spent = [one for one in others if _spent(one, bench)]
        for one in spent:
            _tell(one, _park(tx, one, error, bench))
        return _again(tx, job, error, bench, [one for one in others if one not in spent])
    for one in others:
        _tell(one, _ending(error, one, bench)(tx, one, error, bench))
    return ending(tx, job, error, bench)


def _ending(error: SyncError, job: Job, bench: Workbench) -> Ending:
    """What is done about a failure."""
    if isinstance(error, TryLater):
        return _later
    if isinstance(error, NotPlanned):
        return _stop
    if isinstance(error, ContactGone) and job.contact:
        return _look
    return _park if _spent(job, bench) or isinstance(error, GiveUp) else _again


def _spent(job: Job, bench: Workbench) -> bool:
    return job.attempts + 1 >= bench.settings.attempts


def _later(
    tx: Tx, job: Job, error: TryLater, bench: Workbench, others: Sequence[Job] = ()
) -> Retry:
    now = bench.clock()
    shown = bench.access.shown.get(job.id)
    heard = access.heed(tx, job, error, shown, now=now, forget=bench.forget)
    # A paused location holds its jobs back by itself: they are due as soon as it goes on.
    seconds = 0.0 if _pause(tx, job, heard, now) else heard.seconds
    wait: Any = {"code": heard.code, "reason": heard.reason, "doubtful": heard.doubtful}
    ledger.later(tx, job, now=now, seconds=seconds, **wait)
    ledger_together.wait_again(tx, others, now=now, seconds=seconds, **wait)
    return _shown(heard.reason, seconds=heard.seconds, bench=bench)


def _pause(tx: Tx, job: Job, error: TryLater, now: float) -> bool:
    """Pause the job's location if the error says so; returns whether that holds the job back."""
    if not error.pause:
        return False
    until = now + error.seconds
    holds = accounts.pause(tx, job.location, until, error.reason, bulk_only=error.bulk_only)
    return holds and not (error.bulk_only and job.lane is Lane.LIVE)


def _again(
    tx: Tx, job: Job, error: SyncError, bench: Workbench, others: Sequence[Job] = ()
) -> Retry:
    seconds = full_jitter(
        job.attempts + 1, base_s=bench.settings.backoff_seconds, random=bench.random
    )
    now = bench.clock()
    wait: Any = {"code": error.code, "reason": error.reason, "doubtful": error.doubtful}
    ledger.again(tx, job, now=now, seconds=seconds, **wait)
    ledger_together.wait_again(tx, others, now=now, seconds=seconds, failed=True, **wait)
    return _shown(
        f"attempt {job.attempts + 1} of {bench.settings.attempts}: {error.reason}",
        seconds=seconds,
        bench=bench,
    )


def _look(tx: Tx, job: Job, error: SyncError, bench: Workbench) -> Shown:
    """Behind a look at the contact; before a person is asked, as often as any failure is tried."""
    gone_again = job.code == error.code
    if gone_again and _spent(job, bench):
        reason = "the CRM shows the contact, but calls it gone when it is written to"
        return _park(tx, job, TryAgain(reason, code=error.code), bench)
    seconds = 0.0
    if gone_again:  # the look found it there, so something in the CRM is late
        base_s = bench.settings.backoff_seconds
        seconds = full_jitter(job.attempts, base_s=base_s, random=bench.random)
    now = bench.clock()
    reason = f"{error.reason}; it is looked for first"
    if looks.first(tx, job, now=now):
        wait: Any = {"code": error.code, "reason": reason, "doubtful": error.doubtful}
        ledger.step_back(tx, job, now=now, seconds=seconds, **wait)
    return _shown(reason, seconds=seconds, bench=bench)


def _park(tx: Tx, job: Job, error: SyncError, bench: Workbench) -> Parked:
    reason = error.reason
    if isinstance(error, TryAgain):
        reason = f"{error.reason} ({job.attempts + 1} attempts)"
    ledger.park(tx, job, now=bench.clock(), code=error.code, reason=reason, doubtful=error.doubtful)
    return Parked(f"{error.code}: {reason}")


def _stop(tx: Tx, job: Job, error: SyncError, bench: Workbench) -> Parked:
    """The run ends: this job and those that wait are begun no more. Nothing is parked, for nothing
    is wrong with the contact: whoever plans again finds it owed."""
    assert isinstance(error, NotPlanned)
    assert job.run is not None
    run, why, now = job.run, plans.Stop(error.contact, error.piece), bench.clock()
    # It waits again, so that it is ended with the others, and with what was wished meanwhile.
    ledger.later(tx, job, now=now, seconds=0.0, code=error.code, reason=error.reason)
    plans.stop(tx, run, why, now=now)
    return Stopped(f"{error.code}: {error.reason}")


def _commit(bench: Workbench, write: Callable[[Tx], T]) -> T:
    """One transaction, waiting for a database that is only restarting.

    Raises:
        DatabaseDown: it stayed away.
    """

    return _patiently(bench, lambda: bench.store.commit(write))


def _patiently(bench: Workbench, deed: Callable[[], T]) -> T:
    # Also while the worker stops: what a running call brought about is not thrown away.
    for wait in COMMIT_WAITS_S:
        try:
            return deed()
        except DatabaseDown:
            bench.sleep(wait)
    return deed()


def _shown(reason: str, *, seconds: float, bench: Workbench) -> Retry:
    """What Flower shows of a job that will be tried again: when and why."""
    when = datetime.fromtimestamp(bench.clock() + seconds, UTC).replace(microsecond=0)
    text = f"{reason}; again at {when:%H:%M:%S} UTC"
    return Retry(text, exc=Again(text), when=when)
