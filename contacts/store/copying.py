"""A copy of one location, in a database of its own: to try out on it what would happen.

Table by table, so that it is the same from SQLite and PostgreSQL, and in one transaction, so that
it is of one moment. What only tells of the past is left behind; ``LEFT`` names it, so that a new
table has to be thought of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, and_, distinct, event, func, select, text, true

from contacts.cleaning import Value
from contacts.jobs import Kind
from contacts.store import tables
from contacts.store.database import Store, Tx
from contacts.store.tables import contacts, jobs, links, metadata, webhooks

ROWS: Final = 2_000
"""Rows of one statement."""

BY_CONTACT: Final = frozenset(
    {
        "links", "tags", "notes", "doubts", "contact_tasks", "rule_states", "firings", "enrolments",
        "lists", "sightings", "past_links", "platform_links", "pairs",
    }
)  # fmt: skip
BY_LOCATION: Final = frozenset(
    {
        "custom_fields", "policies", "contacts", "task_walks", "rulesets", "opportunities", "runs",
        "checks", "remotes", "walks", "platforms", "courses", "feed_cursors",
    }
)  # fmt: skip
WHOLE: Final = frozenset({"grants", "secrets", "forgotten"})
"""Small, and some of it is about the location's agency."""

LEFT: Final = frozenset(
    {
        "calls", "processes", "webhook_counts", "timeline", "walk_seen", "walk_findings",
        "platform_events", "asked", "consents", "plans", "plan_pieces", "ticks",
        "shared_calls",
    }
)  # fmt: skip


def copy(source: Store, target: Store, location: str) -> int:
    """Copy all that decides over what happens to a location's contacts.

    Args:
        target: an empty database with our tables.

    Returns:
        how many rows.

    Raises:
        DatabaseDown: no answer.
    """
    copied = 0
    with source.read() as old, target.write() as new:
        if old.dialect.name == "postgresql":
            # One moment for all tables; SQLite's readers have that anyway.
            old.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        for table in metadata.sorted_tables:
            condition = _which(table, location)
            if condition is not None:
                copied += _table(old, new, table, select(table).where(condition))
    return copied


def _which(table: Table, location: str) -> ColumnElement[bool] | None:
    """The rows of a table that are copied; None: none are."""
    if table is tables.locations:
        return table.c.id == location
    if table is jobs:
        return and_(table.c.location == location, table.c.state != "done", ~_has_twin())
    if table is webhooks:
        return (table.c.location == location) & table.c.settled_at.is_(None)
    if table.name in BY_LOCATION:
        return table.c.location == location
    if table.name in BY_CONTACT:
        here = select(contacts.c.id).where(contacts.c.location == location)
        return table.c.contact.in_(here)
    return true() if table.name in WHOLE else None


def _has_twin() -> ColumnElement[bool]:
    """Of a job that is out: the same was wished meanwhile. In the copy both are one."""
    twin = jobs.alias("twin")
    same = [twin.c[name] == jobs.c[name] for name in ("kind", "location", "contact", "subject")]
    resting = twin.c.state.in_(("waiting", "parked", "cancelled"))
    found = select(twin.c.id).where(twin.c.id != jobs.c.id, resting, *same).exists()
    return and_(jobs.c.state == "released", found)


def _table(old: Tx, new: Tx, table: Table, query: Select[Any]) -> int:
    count = 0
    for rows in _batches(old, query):
        new.execute(table.insert(), [_row(table, dict(row._mapping)) for row in rows])
        count += len(rows)
    return count


def _batches(old: Tx, query: Select[Any]) -> Iterator[list[Any]]:
    result = old.execution_options(stream_results=True).execute(query)
    while rows := result.fetchmany(ROWS):
        yield list(rows)


def _row(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    """A job that is out elsewhere waits in the copy: there it is nobody's."""
    if table is jobs and values["state"] == "released":
        values |= {"state": "waiting", "lease_until": None, "started_at": None, "worker": None}
    return values


def quicken(store: Store) -> None:
    """Let a copy's commits not wait for the disk: whoever loses it makes another."""

    def hurry(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.close()

    event.listen(store.engine, "connect", hurry)


def to_be_known(tx: Tx, location: str) -> int:
    """Of how many contacts it must be known what the CRM holds, before what waits for them can be
    foreseen."""
    query = select(func.count(distinct(jobs.c.contact))).where(
        jobs.c.location == location,
        jobs.c.state == "waiting",
        jobs.c.kind.in_([Kind.PUSH.value, Kind.TAG.value]),
    )
    return int(tx.execute(query).scalar_one())


def agreed(tx: Tx, location: str, remote_id: str) -> dict[str, Value]:
    """What was last agreed with a contact of the CRM; empty: it is not linked."""
    query = select(links.c.agreed).where(
        links.c.location == location, links.c.remote_id == remote_id
    )
    return dict(tx.execute(query).scalar_one_or_none() or {})


def next_due(tx: Tx, location: str) -> float | None:
    """When the next waiting job is due, seconds since the epoch; None: none waits."""
    query = select(func.min(jobs.c.due_at)).where(
        jobs.c.location == location, jobs.c.state == "waiting"
    )
    found = tx.execute(query).scalar_one()
    return None if found is None else float(found)
