"""What a probe of a location's window saw, and what was told from it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select

from contacts.jobs import Kind, Lane, Wish
from contacts.store import checks
from contacts.store.database import Store, Tx
from contacts.store.tables import checks as table
from contacts.store.tables import jobs

PARTS: Final = (1, 2)
"""Two probes at different moments of a window; the jobs carry the number as their subject."""


def wish(location: str, part: int, *, due_at: float = 0.0) -> Wish:
    """The job of one part."""
    return Wish(Kind.PROBE, location, subject=part, lane=Lane.LIVE, due_at=due_at)


def keep(tx: Tx, location: str, part: int, facts: dict[str, Any], *, now: float) -> None:
    """Keep what a part saw; what it saw before is forgotten."""
    checks.write(tx, location, _name(part), {"facts": facts}, now=now)


def seen(store: Store, location: str, part: int) -> dict[str, Any] | None:
    """What a part saw, and ``at``; None: it was never made."""
    query = select(table.c.checked_at, table.c.facts).where(
        table.c.location == location, table.c.what == _name(part)
    )
    with store.read() as tx:
        row = tx.execute(query).first()
    return None if row is None else {**row.facts, "at": row.checked_at}


def open_jobs(store: Store, location: str) -> list[tuple[str, int, str | None]]:
    """(state, part, reason) of a probe's jobs that are not settled."""
    query = select(jobs.c.state, jobs.c.subject, jobs.c.reason).where(
        jobs.c.kind == Kind.PROBE.value,
        jobs.c.location == location,
        jobs.c.state.in_(("waiting", "released", "parked")),
    )
    with store.read() as tx:
        return [(row.state, row.subject, row.reason) for row in tx.execute(query)]


def _name(part: int) -> str:
    return f"window-{part}"
