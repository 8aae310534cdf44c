"""Which rule fired for whom, what for, and what it did: each once for each cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from contacts.rules import Firing
from contacts.store.database import Store, Tx
from contacts.store.inserting import insert
from contacts.store.tables import firings as table
from contacts.tempo import DAY_S


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule fired.

    Attributes:
        cause: what for, see ``contacts.rules``.
        did: what it did, in words without personal data.
        at: seconds since the epoch.
    """

    contact: int
    rule: str
    cause: str
    did: tuple[str, ...]
    at: float
    depth: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a rule fired, for how many contacts, and when last."""

    times: int
    contacts: int
    last_at: float


def begin(
    tx: Tx, location: str, contact: int, firing: Firing, *, job: int | None, now: float
) -> int | None:
    """Write down that a rule fires; returns its row, None: it did already for this cause."""
    statement = insert(tx, table).values(
        location=location,
        contact=contact,
        rule=firing.rule.name,
        cause=firing.cause,
        depth=firing.depth,
        at=now,
        job=job,
        did=[],
    )
    statement = statement.on_conflict_do_nothing(index_elements=["contact", "rule", "cause"])
    return tx.execute(statement.returning(table.c.id)).scalar_one_or_none()


def end(tx: Tx, id: int, did: Sequence[str]) -> None:
    """Write down what it did."""
    tx.execute(update(table).where(table.c.id == id).values(did=list(did)))


def known(tx: Tx, contact: int) -> set[tuple[str, str]]:
    """(rule, cause) of everything that fired for a contact."""
    query = select(table.c.rule, table.c.cause).where(table.c.contact == contact)
    return {(row.rule, row.cause) for row in tx.execute(query)}


def busy(tx: Tx, contact: int, *, now: float) -> dict[str, int]:
    """How often each rule fired for a contact within the last day."""
    query = (
        select(table.c.rule, func.count().label("times"))
        .where(table.c.contact == contact, table.c.at > now - DAY_S)
        .group_by(table.c.rule)
    )
    return {row.rule: row.times for row in tx.execute(query)}


def of(tx: Tx, contact: int, *, limit: int = 100) -> list[Fired]:
    """What fired for a contact, the newest first."""
    query = select(table).where(table.c.contact == contact).order_by(table.c.id.desc()).limit(limit)
    return [
        Fired(row.contact, row.rule, row.cause, tuple(row.did), row.at, row.depth)
        for row in tx.execute(query)
    ]


def tallies(tx: Tx, location: str) -> dict[str, Tally]:
    """How often each rule of a location fired, as far as is remembered."""
    query = (
        select(
            table.c.rule,
            func.count().label("times"),
            func.count(table.c.contact.distinct()).label("contacts"),
            func.max(table.c.at).label("last_at"),
        )
        .where(table.c.location == location)
        .group_by(table.c.rule)
    )
    return {row.rule: Tally(row.times, row.contacts, row.last_at) for row in tx.execute(query)}


def forget(tx: Tx, contact: int) -> None:
    """Nothing is known any more of what rules did for a contact."""
    tx.execute(delete(table).where(table.c.contact == contact))


def prune(store: Store, *, older_than_s: float) -> int:
    """Forget what fired long ago.

    Returns:
        how many.
    """
    return store.prune(table.c.at, older_than_s)
