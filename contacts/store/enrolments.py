"""Who is in which course, and of whom the platform has still to be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select, update

from contacts.errors import GiveUp
from contacts.jobs import Kind, Lane, Wish
from contacts.store import ledger
from contacts.store.database import Store, Tx
from contacts.store.inserting import insert
from contacts.store.tables import contacts
from contacts.store.tables import enrolments as table

US: Final = "us"
"""The source of an enrolment that was wished for here."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One contact in one course.

    Attributes:
        course: the platform's id of the course.
        title: of the course, as the platform last told it; None: never.
        source: ``us``, or what the platform said, e.g. ``stripe``.
        at: when we first heard or wished it, seconds since the epoch.
        settled_at: since when the platform has it; None: it has still to be told.
    """

    id: int
    contact: int
    course: str
    title: str | None
    source: str
    at: float
    settled_at: float | None


def of(tx: Tx, contact: int) -> list[Enrolment]:
    """The courses of a contact, the oldest enrolment first."""
    query = select(table).where(table.c.contact == contact).order_by(table.c.id)
    return [Enrolment(**row._mapping) for row in tx.execute(query)]


def want(tx: Tx, contact: int, course: str, *, now: float) -> bool:
    """Let a contact be in a course: if nobody enrolled it yet, a job will.

    Args:
        course: the platform's id of the course.

    Returns:
        whether that is new; False also for a contact that is not in the roster.
    """
    location = _location(tx, contact)
    made = _insert(tx, contact, course, source=US, now=now) if location else None
    if location is None or made is None:
        return False
    ledger.put(tx, [Wish(Kind.ENROL, location, contact, made, Lane.LIVE)], now=now)
    return True


def told(tx: Tx, contact: int, course: str, *, title: str | None, source: str, now: float) -> bool:
    """The platform says that a contact is in a course.

    Returns:
        whether that is news.
    """
    if _insert(tx, contact, course, source=source, now=now, title=title, settled_at=now):
        return True
    known = (table.c.contact == contact) & (table.c.course == course)
    if title:
        tx.execute(update(table).where(known).values(title=title))
    owed = update(table).where(known, table.c.settled_at.is_(None))
    return bool(tx.execute(owed.values(settled_at=now)).rowcount)


def owed(store: Store, location: str) -> int:
    """How many enrolments the platform has still to be told."""
    query = (
        select(func.count())
        .select_from(table.join(contacts, contacts.c.id == table.c.contact))
        .where(contacts.c.location == location, table.c.settled_at.is_(None))
    )
    with store.read() as tx:
        return int(tx.execute(query).scalar_one())


def load(tx: Tx, id: int) -> Enrolment:
    """One enrolment.

    Raises:
        GiveUp: there is no such enrolment.
    """
    row = tx.execute(select(table).where(table.c.id == id)).first()
    if row is None:
        raise GiveUp("the enrolment is not in the roster any more", code="enrolment-unknown")
    return Enrolment(**row._mapping)


def settle(tx: Tx, id: int, *, now: float) -> None:
    """The platform has it."""
    tx.execute(update(table).where(table.c.id == id).values(settled_at=now))


def _location(tx: Tx, contact: int) -> str | None:
    query = select(contacts.c.location).where(contacts.c.id == contact)
    return tx.execute(query).scalar_one_or_none()


def _insert(
    tx: Tx,
    contact: int,
    course: str,
    *,
    source: str,
    now: float,
    title: str | None = None,
    settled_at: float | None = None,
) -> int | None:
    """The id of the new row; None: there is one already."""
    row = {
        "contact": contact,
        "course": course,
        "title": title,
        "source": source,
        "at": now,
        "settled_at": settled_at,
    }
    statement = insert(tx, table).values(row)
    statement = statement.on_conflict_do_nothing(index_elements=["contact", "course"])
    return tx.execute(statement.returning(table.c.id)).scalar_one_or_none()
