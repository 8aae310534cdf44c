"""One page of a walk over the CRM's contacts: who differs from what was agreed?

Nothing is repaired here. Whoever differs gets an ordinary job, and only the walk's own progress is
kept: a worker that dies goes on at the page.
"""

from __future__ import annotations

from dataclasses import replace

from contacts.drift import Shown
from contacts.echoes import TAGS
from contacts.jobs import Job
from contacts.settings import Reconcile
from contacts.store import audit, ledger, walk_pages, walk_steps, walks
from contacts.store.database import Tx
from contacts.store.walk_steps import Guard
from contacts.store.walks import BACKFILL, ENDED, Phase, Walk, Way
from worker import pairing
from worker.crm.client import Cursor, Desk, Page, Row
from worker.crm.lists import LARGEST_PAGE
from worker.workbench import Effect, Workbench, nothing


def page(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Read the next page by one call, or take the next step, which makes none.

    The subject is the run.

    Raises:
        SyncError: see ``worker.crm.answers``.
    """
    with bench.store.read() as tx:
        walk = walks.load(tx, job.subject)
    if walk is None or walk.phase in ENDED:
        return nothing
    if walk.phase is not Phase.WALK:
        return _step(walk, bench)
    way = walks.way_of(Reconcile.LIST, bench.settings.crm_version)
    if walk.way is Way.LIST and way is not None and way is not Way.LIST:
        walk = walks.from_the_start(walk, way)  # it was begun in a version that has a list
    if walk.kind == BACKFILL:
        return pairing.page(walk, job, bench, trail)
    return _page(walk, _asked(walk, bench.desk(job, trail)), bench)


def _asked(walk: Walk, desk: Desk) -> Page:
    cursor = Cursor(*walk.cursor) if walk.cursor else None
    if walk.way is Way.LIST:
        return desk.contacts(cursor)
    return desk.search(cursor, newest=walk.way is Way.NEWEST)


def _page(walk: Walk, found: Page, bench: Workbench) -> Effect:
    living = [row for row in found.rows if not row.theirs.deleted]
    walk = replace(walk, shown=walk.shown.union(*(row.shown for row in living)))
    recent = [row for row in living if _is_recent(walk, row)]
    cursor = found.cursor
    if not found.rows or len(recent) < len(living):
        cursor = None
    rows = [(row.theirs.id, _shown(walk, row), row.theirs.updated_at) for row in recent]
    with bench.store.read() as tx:
        told = walk_pages.read(tx, walk, rows, adopt=bench.settings.adopt, now=bench.clock())

    def effect(tx: Tx) -> None:
        now = bench.clock()
        after = walk_pages.keep(
            tx,
            walk,
            told,
            remote_ids=[row.theirs.id for row in recent],
            cursor=(cursor.after, cursor.after_id) if cursor else None,
            total=found.total,
            short=len(found.rows) < LARGEST_PAGE,
            now=now,
        )
        _keep(tx, after, now)

    return effect


def _is_recent(walk: Walk, row: Row) -> bool:
    at = row.theirs.updated_at
    return walk.since is None or at is None or at >= walk.since


def _shown(walk: Walk, row: Row) -> Shown:
    """What a row says, and of what: a field that no row of the list ever had is not blank in it."""
    theirs = row.theirs
    own = {name for name in theirs.custom if name.startswith("custom.")}
    values = dict(theirs.values)
    for name, called in theirs.custom.items():
        if called in values:
            values[name] = values[called]
    return Shown(
        values=values,
        fields={*walk.shown, *own, *values},
        caseless=row.caseless,
        tags=theirs.tags if TAGS in theirs.marks else None,
    )


def _step(walk: Walk, bench: Workbench) -> Effect:
    settings = bench.settings
    guard = Guard(settings.guard_contacts, settings.guard_percent)

    def effect(tx: Tx) -> None:
        now = bench.clock()
        _keep(tx, walk_steps.go_on(tx, walk, guard, now=now), now)

    return effect


def _keep(tx: Tx, walk: Walk, now: float) -> None:
    """Where it is now, and the job that goes on from there: one commit with the page's own."""
    walks.keep(tx, walk)
    if walk.phase not in ENDED:
        ledger.put(tx, [walk.wish()], now=now)
