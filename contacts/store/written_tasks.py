"""A task of a contact on its way into the CRM: what its deed reads, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from contacts.jobs import Job
from contacts.store import timeline
from contacts.store.database import Tx
from contacts.store.tables import contact_tasks as table
from contacts.store.task_rows import FIELDS, ContactTask, Values, load, mark, put, short, task, tidy
from contacts.store.timeline import Change, What
from contacts.store.written import Whereabouts, whereabouts


@dataclass(frozen=True, slots=True)
class Card:
    """A task as its deed needs it; see :class:`contacts.store.written_notes.Card`."""

    task: ContactTask
    there: Whereabouts

    @property
    def marks(self) -> frozenset[str]:
        """What it may look like in the CRM, if an earlier attempt left it there."""
        return frozenset({mark(self.task.values), *self.task.past})


def card(tx: Tx, id: int) -> Card:
    """Read a task, its contact, and the contact's other tasks.

    Raises:
        GiveUp: there is no such task.
    """
    found = load(tx, id)
    return Card(found, whereabouts(tx, table, found.contact, but=id))


def settle(
    tx: Tx, job: Job, *, remote_id: str, sent: Values, shown: Values, now: float
) -> tuple[str, ...]:
    """The CRM has these values; if they were changed here meanwhile, that is the next job.

    Where it shows another spelling of what was sent, that spelling is both sides' from now on: it
    is no edit of anybody's, and sending ours again would bring it back again.

    Args:
        sent: what we sent, or what a look found there.
        shown: the task as the answer has it.

    Returns:
        names of the values that it made others of.
    """
    row = tx.execute(select(table).where(table.c.id == job.subject).with_for_update()).first()
    if row is None:
        return ()
    one, there = task(row), tidy(shown)
    agreed = {**dict.fromkeys(FIELDS), **(one.agreed or {}), **sent}
    other = {n: there[n] for n in sent if there.get(n) not in (None, sent[n])}
    ours = {n: other[n] if n in other and v == sent[n] else v for n, v in one.values.items()}
    agreed |= other
    if agreed["assigned_to"] is None and one.values["assigned_to"] is None:
        agreed["assigned_to"] = ours["assigned_to"] = there.get("assigned_to")
    owed = one.deleted or ours != agreed
    told: dict[str, Any] = {
        "remote_id": remote_id,
        "agreed": agreed,
        "owed": owed,
        "settled_at": now,
        "gone_at": None,
    }
    tx.execute(update(table).where(table.c.id == one.id).values(**ours, **told))
    if one.remote_id is None:
        changes: Mapping[str, Change] = {one.name: (None, one.title)}
        timeline.note(tx, one.contact, What.SENT, changes, job=job, now=now)
    else:
        before = {name: (one.agreed or {}).get(name) for name in sent}
        names = {n: one.name if n == "title" else f"{one.name}.{n}" for n in sent}
        moved = {names[n]: (short(before[n]), short(sent[n])) for n in sent}
        timeline.note(tx, one.contact, What.SENT, moved, job=job, now=now)
    if owed:
        put(tx, one.contact, [one.id], lane=job.lane, run=job.run, now=now)
    return tuple(sorted(other))


def settle_deleted(tx: Tx, job: Job, *, by_us: bool, now: float) -> None:
    """The task is not in the CRM any more."""
    row = tx.execute(select(table).where(table.c.id == job.subject).with_for_update()).first()
    if row is None:
        return
    one = task(row)
    tx.execute(update(table).where(table.c.id == one.id).values(gone_at=now, owed=False))
    what = What.SENT if by_us else What.TAKEN
    timeline.note(tx, one.contact, what, {one.name: (one.title, None)}, job=job, now=now)
