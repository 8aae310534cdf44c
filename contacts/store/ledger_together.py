"""The verbs of several jobs that one call does: those alike with a job go along with it, and each
has its own outcome. One job at a time is in ``ledger``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import and_, bindparam, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from contacts.jobs import Job, Lane
from contacts.store import due
from contacts.store.database import Tx
from contacts.store.ledger import JOB, job_of, rest
from contacts.store.matching import chunks
from contacts.store.tables import OPEN_ALIKE, jobs, locations

ALONE: Final = "asked-alone"
"""Why a job waits that takes nobody along, nor goes along: the CRM's answer for many did not say
enough of it."""


def _joining(live: bool) -> Any:
    """Ids of jobs that may go along with one that is alike, oldest first."""
    here: Any = bindparam("here")
    now: Any = bindparam("now")
    paused = or_(locations.c.paused_until > now, locations.c.bulk_paused_until > now)
    if live:
        paused = locations.c.paused_until > now
    stopped = select(locations.c.id).where(locations.c.id == here, paused).exists()
    unclaimed = and_(jobs.c.state == "released", jobs.c.started_at.is_(None))
    free = and_(jobs.c.state == "waiting", jobs.c.due_at <= now, ~due.in_the_way())
    return (
        select(jobs.c.id)
        .where(
            jobs.c.location == here,
            jobs.c.alike == bindparam("mark"),
            text(f"jobs.{OPEN_ALIKE}"),
            jobs.c.id != bindparam("own"),
            jobs.c.lane == 0 if live else jobs.c.lane > 0,
            or_(jobs.c.code.is_(None), jobs.c.code != ALONE),
            jobs.c.attempts < bindparam("most"),
            or_(unclaimed, free),
            ~stopped,
        )
        .order_by(jobs.c.id)
        .limit(bindparam("room"))
    )


_JOINING: Final = {live: _joining(live) for live in (True, False)}
_JOIN: Final = {
    live: query.with_for_update(of=jobs, skip_locked=True) for live, query in _JOINING.items()
}


def has_company(tx: Tx, job: Job, mark: int, *, attempts: int, now: float) -> bool:
    """Whether :func:`join` would find somebody; it locks nothing."""
    values = {"here": job.location, "own": job.id, "mark": mark, "most": attempts, "now": now}
    query = _JOINING[job.lane is Lane.LIVE]
    return tx.execute(query, values | {"room": 1}).first() is not None


def join(
    tx: Tx, job: Job, mark: int, *, room: int, attempts: int, worker: str, now: float
) -> list[Job]:
    """Claim jobs that can be done by this one's call: those alike, oldest first.

    They wait and are due, or lie released in Redis, where their message will find them taken. None
    has another job of its contact before it, and none is taken while the location is paused. Live
    jobs take live ones along, the others each other.

    Args:
        mark: see :mod:`contacts.store.alike`.
        room: at most so many.
        attempts: those that failed so often go alone.
        worker: as for ``ledger.claim``; they have this job's lease.
    """
    values = {"here": job.location, "own": job.id, "mark": mark, "most": attempts, "now": now}
    chosen = tx.execute(_JOIN[job.lane is Lane.LIVE], values | {"room": room}).scalars().all()
    try:
        with tx.begin_nested():
            rows = tx.execute(
                _TAKE,
                {
                    "chosen": chosen,
                    "now": now,
                    "by": worker,
                    "until": job.lease_until,
                    "with_one": job.id,
                },
            )
            return sorted((job_of(row) for row in rows), key=lambda one: one.id)
    except IntegrityError:
        # Another job of one of these contacts was released at this very moment.
        return []


_TAKE: Final = (
    update(jobs)
    .where(jobs.c.id.in_(bindparam("chosen", expanding=True)))
    .values(
        state="released",
        release=jobs.c.release + 1,
        message=bindparam("with_one"),
        started_at=bindparam("now"),
        worker=bindparam("by"),
        lease_until=bindparam("until"),
    )
    .returning(*JOB)
)


def done(tx: Tx, some: Sequence[Job], *, now: float) -> list[Job]:
    """These jobs are settled.

    Returns:
        those that were still this worker's; no effect of the others must be written.
    """
    mine = _still_held(tx, some)
    for part in chunks([job.id for job in mine]):
        settled = {"state": "done", "settled_at": now, "lease_until": None}
        tx.execute(
            update(jobs).where(jobs.c.id.in_(part)).values(code=None, reason=None, **settled)
        )
    return mine


def wait_again(
    tx: Tx,
    some: Sequence[Job],
    *,
    now: float,
    seconds: float,
    code: str | None,
    reason: str | None,
    failed: bool = False,
    doubtful: bool = False,
) -> None:
    """These jobs wait again, all until the same moment, so that they can go together again.

    Args:
        failed: the attempt counts.
    """
    values: dict[str, Any] = {"due_at": now + seconds, "code": code, "reason": reason}
    if failed:
        values["attempts"] = jobs.c.attempts + 1
    if doubtful:
        values["doubtful"] = True
    rest(tx, [job.id for job in _still_held(tx, some)], **values)


def part_with(tx: Tx, some: Mapping[Job, int | None], *, now: float) -> None:
    """These jobs were taken along and are not alike any more: they wait as they did before.

    Args:
        some: with the number that each has now.
    """
    mine = _still_held(tx, list(some))
    rest(tx, [job.id for job in mine], due_at=now)
    for job in mine:
        tx.execute(update(jobs).where(jobs.c.id == job.id).values(alike=some[job]))


def _still_held(tx: Tx, some: Sequence[Job]) -> list[Job]:
    releases: dict[int, int] = {}
    for part in chunks(sorted(job.id for job in some)):
        query = select(jobs.c.id, jobs.c.release).where(
            jobs.c.id.in_(part), jobs.c.state == "released"
        )
        rows = tx.execute(query.order_by(jobs.c.id).with_for_update(of=jobs))
        releases |= {row.id: row.release for row in rows}
    return [job for job in some if releases.get(job.id) == job.release]
