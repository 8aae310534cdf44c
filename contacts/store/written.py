"""What a note and a task of a contact have in common on their way into the CRM."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Table, bindparam, delete, select

from contacts.store.database import Tx
from contacts.store.doubts import What
from contacts.store.tables import contact_tasks, contacts, links, notes


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where one of them is to go, and what is there already.

    Attributes:
        remote_id: the CRM's id of its contact; None: it is not linked.
        gone: its contact was deleted there.
        taken: ids of the contact's others there.
        written: ids of those of the others that we wrote.
    """

    remote_id: str | None
    gone: bool
    taken: frozenset[str]
    written: frozenset[str]


def whereabouts(tx: Tx, table: Table, contact: int, *, but: int) -> Whereabouts:
    """Where a contact's note or task is to go.

    Args:
        table: notes or tasks.
        but: our id of the one that is on its way.
    """
    row = tx.execute(_CONTACT, {"b_contact": contact}).first()
    others = tx.execute(_others(table), {"b_contact": contact, "b_but": but}).all()
    return Whereabouts(
        row.remote_id if row else None,
        row is not None and row.gone_at is not None,
        frozenset(one.remote_id for one in others),
        frozenset(one.remote_id for one in others if not one.theirs),
    )


def forget_copies(tx: Tx, what: What, contact: int, remote_ids: Collection[str]) -> None:
    """These were our own late writes, which a look may have taken for somebody's.

    Args:
        what: a note or a task.
    """
    if remote_ids:
        table = contact_tasks if what is What.TASK else notes
        tx.execute(
            delete(table).where(
                table.c.contact == contact, table.c.theirs, table.c.remote_id.in_(remote_ids)
            )
        )


# Built once: each note and task reads by them.
_CONTACT: Final = (
    select(links.c.remote_id, contacts.c.gone_at)
    .select_from(contacts.outerjoin(links, links.c.contact == contacts.c.id))
    .where(contacts.c.id == bindparam("b_contact"))
)


@cache
def _others(table: Table) -> Any:
    return select(table.c.remote_id, table.c.theirs).where(
        table.c.contact == bindparam("b_contact"),
        table.c.remote_id.is_not(None),
        table.c.id != bindparam("b_but"),
    )
