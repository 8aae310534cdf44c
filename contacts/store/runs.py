"""One backfill or walk: who asked, how far it is, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select, update

from contacts.store.database import Store, Tx
from contacts.store.tables import jobs, runs


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        title: what it reads, e.g. the name of a file.
        state: reading, queued (all read, jobs are open), asking (it goes on when somebody says
            so), finished, interrupted or cancelled.
        started_at, read_at, finished_at: seconds since the epoch.
        counts: what was read: rows, people, merged, rejected, unchanged, jobs and so on.
        existence: how it is found out who is in the CRM already; see ``contacts.existence.Known``.
    """

    id: int
    location: str
    kind: str
    title: str
    state: str
    started_at: float
    read_at: float | None
    finished_at: float | None
    counts: dict[str, int]
    existence: dict[str, Any] | None = None


def start(tx: Tx, *, location: str, kind: str, title: str, now: float) -> int:
    """Begin a run.

    Returns:
        its id.
    """
    made = tx.execute(
        runs.insert()
        .values(
            location=location, kind=kind, title=title, state="reading", started_at=now, counts={}
        )
        .returning(runs.c.id)
    )
    return int(made.scalar_one())


def progress(tx: Tx, run: int, counts: Mapping[str, int]) -> None:
    """Keep how much was read; in the same transaction as the jobs it counts."""
    tx.execute(update(runs).where(runs.c.id == run).values(counts=dict(counts)))


def read(tx: Tx, run: int, counts: Mapping[str, int], now: float) -> None:
    """Everything was read; what is left is the jobs."""
    _end(tx, run, counts, state="queued", read_at=now)


def interrupt(tx: Tx, run: int, counts: Mapping[str, int], now: float) -> None:
    """Reading was broken off; the jobs put so far go on."""
    _end(tx, run, counts, state="interrupted", read_at=now)


def ask(tx: Tx, run: int, counts: Mapping[str, int], now: float) -> None:
    """It would do more than it may without being asked."""
    _end(tx, run, counts, state="asking", read_at=now)


def resume(tx: Tx, run: int) -> None:
    """It goes on."""
    tx.execute(update(runs).where(runs.c.id == run).values(state="reading", read_at=None))


def cancel(tx: Tx, run: int, now: float) -> None:
    """A person stopped it."""
    tx.execute(update(runs).where(runs.c.id == run).values(state="cancelled", finished_at=now))


def _end(tx: Tx, run: int, counts: Mapping[str, int], **values: Any) -> None:
    tx.execute(update(runs).where(runs.c.id == run).values(counts=dict(counts), **values))


def get(store: Store, run: int) -> Run | None:
    """One run as it stands now."""
    with store.read() as tx:
        row = tx.execute(select(runs).where(runs.c.id == run)).first()
        return _now(tx, Run(**row._mapping)) if row else None


def latest(store: Store) -> Run | None:
    """The newest run."""
    found = recent(store, limit=1)
    return found[0] if found else None


def recent(store: Store, limit: int = 20) -> list[Run]:
    """The newest runs, newest first."""
    with store.read() as tx:
        rows = tx.execute(select(runs).order_by(runs.c.id.desc()).limit(limit)).all()
        return [_now(tx, Run(**row._mapping)) for row in rows]


def _now(tx: Tx, run: Run) -> Run:
    """Nobody tells a run that its last job is settled: it is seen when somebody looks."""
    if run.state not in ("queued", "interrupted"):
        return run
    open_jobs = select(func.count()).where(
        jobs.c.run == run.id, jobs.c.state.in_(("waiting", "released"))
    )
    if tx.execute(open_jobs).scalar_one():
        return run
    last = tx.execute(select(func.max(jobs.c.settled_at)).where(jobs.c.run == run.id))
    ended = last.scalar_one_or_none() or run.read_at
    state = "finished" if run.state == "queued" else run.state
    return replace(run, state=state, finished_at=ended)
