"""What the platforms are owed although no job will tell them; for the nightly check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import or_, select

from contacts.jobs import Kind, Lane, Wish
from contacts.platforms import Platform
from contacts.store import platform_links, platforms
from contacts.store.database import Store, Tx
from contacts.store.ledger_view import unsettled
from contacts.store.tables import contacts, enrolments, lists
from contacts.store.tables import platform_links as link_table


def owed(store: Store, *, batch: int = 1000) -> Iterator[list[Wish]]:
    """Wishes of the sweep lane, in batches, for what has no job.

    A parked or cancelled job counts as a job: a person has said, or has to say, what is next.
    """
    for one in platforms.connected(store):
        wishes = _enrolments(store, one.location)
        if one.platform.lists or one.platform.listing:
            wishes += _lists(store, one.location)
        for start in range(0, len(wishes), batch):
            yield wishes[start : start + batch]
        yield from _write_backs(store, one.location, one.platform, batch)


def _enrolments(store: Store, location: str) -> list[Wish]:
    query = (
        select(enrolments.c.id, enrolments.c.contact)
        .join(contacts, contacts.c.id == enrolments.c.contact)
        .where(
            contacts.c.location == location,
            enrolments.c.settled_at.is_(None),
            ~unsettled(Kind.ENROL, enrolments.c.contact, enrolments.c.id),
        )
        .order_by(enrolments.c.id)
    )
    return _wishes(store, Kind.ENROL, location, query)


def _lists(store: Store, location: str) -> list[Wish]:
    query = (
        select(lists.c.id, lists.c.contact)
        .join(contacts, contacts.c.id == lists.c.contact)
        .where(
            contacts.c.location == location,
            or_(lists.c.agreed.is_(None), lists.c.agreed != lists.c.wanted),
            ~unsettled(Kind.LIST, lists.c.contact, lists.c.id),
        )
        .order_by(lists.c.id)
    )
    return _wishes(store, Kind.LIST, location, query)


def _wishes(store: Store, kind: Kind, location: str, query: Any) -> list[Wish]:
    with store.read() as tx:
        return [Wish(kind, location, row.contact, row.id, Lane.SWEEP) for row in tx.execute(query)]


def _write_backs(
    store: Store, location: str, platform: Platform, batch: int
) -> Iterator[list[Wish]]:
    after = 0
    while platform.write_back:
        with store.read() as tx:
            ids = _linked(tx, location, after, batch)
            owing = platform_links.owing(tx, ids, platform.write_back)
        if owing:
            yield [Wish(Kind.PLATFORM, location, one, lane=Lane.SWEEP) for one in owing]
        if len(ids) < batch:
            return
        after = ids[-1]


def _linked(tx: Tx, location: str, after: int, batch: int) -> list[int]:
    query = (
        select(link_table.c.contact)
        .where(
            link_table.c.location == location,
            link_table.c.contact > after,
            ~unsettled(Kind.PLATFORM, link_table.c.contact, 0),
        )
        .order_by(link_table.c.contact)
        .limit(batch)
    )
    return list(tx.execute(query).scalars())
