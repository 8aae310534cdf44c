"""Erase a person: every row of every table that is about them, in one transaction.

Tables are found by their columns, so that one which is added later is erased too: ``contact`` is
our id, ``remote`` the row of a contact of the CRM, ``remote_id`` its id there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, Text, cast, delete, func, or_, select, update

from contacts.store import forgotten, roster
from contacts.store.database import Store, Tx
from contacts.store.tables import contacts, jobs, links, metadata, past_links, remotes, timeline

Known = Mapping[str, tuple[str, ...]]
"""Emails and phones, by our name of the field."""


class Busy(Exception):
    """A job of the person is being settled at this moment: try again in a moment."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What is gone.

    Attributes:
        known: emails and phones that the person was known by here, former ones too.
        rows: how many were erased, by table.
        remotes: ids of the contact in the CRM, former ones first.
        at_work: whether a worker had a job of them in hand: its call may still arrive there.
    """

    contact: int
    location: str
    known: Known = field(repr=False)
    rows: Mapping[str, int]
    remotes: tuple[str, ...]
    at_work: bool


def erase(tx: Tx, contact: int, *, now: float) -> Erased | None:
    """Erase one contact, and let it not come in again; None: there is none.

    A worker that has a job of it in hand finds the job gone, and writes nothing.

    Raises:
        Busy: a job of it is being settled.
    """
    where = select(contacts.c.location).where(contacts.c.id == contact)
    location = tx.execute(where).scalar_one_or_none()
    if location is None:
        return None
    _overwrite(tx, True)
    roster.lock(tx, location)
    at_work = _hold_jobs(tx, contact)
    known, ids = _known(tx, contact), _remote_ids(tx, contact)
    rows = Counter({jobs.name: _looks(tx, location, ids)})
    for table in metadata.sorted_tables:
        rows[table.name] += _of(tx, table, contact, location, ids)
        rows[table.name] += _mentions(tx, table, [one for some in known.values() for one in some])
    mine = remotes.c.location == location, remotes.c.remote_id.in_(ids)
    rows[remotes.name] += tx.execute(delete(remotes).where(*mine)).rowcount
    rows[contacts.name] += tx.execute(delete(contacts).where(contacts.c.id == contact)).rowcount
    forgotten.remember(tx, location, known, ids, now=now)
    _overwrite(tx, False)
    found = {str(name): count for name, count in rows.items() if count}
    return Erased(contact, location, known, found, ids, at_work)


def settle_disk(store: Store) -> None:
    """Let no copy of what was erased lie in SQLite's journal; others may go on meanwhile."""
    if store.engine.dialect.name == "sqlite":
        connection = store.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()


def _overwrite(tx: Tx, on: bool) -> None:
    """SQLite writes noughts over what is deleted, and does not only take it off its list."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql(f"PRAGMA secure_delete = {'ON' if on else 'OFF'}")


def _hold_jobs(tx: Tx, contact: int) -> bool:
    """Let no worker settle a job of the contact from now on; returns whether one had one in hand.

    Whoever settles a job holds its row, and may wait for the roster, which is ours: so it is not
    waited for.
    """
    where = jobs.c.contact == contact
    free = select(jobs.c.id).where(where).with_for_update(skip_locked=True)
    held = set(tx.execute(free).scalars())
    rows = tx.execute(select(jobs.c.id, jobs.c.state, jobs.c.started_at).where(where)).all()
    if any(row.id not in held for row in rows):
        raise Busy
    return any(row.state == "released" and row.started_at is not None for row in rows)


def _known(tx: Tx, contact: int) -> Known:
    """By what the person was known, as far as the roster and the timeline remember."""
    columns = (contacts.c.email, contacts.c.phone, contacts.c.said_email, contacts.c.said_phone)
    row = tx.execute(select(*columns).where(contacts.c.id == contact)).one()
    found: dict[str, list[str]] = {
        "email": [row.email, row.said_email],
        "phone": [row.phone, row.said_phone],
    }
    changes = select(timeline.c.changes).where(timeline.c.contact == contact)
    for one in tx.execute(changes).scalars():
        for name, values in found.items():
            values += [value for value in one.get(name, ())[:2] if isinstance(value, str)]
    return {
        name: tuple(dict.fromkeys(value for value in values if value))
        for name, values in found.items()
    }


def _remote_ids(tx: Tx, contact: int) -> tuple[str, ...]:
    past = select(past_links.c.remote_id).where(past_links.c.contact == contact)
    now = select(links.c.remote_id).where(links.c.contact == contact)
    found = [*tx.execute(past.order_by(past_links.c.id)).scalars(), *tx.execute(now).scalars()]
    return tuple(dict.fromkeys(found))


def _looks(tx: Tx, location: str, ids: Collection[str]) -> int:
    """Jobs about a contact of the CRM that was nobody here have no contact, but a subject."""
    about = delete(jobs).where(
        jobs.c.contact == 0,
        jobs.c.kind.startswith("contact."),
        jobs.c.location == location,
        jobs.c.subject.in_(_rows_of(location, ids)),
    )
    return int(tx.execute(about).rowcount)


def _rows_of(location: str, ids: Collection[str]) -> Any:
    return select(remotes.c.id).where(
        remotes.c.location == location, remotes.c.remote_id.in_(list(ids))
    )


def _of(tx: Tx, table: Table, contact: int, location: str, ids: Collection[str]) -> int:
    """Erase the rows of one table that are the person's."""
    columns, mine = table.c, []
    if "contact" in columns:
        mine.append(columns.contact == contact)
    if "remote" in columns:
        mine.append(columns.remote.in_(_rows_of(location, ids)))
    if "remote_id" in columns and table is not remotes and "contact" not in columns:
        mine.append(columns.remote_id.in_(list(ids)))
    return int(tx.execute(delete(table).where(or_(*mine))).rowcount) if mine else 0


def _mentions(tx: Tx, table: Table, known: Collection[str]) -> int:
    """What names the person without being theirs: bodies of webhooks, losses of somebody else."""
    column = table.c.get("changes" if table is timeline else "payload")
    if column is None or not known:
        return 0
    text = func.lower(cast(column, Text))
    named = or_(*(text.contains(value.lower(), autoescape=True) for value in known))
    if column.nullable:
        emptied = update(table).where(column.is_not(None), named).values({column.name: None})
        return int(tx.execute(emptied).rowcount)
    return int(tx.execute(delete(table).where(named)).rowcount)
