"""Creates whose answer was lost: what may lie in the CRM twice, and when that can be seen.

The next attempt looks before it writes. But the lost one may take effect after that look, and then
there are two. So where an attempt has written after another one was lost, somebody looks again when
the lost one cannot come any more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, func, select

from contacts.jobs import Job, Kind, Lane, Wish
from contacts.store import ledger
from contacts.store.database import Tx
from contacts.store.inserting import insert
from contacts.store.tables import doubts as table


class What(StrEnum):
    """What may be there twice."""

    CONTACT = "contact"
    NOTE = "note"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing of a contact that may be there twice; ``thing`` is our id of it."""

    contact: int
    what: What
    thing: int


def owe(tx: Tx, job: Job, what: What, thing: int, *, late_s: float, now: float) -> None:
    """Look again when the lost attempts of this job cannot take effect any more.

    The look is no job of the contact's line: nothing of the contact waits for it.

    Args:
        late_s: how long after our giving up a write may still take effect, seconds.
    """
    due_at = now + late_s
    row = {"contact": job.contact, "what": what.value, "thing": thing, "due_at": due_at}
    statement = insert(tx, table).values(**row)
    key = ["contact", "what", "thing"]
    tx.execute(statement.on_conflict_do_update(index_elements=key, set_={"due_at": due_at}))
    _put(tx, job.location, job.contact, due_at=due_at, now=now)


def due(tx: Tx, contact: int, *, now: float) -> list[Doubt]:
    """What can be seen by now of a contact's."""
    query = (
        select(table.c.what, table.c.thing)
        .where(table.c.contact == contact, table.c.due_at <= now)
        .order_by(table.c.what, table.c.thing)
    )
    return [Doubt(contact, What(row.what), row.thing) for row in tx.execute(query)]


def settle(tx: Tx, location: str, contact: int, seen: Collection[Doubt], *, now: float) -> None:
    """These have been looked at; what is left is looked at when it is due."""
    for one in seen:
        tx.execute(
            delete(table).where(
                table.c.contact == contact,
                table.c.what == one.what.value,
                table.c.thing == one.thing,
                table.c.due_at <= now,  # one that is in doubt again since is looked at again
            )
        )
    following = select(func.min(table.c.due_at)).where(table.c.contact == contact)
    due_at = tx.execute(following).scalar_one_or_none()
    if due_at is not None:
        _put(tx, location, contact, due_at=due_at, now=now)


def _put(tx: Tx, location: str, contact: int, *, due_at: float, now: float) -> None:
    wish = Wish(Kind.DOUBT, location, 0, contact, Lane.LIVE, due_at=due_at)
    ledger.put(tx, [wish], now=now)
