"""What `rollbook doctor` had a worker look at in the CRM and on the platform, and what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Text, cast, func, select

from contacts.jobs import Kind, Lane, Wish
from contacts.store.database import Store, Tx
from contacts.store.inserting import insert
from contacts.store.tables import asked, calls, contact_tasks, contacts, jobs, notes, tags
from contacts.store.tables import checks as table


class Look(StrEnum):
    """What is looked at; each is one call, by a job of its own."""

    CONTACTS = "contacts"
    LOCATION = "location"
    FIELDS = "custom-fields"
    TASKS = "tasks"
    PLATFORM = "platform"


LOOKS: Final[tuple[Look, ...]] = tuple(Look)
"""In the order of their numbers, which jobs carry as their subject: append, never reorder."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found.

    Attributes:
        at: when, seconds since the epoch.
        code: what went wrong, as of a job; None: nothing did.
        said: a sentence for people, no personal data.
        facts: what else was seen: counts and switches.
    """

    look: Look
    at: float
    code: str | None = None
    said: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def wish(location: str, look: Look) -> Wish:
    """The job of one look."""
    return Wish(Kind.CHECK, location, subject=LOOKS.index(look) + 1, lane=Lane.LIVE)


def look_of(subject: int) -> Look | None:
    """Which look a job is; None: of a newer version."""
    return LOOKS[subject - 1] if 0 < subject <= len(LOOKS) else None


def keep(tx: Tx, location: str, found: Found) -> None:
    """Keep what a look found; what it found before is forgotten."""
    values = {"code": found.code, "said": found.said, "facts": dict(found.facts)}
    write(tx, location, found.look.value, values, now=found.at)


def write(tx: Tx, location: str, what: str, values: Mapping[str, Any], *, now: float) -> None:
    """The row of one look, or of what else is measured of a location, in place of the one before.

    Args:
        what: its name.
        values: ``code``, ``said`` and ``facts``; those left out are null.
    """
    row = {"checked_at": now, "code": None, "said": None, **values}
    statement = insert(tx, table).values(location=location, what=what, **row)
    tx.execute(statement.on_conflict_do_update(index_elements=["location", "what"], set_=row))


def found(store: Store, location: str, *, since: float = 0.0) -> dict[Look, Found]:
    """What was found since then, by look."""
    query = select(table).where(
        table.c.location == location, table.c.checked_at >= since, table.c.what.in_(LOOKS)
    )
    with store.read() as tx:
        return {
            Look(row.what): Found(Look(row.what), row.checked_at, row.code, row.said, row.facts)
            for row in tx.execute(query)
        }


def waiting(store: Store, location: str) -> dict[Look, str | None]:
    """The looks that are still owed, with the reason of those that came back."""
    query = select(jobs.c.subject, jobs.c.reason).where(
        jobs.c.kind == Kind.CHECK.value,
        jobs.c.location == location,
        jobs.c.state.in_(("waiting", "released", "parked")),
    )
    with store.read() as tx:
        rows = tx.execute(query).all()
    return {look: row.reason for row in rows if (look := look_of(row.subject)) is not None}


def database_time(store: Store) -> float | None:
    """The database's clock, seconds since the epoch; None: SQLite has none of its own."""
    if store.engine.dialect.name != "postgresql":
        return None
    with store.read() as tx:
        return float(tx.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())


# ---------------------------------------------------------------- what is in use


@dataclass(frozen=True, slots=True)
class Held:
    """What a location's contacts have here, and what was asked for by name."""

    custom_fields: bool
    tags: bool
    notes: bool
    tasks: bool
    called: frozenset[str]


def held(store: Store, location: str) -> Held:
    """What there is of a location, so that the CRM may have to be told of it."""
    here = contacts.c.location == location
    custom = select(contacts.c.id).where(here, cast(contacts.c.fields, Text).contains('"custom.'))
    asked_for = select(asked.c.operation).where(asked.c.location == location).distinct()
    with store.read() as tx:

        def some(table: Any) -> bool:
            joined = table.join(contacts, contacts.c.id == table.c.contact)
            query = select(table.c.contact).select_from(joined).where(here).limit(1)
            return tx.execute(query).first() is not None

        return Held(
            custom_fields=tx.execute(custom.limit(1)).first() is not None,
            tags=some(tags),
            notes=some(notes),
            tasks=some(contact_tasks),
            called=frozenset(tx.execute(asked_for).scalars()),
        )


def succeeded(store: Store, location: str, *, since: float) -> frozenset[str]:
    """The operations that were answered with success since then."""
    query = (
        select(calls.c.operation)
        .where(calls.c.at >= since, calls.c.location == location, calls.c.status.between(200, 299))
        .distinct()
    )
    with store.read() as tx:
        return frozenset(tx.execute(query).scalars())
