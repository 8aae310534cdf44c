"""Walks over the CRM's contacts: how far each one is, what it has seen, what it found.

A walk is a run with a row here that says what is done next. One job does one thing: it reads one
page, or goes on with what follows the last one. What it did and where the next one begins are one
commit, so a crash resumes at the page.

    WALK ──► MISSING ──► OWED ──► PUTTING ──► DONE
               (only after a      │    ▲
                complete walk)    └► ASKING, until somebody says `--confirm`
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sqlalchemy import select, text, update

from contacts.errors import UsageError
from contacts.jobs import Kind, Lane, Wish
from contacts.settings import V3, Reconcile
from contacts.store import ledger, runs, walk_book
from contacts.store.database import Store, Tx
from contacts.store.tables import OPEN, jobs
from contacts.store.tables import runs as run_table
from contacts.store.tables import walks as table

RECONCILE: Final = "reconcile"
SCAN: Final = "scan"
BACKFILL: Final = "backfill"
"""Kinds of run. That of a backfill only finds out who is there; see ``contacts.store.pairing``."""

OVERLAP_S: Final = 300.0
"""What was changed so shortly before the last look may not have been in the index yet."""


class Way(StrEnum):
    """Which list is read."""

    LIST = "list"
    """``GET /contacts/``: those added last first."""
    SEARCH = "search"
    """The search: those changed last come last."""
    NEWEST = "newest"
    """The search: those changed last come first, back to a time."""


def way_of(by: Reconcile, version: str) -> Way | None:
    """Which list a setting means; None: the CRM is not asked.

    Args:
        version: of the CRM's API. The specification of v3 has no ``GET /contacts/``: there the
            search is read instead.
    """
    if by is Reconcile.OFF:
        return None
    return Way.SEARCH if by is Reconcile.SEARCH or version == V3 else Way.LIST


class Phase(StrEnum):
    """What is done next."""

    WALK = "walk"
    """The next page is read."""
    MISSING = "missing"
    """Who is linked, and was on no page?"""
    OWED = "owed"
    """Who is owed something and has no job?"""
    ASKING = "asking"
    """It would do too much; somebody has to say yes."""
    PUTTING = "putting"
    """What had to be counted first is put."""
    DONE = "done"


ENDED: Final = frozenset({Phase.ASKING, Phase.DONE})
"""Nothing is done by itself."""

Cursor = tuple[int, str]
"""Where a page begins: (milliseconds since the epoch, the CRM's id)."""


@dataclass(frozen=True, slots=True)
class Walk:
    """How far a walk is.

    Attributes:
        since: what was not changed after it is not looked at, seconds since the epoch; None: all.
        begun_at: when its first page was asked for.
        first_total, last_total: how many contacts the CRM said there are; None: it did not.
        place: up to which contact of ours a step has come.
        shown: fields that rows of this list have shown.
        counts: of its run.
    """

    run: int
    location: str
    kind: str
    way: Way
    phase: Phase
    cursor: Cursor | None
    since: float | None
    begun_at: float
    first_total: int | None
    last_total: int | None
    place: int
    shown: frozenset[str]
    confirmed: bool
    counts: Mapping[str, int]

    def wish(self, *, due_at: float = 0.0) -> Wish:
        """The job that does what is next."""
        lane = Lane.BULK if self.kind == BACKFILL else Lane.SWEEP
        return Wish(Kind.PAGE, self.location, 0, self.run, lane, self.run, due_at)


def begin(
    tx: Tx,
    location: str,
    *,
    way: Way | None,
    title: str,
    now: float,
    since: float | None = None,
    due_at: float = 0.0,
) -> int | None:
    """Begin a run of reconciliation; one that waits for an answer is overtaken by it.

    Args:
        way: None: the CRM is not asked, only our own side is looked at.
        since: only what was changed there after it, seconds since the epoch.
        due_at: when its first job is done; at once.

    Returns:
        the run; None: one is under way.
    """
    for old in _unfinished(tx, location, RECONCILE):
        if _under_way(tx, old):
            return None
        _drop(tx, old, now=now)
    run = runs.start(tx, location=location, kind=RECONCILE, title=title, now=now)
    insert_row(
        tx,
        run,
        location=location,
        way=way or Way.LIST,
        phase=Phase.OWED if way is None else Phase.WALK,
        since=since,
        begun_at=due_at or now,
    )
    ledger.put(tx, [load_sure(tx, run).wish(due_at=due_at)], now=now)
    return run


def scan(tx: Tx, location: str, *, title: str, back_s: float, now: float) -> int | None:
    """Look at what was changed since the last scan; one run for each title.

    Args:
        title: with the day.
        back_s: how far the first scan of a location looks back.

    Returns:
        the run; None: the scan before is still under way.
    """
    last = _last_scan(tx, location)
    if last is not None and _under_way(tx, last.run):
        return None
    since = now - back_s
    if last is not None and last.begun_at > since:
        since = last.begun_at - OVERLAP_S
    query = select(run_table.c.title).where(run_table.c.id == (last.run if last else 0))
    if last is not None and tx.execute(query).scalar_one_or_none() == title:
        run = last.run
        values = {"phase": Phase.WALK.value, "cursor": None, "since": since, "begun_at": now}
        tx.execute(update(table).where(table.c.run == run).values(**values))
    else:
        run = runs.start(tx, location=location, kind=SCAN, title=title, now=now)
        runs.read(tx, run, {}, now)  # it is no run that somebody waits for
        insert_row(
            tx,
            run,
            location=location,
            way=Way.NEWEST,
            phase=Phase.WALK,
            since=since,
            begun_at=now,
        )
    ledger.put(tx, [load_sure(tx, run).wish()], now=now)
    return run


def insert_row(
    tx: Tx,
    run: int,
    *,
    location: str,
    way: Way,
    phase: Phase,
    since: float | None,
    begun_at: float,
) -> None:
    """Write down what a run does next, at its beginning."""
    # What rows of this list show is known from the walk before.
    query = (
        select(table.c.shown)
        .where(table.c.location == location, table.c.way == way.value)
        .order_by(table.c.run.desc())
        .limit(1)
    )
    shown = tx.execute(query).scalar_one_or_none() or []
    tx.execute(
        table.insert().values(
            run=run,
            location=location,
            way=way.value,
            phase=phase.value,
            since=since,
            begun_at=begun_at,
            shown=shown,
        )
    )


def load(tx: Tx, run: int) -> Walk | None:
    """A walk; None: there is none of that run, or it was cancelled."""
    query = (
        select(table, run_table.c.kind, run_table.c.counts)
        .select_from(table.join(run_table, run_table.c.id == table.c.run))
        .where(table.c.run == run, run_table.c.state != "cancelled")
    )
    row = tx.execute(query).first()
    if row is None:
        return None
    found = dict(row._mapping)
    return Walk(
        **found
        | {
            "way": Way(row.way),
            "phase": Phase(row.phase),
            "cursor": (int(row.cursor[0]), str(row.cursor[1])) if row.cursor else None,
            "shown": frozenset(row.shown),
            "confirmed": bool(row.confirmed),
        }
    )


def load_sure(tx: Tx, run: int) -> Walk:
    """A walk that is there."""
    found = load(tx, run)
    assert found is not None
    return found


def keep(tx: Tx, walk: Walk) -> None:
    """Keep how far it is, and its counts; in the transaction of what it did."""
    tx.execute(
        update(table)
        .where(table.c.run == walk.run)
        .values(
            way=walk.way.value,
            phase=walk.phase.value,
            cursor=list(walk.cursor) if walk.cursor else None,
            since=walk.since,
            begun_at=walk.begun_at,
            first_total=walk.first_total,
            last_total=walk.last_total,
            place=walk.place,
            shown=sorted(walk.shown),
            confirmed=walk.confirmed,
        )
    )
    runs.progress(tx, walk.run, walk.counts)


def from_the_start(walk: Walk, way: Way) -> Walk:
    """A walk that goes on with another list: from its start; who was seen already counts once."""
    return replace(walk, way=way, cursor=None, first_total=None, shown=frozenset())


def counted(walk: Walk, more: Mapping[str, int]) -> dict[str, int]:
    """Its counts with these added."""
    found = dict(walk.counts)
    for name, number in more.items():
        if number:
            found[name] = found.get(name, 0) + number
    return found


# ---------------------------------------------------------------- beginning and answering


def confirm(tx: Tx, run: int, *, now: float) -> Walk:
    """Let a run that asks go on.

    Raises:
        UsageError: it does not ask.
    """
    walk = load(tx, run)
    if walk is None or walk.phase is not Phase.ASKING:
        raise UsageError(f"run {run} does not ask for anything: `rollbook report {run}` says more")
    values = {"phase": Phase.PUTTING.value, "confirmed": True}
    tx.execute(update(table).where(table.c.run == run).values(**values))
    runs.resume(tx, run)
    ledger.put(tx, [walk.wish()], now=now)
    return load_sure(tx, run)


def under_way(store: Store, location: str) -> int | None:
    """The run of reconciliation that is under way; None: none is."""
    with store.read() as tx:
        return next((r for r in _unfinished(tx, location, RECONCILE) if _under_way(tx, r)), None)


def run_called(store: Store, location: str, title: str) -> int | None:
    """The newest run of that title; None: there is none."""
    query = (
        select(run_table.c.id)
        .where(run_table.c.location == location, run_table.c.title == title)
        .order_by(run_table.c.id.desc())
        .limit(1)
    )
    with store.read() as tx:
        return tx.execute(query).scalar_one_or_none()


def jitter_s(location: str, spread_s: float) -> float:
    """How long after the others a location begins its night: always the same, between 0 and the
    spread, so that many locations do not begin at once."""
    first = hashlib.sha256(location.encode()).digest()[:4]
    return spread_s * int.from_bytes(first, "big") / 2**32


def _unfinished(tx: Tx, location: str, kind: str) -> list[int]:
    query = (
        select(table.c.run)
        .select_from(table.join(run_table, run_table.c.id == table.c.run))
        .where(
            table.c.location == location,
            table.c.phase != Phase.DONE.value,
            run_table.c.kind == kind,
        )
        .order_by(table.c.run)
    )
    return [int(run) for run in tx.execute(query).scalars()]


def _last_scan(tx: Tx, location: str) -> Walk | None:
    query = (
        select(table.c.run)
        .select_from(table.join(run_table, run_table.c.id == table.c.run))
        .where(table.c.location == location, run_table.c.kind == SCAN)
        .order_by(table.c.run.desc())
        .limit(1)
    )
    run = tx.execute(query).scalar_one_or_none()
    return None if run is None else load(tx, run)


def _under_way(tx: Tx, run: int) -> bool:
    """Whether its next job will come by itself."""
    where = select(table.c.location).where(table.c.run == run).scalar_subquery()
    query = select(jobs.c.id).where(
        jobs.c.kind == Kind.PAGE.value,
        jobs.c.location == where,
        jobs.c.contact == 0,
        jobs.c.subject == run,
        text(OPEN),
    )
    return tx.execute(query).first() is not None


def _drop(tx: Tx, run: int, *, now: float) -> None:
    """Another run takes its place: its own job, if a person must look at it, does nothing more."""
    walk_book.forget(tx, run)
    tx.execute(update(table).where(table.c.run == run).values(phase=Phase.DONE.value))
    runs.cancel(tx, run, now)
