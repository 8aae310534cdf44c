"""How far the platform's changes were read, and what came of the last reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from contacts.jobs import Kind
from contacts.store.database import Store, Tx
from contacts.store.inserting import insert
from contacts.store.tables import PARKED, jobs
from contacts.store.tables import feed_cursors as table


@dataclass(frozen=True, slots=True)
class Reading:
    """One location's feed.

    Attributes:
        read_at: when it was last read, seconds since the epoch.
        rows, changed, rejected: in all, since its beginning: rows that came, contacts that they
            changed or made, and rows that could not be used.
    """

    location: str
    read_at: float
    rows: int
    changed: int
    rejected: int


def cursor(tx: Tx, location: str, source: str) -> Mapping[str, Any] | None:
    """Where the next reading begins; None: at the beginning.

    Args:
        source: which table or address; a cursor of another one means nothing.
    """
    query = select(table.c.cursor).where(table.c.location == location, table.c.source == source)
    found = tx.execute(query).scalar_one_or_none()
    return None if found is None else dict(found)


def keep(
    tx: Tx,
    location: str,
    source: str,
    cursor: Mapping[str, Any],
    *,
    rows: int,
    changed: int,
    rejected: int,
    now: float,
) -> None:
    """Keep how far it was read; in the same transaction as what the rows brought about."""
    counts = {"rows": rows, "changed": changed, "rejected": rejected}
    values: dict[str, Any] = {"source": source, "cursor": dict(cursor), "read_at": now}
    statement = insert(tx, table).values(location=location, **values, **counts)
    more = {name: table.c[name] + count for name, count in counts.items()}
    tx.execute(
        statement.on_conflict_do_update(index_elements=["location"], set_={**values, **more})
    )


def readings(store: Store) -> dict[str, Reading]:
    """Every feed that was read, by location."""
    query = select(
        table.c.location, table.c.read_at, table.c.rows, table.c.changed, table.c.rejected
    )
    with store.read() as tx:
        return {row.location: Reading(**row._mapping) for row in tx.execute(query)}


def asleep(tx: Tx) -> set[str]:
    """Locations whose feed is parked: a person has to look before it is asked again."""
    query = select(jobs.c.location).where(jobs.c.kind == Kind.FEED.value, PARKED)
    return set(tx.execute(query).scalars())
