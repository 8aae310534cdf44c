"""Who our contacts are at the platform, and what it has still to be told of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from contacts.cleaning import Value
from contacts.jobs import Kind, Lane, Wish
from contacts.platforms import from_json
from contacts.ruling import blank
from contacts.store import ledger
from contacts.store.database import Tx
from contacts.store.inserting import insert
from contacts.store.tables import contacts, links, platform_links, platforms


@dataclass(frozen=True, slots=True)
class Told:
    """One contact at the platform.

    Attributes:
        key: by which the platform knows the person.
        told: what it holds of the fields that it is told, as far as we know.
        emptied: fields that were emptied in the CRM since.
    """

    key: str
    told: Mapping[str, Value]
    emptied: Collection[str] = ()


def load(tx: Tx, contact: int) -> Told | None:
    """Who a contact is at the platform; None: not known there."""
    query = select(platform_links.c.key, platform_links.c.told, platform_links.c.emptied).where(
        platform_links.c.contact == contact
    )
    row = tx.execute(query).first()
    return None if row is None else Told(row.key, dict(row.told), frozenset(row.emptied))


def by_key(tx: Tx, location: str, keys: Collection[str]) -> dict[str, int]:
    """Our ids by the platform's keys, of those that we know."""
    query = select(platform_links.c.key, platform_links.c.contact).where(
        platform_links.c.location == location, platform_links.c.key.in_(sorted(set(keys)))
    )
    return {row.key: row.contact for row in tx.execute(query)}


def seen(
    tx: Tx, location: str, found: Sequence[tuple[int, str, Mapping[str, Value]]], *, now: float
) -> None:
    """The platform showed these contacts: (our id, its key, its values of what it is told)."""
    rows = {contact: (key, dict(values)) for contact, key, values in found}
    if not rows:
        return
    statement = insert(tx, platform_links)
    new = statement.excluded
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["contact"],
            set_={"key": new.key, "told": new.told, "settled_at": new.settled_at},
        ),
        [
            {"contact": contact, "location": location, "key": key, "told": told, "settled_at": now}
            for contact, (key, told) in sorted(rows.items())
        ],
    )


def settle(tx: Tx, contact: int, values: Mapping[str, Value], *, now: float) -> None:
    """The platform was told these values."""
    query = select(platform_links.c.told, platform_links.c.emptied).where(
        platform_links.c.contact == contact
    )
    row = tx.execute(query.with_for_update()).first()
    if row is not None:
        left = sorted(set(row.emptied) - values.keys())
        tx.execute(
            update(platform_links)
            .where(platform_links.c.contact == contact)
            .values(told={**row.told, **values}, emptied=left, settled_at=now)
        )


def owed(
    ours: Mapping[str, Value],
    told: Mapping[str, Value],
    names: Iterable[str],
    emptied: Collection[str] = (),
) -> dict[str, Value]:
    """What the platform has still to be told.

    A blank of the CRM's says nothing, unless somebody emptied the field there: otherwise a CRM that
    never knew a phone would take it from everybody.
    """
    found = {name: ours.get(name, "") for name in names}
    return {
        name: value
        for name, value in found.items()
        if value != told.get(name, "") and (not blank(value) or name in emptied)
    }


def owing(tx: Tx, ids: Collection[int], names: Collection[str]) -> list[int]:
    """Those of the contacts of whom the platform has still to be told; they are in the CRM."""
    if not ids or not names:
        return []
    query = (
        select(contacts.c.id, contacts.c.fields, platform_links.c.told, platform_links.c.emptied)
        .join(platform_links, platform_links.c.contact == contacts.c.id)
        .join(links, links.c.contact == contacts.c.id)
        .where(contacts.c.id.in_(sorted(ids)))
    )
    rows = tx.execute(query)
    return sorted(row.id for row in rows if owed(row.fields, row.told, names, row.emptied))


def heard(
    tx: Tx, location: str, contact: int, values: Mapping[str, Value], *, lane: Lane, now: float
) -> None:
    """The CRM changed these fields of ours: the platform is told, if it can be and has them."""
    if not values:
        return
    query = (
        select(platforms.c.config, platform_links.c.emptied)
        .join(platform_links, platform_links.c.location == platforms.c.location)
        .where(platforms.c.location == location, platform_links.c.contact == contact)
    )
    row = tx.execute(query).first()
    moved = row and values.keys() & set(from_json(row.config).write_back)
    if not row or not moved:
        return
    gone = {name for name in moved if blank(values[name])}
    tx.execute(
        update(platform_links)
        .where(platform_links.c.contact == contact)
        .values(emptied=sorted((set(row.emptied) | gone) - (moved - gone)))
    )
    ledger.put(tx, [Wish(Kind.PLATFORM, location, contact, lane=lane)], now=now)
