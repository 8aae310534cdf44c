"""One page of the CRM's list for a backfill: who of its people is there already?

Before the first push, and by ordinary jobs: a page is a job, and a worker that dies goes on at the
page. After each page ``contacts.existence`` is asked whether the next one pays.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from contacts.errors import AccessLost, SyncError, TryAgain, TryLater
from contacts.existence import Known, State, goes_on
from contacts.jobs import Job
from contacts.store import audit, pairing
from contacts.store.database import Tx
from contacts.store.pairing import Listed
from contacts.store.walks import Walk, Way
from worker import doubles
from worker.crm.client import Cursor, Desk, Page, Row
from worker.seen import seen
from worker.workbench import Effect, Workbench

PATIENCE = 2
"""After so many attempts the list is given up: what it saves is calls, and people wait."""

log = structlog.get_logger("rollbook.worker")


def page(walk: Walk, job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Read the next page by one call, link whoever is on it, and choose how it goes on.

    Raises:
        SyncError: it is tried again; after a few attempts the rest goes one by one.
    """
    desk = bench.desk(job, trail)
    try:
        refuses = doubles.refused(bench, desk, job.location)
        found = _asked(walk, desk)
    except SyncError as error:
        if _may_wait(error, job):
            raise
        return _failed(walk, error, bench)
    living = [row for row in found.rows if not row.theirs.deleted]
    walk = replace(walk, shown=walk.shown.union(*(row.shown for row in living)))
    rows = [_listed(walk, row) for row in living]
    with bench.store.read() as tx:
        pairs = pairing.match(tx, walk.location, rows)

    def effect(tx: Tx) -> None:
        now = bench.clock()
        left = pairing.link(tx, job, walk, pairs, now=now)
        known = replace(pairing.of(tx, walk.run), refuses=refuses)
        after = _after(known, found, paired=len(left), sure=sum(one.sure for one in left))
        cursor = (found.cursor.after, found.cursor.after_id) if found.cursor else None
        if after.state is State.WALKING:
            pairing.go_on(tx, replace(walk, cursor=cursor), after, now=now)
        else:
            log.info("who is there", run=walk.run, found=after.found, why=after.why)
            pairing.end(tx, replace(walk, cursor=cursor), after, now=now)

    return effect


def _may_wait(error: SyncError, job: Job) -> bool:
    """Whether the page is asked for again. A token that may write may still not read lists."""
    if isinstance(error, AccessLost) and error.code == "scope":
        return False
    return isinstance(error, TryLater) or (isinstance(error, TryAgain) and job.attempts < PATIENCE)


def _asked(walk: Walk, desk: Desk) -> Page:
    cursor = Cursor(*walk.cursor) if walk.cursor else None
    return desk.contacts(cursor) if walk.way is Way.LIST else desk.search(cursor)


def _listed(walk: Walk, row: Row) -> Listed:
    theirs = row.theirs
    return Listed(
        seen(theirs), walk.shown | theirs.values.keys() | theirs.custom.keys(), row.caseless
    )


def _after(known: Known, found: Page, *, paired: int, sure: int) -> Known:
    """What is known after a page, and how it goes on."""
    known = replace(
        known,
        state=State.WALKING,
        found=known.found + paired,
        hoped=max(known.hoped - paired, 0),
        sure=known.sure + sure,
        total=found.total if found.total is not None else known.total,
        pages=known.pages + 1,
        rows=known.rows + len(found.rows),
    )
    if found.cursor is None or not found.rows:
        # Fewer than it says there are: what it lost on the way may be somebody of ours.
        return replace(known, state=State.OVER, why="the whole list was read")
    going, why = goes_on(known)
    if going:
        return known
    over = not known.left or known.pages_left == 0
    return replace(known, state=State.OVER if over else State.STOPPED, why=why)


def _failed(walk: Walk, error: SyncError, bench: Workbench) -> Effect:
    """The list cannot be read: nobody waits for it any longer."""
    log.warning("the list cannot be read", run=walk.run, code=error.code)

    def effect(tx: Tx) -> None:
        known = replace(pairing.of(tx, walk.run), state=State.FAILED, why=error.code)
        pairing.end(tx, walk, known, now=bench.clock())

    return effect
