"""Who is on which of the platform's lists, and what it has still to be told of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select, update

from contacts.errors import GiveUp
from contacts.jobs import Kind, Lane, Wish
from contacts.store import ledger
from contacts.store.database import Store, Tx
from contacts.store.inserting import insert
from contacts.store.tables import contacts
from contacts.store.tables import lists as table


@dataclass(frozen=True, slots=True)
class Place:
    """One contact and one list.

    Attributes:
        list: its name.
        wanted: whether the contact is to be on it.
        agreed: whether the platform has it there; None: it has still to be told, or cannot be.
        at: when that was last wished or heard, seconds since the epoch.
    """

    id: int
    contact: int
    list: str
    wanted: bool
    agreed: bool | None
    at: float


def of(tx: Tx, contact: int) -> list[Place]:
    """The lists that a contact is on, or was taken off, by name."""
    query = select(table).where(table.c.contact == contact).order_by(table.c.list)
    return [Place(**row._mapping) for row in tx.execute(query)]


def want(tx: Tx, contact: int, name: str, wanted: bool, *, now: float) -> bool:
    """Put a contact on a list of the platform, or take it off: a job tells it.

    Returns:
        whether that is new; False also for a contact that is not in the roster.
    """
    query = select(contacts.c.location).where(contacts.c.id == contact)
    location = tx.execute(query).scalar_one_or_none()
    place = _keep(tx, contact, name, wanted, now=now) if location else None
    if location is None or place is None:
        return False
    ledger.put(tx, [Wish(Kind.LIST, location, contact, place, Lane.LIVE)], now=now)
    return True


def told(tx: Tx, contact: int, name: str, on_it: bool, *, now: float) -> bool:
    """The platform says whether a contact is on a list.

    Returns:
        whether that is news.
    """
    place = _keep(tx, contact, name, on_it, now=now)
    same = (table.c.contact == contact) & (table.c.list == name)
    tx.execute(update(table).where(same).values(agreed=on_it))
    return place is not None


def owed(store: Store, location: str) -> dict[str, int]:
    """How many places on each list the platform has still to be told, by the list's name."""
    query = (
        select(table.c.list, func.count().label("places"))
        .select_from(table.join(contacts, contacts.c.id == table.c.contact))
        .where(
            contacts.c.location == location,
            or_(table.c.agreed.is_(None), table.c.agreed != table.c.wanted),
        )
        .group_by(table.c.list)
        .order_by(table.c.list)
    )
    with store.read() as tx:
        return {row.list: int(row.places) for row in tx.execute(query)}


def load(tx: Tx, id: int) -> Place:
    """One place on a list.

    Raises:
        GiveUp: there is no such place.
    """
    row = tx.execute(select(table).where(table.c.id == id)).first()
    if row is None:
        raise GiveUp("the place on the list is not known any more", code="list-unknown")
    return Place(**row._mapping)


def settle(tx: Tx, id: int, on_it: bool) -> None:
    """The platform has it so."""
    tx.execute(update(table).where(table.c.id == id).values(agreed=on_it))


def _keep(tx: Tx, contact: int, name: str, wanted: bool, *, now: float) -> int | None:
    """The id of the row if it says something else than before; None: it does not."""
    statement = insert(tx, table).values(contact=contact, list=name, wanted=wanted, at=now)
    statement = statement.on_conflict_do_update(
        index_elements=["contact", "list"],
        set_={"wanted": statement.excluded.wanted, "at": statement.excluded.at},
        where=table.c.wanted != statement.excluded.wanted,
    )
    return tx.execute(statement.returning(table.c.id)).scalar_one_or_none()
