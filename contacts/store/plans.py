"""Runs with a plan: what they may write, and the one that was about to write something else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, update

from contacts import plans
from contacts.plans import Pieces, Touched
from contacts.store import ledger, runs
from contacts.store.database import Store, Tx
from contacts.store.tables import contacts, links, plan_pieces
from contacts.store.tables import plans as table

BATCH: Final = 5_000
"""Rows of one statement."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a run with a plan was stopped: it was about to write this to that contact of ours."""

    contact: int
    piece: str


def attach(tx: Tx, run: int, touched: Iterable[Touched], *, now: float) -> None:
    """From now on this run writes what is planned, and nothing else. In the transaction that begins
    it, or its first job could be out before."""
    tx.execute(table.insert().values(run=run, attached_at=now))
    rows: list[dict[str, Any]] = []
    for one in touched:
        for key in one.keys:
            for name, mark in one.pieces.items():
                rows.append({"run": run, "whose": key, "piece": name, "mark": mark})
        if len(rows) >= BATCH:
            tx.execute(plan_pieces.insert(), rows)
            rows = []
    if rows:
        tx.execute(plan_pieces.insert(), rows)


def has(tx: Tx, run: int) -> bool:
    """Whether a run has a plan. It has it from its beginning, or never."""
    return tx.execute(_HAS, {"b_run": run}).first() is not None


_HAS: Final = select(table.c.run).where(table.c.run == bindparam("b_run"))
_STATE: Final = select(table.c.stopped_at, table.c.contact, table.c.piece).where(
    table.c.run == bindparam("b_run")
)
_WHO: Final = (
    select(contacts.c.email, contacts.c.phone, links.c.remote_id)
    .select_from(contacts.outerjoin(links, links.c.contact == contacts.c.id))
    .where(contacts.c.id == bindparam("b_contact"))
)
_OWNER: Final = (
    select(links.c.contact)
    .select_from(links.join(contacts, contacts.c.id == links.c.contact))
    .where(links.c.location == bindparam("b_location"), links.c.remote_id == bindparam("b_remote"))
)
_PLANNED: Final = select(plan_pieces.c.piece, plan_pieces.c.mark).where(
    plan_pieces.c.run == bindparam("b_run"),
    plan_pieces.c.whose.in_(bindparam("b_keys", expanding=True)),
)


def stopped(tx: Tx, run: int) -> Stop | None:
    """Why a run was stopped; None: it was not, or has no plan."""
    row = tx.execute(_STATE, {"b_run": run}).first()
    if row is None or row.stopped_at is None:
        return None
    return Stop(row.contact or 0, row.piece or "")


def refusal(
    tx: Tx, run: int, location: str, contact: int, parts: Sequence[tuple[str, Pieces]]
) -> Stop | None:
    """What of a call must not be sent; None: all of it is planned.

    Args:
        contact: of the job that makes the call.
        parts: (the CRM's id of a contact, or "" for that of the job, what is written to it).
    """
    already = stopped(tx, run)
    if already is not None:
        return already
    for remote_id, wanted in parts:
        whose = contact
        if len(parts) > 1 and remote_id:
            owner = {"b_location": location, "b_remote": remote_id}
            whose = tx.execute(_OWNER, owner).scalar_one_or_none() or 0
        keys = [plans.remote_key(remote_id)] if remote_id else []
        row = tx.execute(_WHO, {"b_contact": whose}).first()
        if row is not None:
            keys += plans.person_keys(row.email, row.phone)
            keys += [plans.remote_key(row.remote_id)] if row.remote_id else []
        rows = tx.execute(_PLANNED, {"b_run": run, "b_keys": keys or [""]})
        piece = plans.unplanned({row.piece: row.mark for row in rows}, wanted)
        if piece is not None:
            return Stop(whose, piece)
    return None


def stop(tx: Tx, run: int, why: Stop, *, now: float) -> int:
    """End a run before it writes what was not planned. The first reason stays.

    Returns:
        how many of its waiting jobs are begun no more.
    """
    tx.execute(
        update(table)
        .where(table.c.run == run, table.c.stopped_at.is_(None))
        .values(stopped_at=now, contact=why.contact, piece=why.piece)
    )
    runs.cancel(tx, run, now)
    return ledger.cancel_run(tx, run, now=now)


def of(store: Store, run: int) -> Stop | None:
    """Why a run was stopped; None: it was not."""
    with store.read() as tx:
        return stopped(tx, run)


def prune(store: Store, *, older_than_s: float) -> int:
    """Forget what was planned long ago; that a run had a plan, and why it was stopped, stays.

    Returns:
        how many pieces.
    """
    old = select(table.c.run).where(table.c.attached_at < store.clock() - older_than_s)
    with store.write() as tx:
        return int(tx.execute(delete(plan_pieces).where(plan_pieces.c.run.in_(old))).rowcount)
