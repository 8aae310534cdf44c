"""Tasks of contacts: what somebody here shall do, kept in the CRM, where it is done.

A task is known by a key of its source. Title, text, day, whether it is completed and who has it are
five values, each with its own later edit. A rule, a file and a person want tasks by the same verbs;
``want``, ``change``, ``complete`` and ``delete`` put the job themselves, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from contacts.cleaning import Value
from contacts.contact import fingerprint
from contacts.jobs import Lane
from contacts.store import timeline
from contacts.store.database import Tx
from contacts.store.inserting import insert
from contacts.store.matching import chunks
from contacts.store.tables import contact_tasks as table
from contacts.store.task_rows import (
    FIELDS,
    ContactTask,
    Values,
    is_owed,
    load,
    mark,
    of,
    put,
    remembered,
    say_changed,
    task,
    tidy,
)
from contacts.store.timeline import TASK, What

__all__ = [
    "FIELDS",
    "ContactTask",
    "Said",
    "change",
    "complete",
    "delete",
    "load",
    "of",
    "put",
    "say",
    "want",
]


@dataclass(frozen=True, slots=True)
class Said:
    """A task as its source says it.

    Attributes:
        key: by which the source knows it.
        due_at: seconds since the epoch.
        assigned_to: the id of a user of the CRM; None: whoever they say.
    """

    contact: int
    key: str = field(repr=False)
    title: str = field(repr=False)
    body: str = field(repr=False)
    due_at: float
    assigned_to: str | None = None

    @property
    def mark(self) -> str:
        """What stands for its key."""
        return fingerprint(f"key {self.key}")

    @property
    def values(self) -> dict[str, Value | None]:
        """What it says."""
        said = tidy({"title": self.title, "body": self.body, "due_at": self.due_at})
        return said | ({"assigned_to": self.assigned_to} if self.assigned_to else {})


def want(
    tx: Tx,
    contact: int,
    *,
    title: str,
    body: str,
    due_at: float,
    key: str,
    now: float,
    assigned_to: str | None = None,
    lane: Lane = Lane.LIVE,
) -> int:
    """A task of that key shall be there; puts the job itself if the CRM has to be told.

    Idempotent: the same again is no edit, whatever became of the task since: completed, changed or
    deleted there, it stays so. Another title, text or day under the same key changes the task.

    Args:
        due_at: seconds since the epoch.
        assigned_to: the id of a user of the CRM; None: nobody, or whoever they say.

    Returns:
        our id of the task.

    Raises:
        GiveUp: there is no such contact.
    """
    one = Said(contact, key, title, body, due_at, assigned_to)
    owed = say(tx, [one], now=now)
    put(tx, contact, owed.values(), lane=lane, now=now)
    return int(_known(tx, [contact])[contact, one.mark].id)


def say(
    tx: Tx, said: Sequence[Said], *, now: float, run: int | None = None
) -> dict[tuple[int, str], int]:
    """Write down what a source says of tasks. The same again says nothing.

    Returns:
        our id of each that the CRM has to be told of, by contact and mark.
    """
    last = {(one.contact, one.mark): one for one in said}
    ids = sorted({contact for contact, _ in last})
    known = _known(tx, ids)
    new = [one for key, one in last.items() if key not in known]
    if new:
        statement = insert(tx, table)
        tx.execute(
            statement.on_conflict_do_nothing(index_elements=["contact", "key"]),
            [_row(one) for one in new],
        )
    for key, one in last.items():
        row = known.get(key)
        if row is None:
            continue
        news = {name: v for name, v in one.values.items() if row.said.get(name) != v}
        if news:
            heard = {**row.said, **news}
            _change(tx, task(row), news, said=heard, cause=None, run=run, now=now)
    after = _known(tx, ids)
    made = [(after[one.contact, one.mark], one) for one in new]
    timeline.keep(
        tx,
        [
            timeline.Entry(
                one.contact, What.SAID, {f"{TASK}{row.id}": (None, one.title)}, now, run=run
            )
            for row, one in made
        ],
    )
    return {key: after[key].id for key in last if is_owed(task(after[key]))}


def _row(one: Said) -> dict[str, Any]:
    values = one.values
    return {
        "contact": one.contact,
        "key": one.mark,
        "completed": False,
        "assigned_to": None,
        "said": values,
        **values,
    }


def change(tx: Tx, id: int, values: Values, *, now: float, cause: str | None = None) -> bool:
    """A person here changes a task, completes it or opens it again; puts the job itself.

    Args:
        values: some of :data:`FIELDS`.
        cause: what led to it, for the timeline.

    Returns:
        whether the CRM has to be told.

    Raises:
        GiveUp: there is no such task.
    """
    found = load(tx, id)
    _change(tx, found, tidy(values), said=None, cause=cause, run=None, now=now)
    owed = is_owed(load(tx, id))
    if owed:
        put(tx, found.contact, [id], lane=Lane.LIVE, now=now)
    return owed


def complete(
    tx: Tx, id: int, *, now: float, completed: bool = True, cause: str | None = None
) -> bool:
    """A person here completes a task, or opens it again; see :func:`change`."""
    return change(tx, id, {"completed": completed}, now=now, cause=cause)


def delete(tx: Tx, id: int, *, now: float, cause: str | None = None) -> bool:
    """A person here deletes a task; puts the job itself. Its row stays, or its source would want
    it again.

    Returns:
        whether the CRM has to be told.

    Raises:
        GiveUp: there is no such task.
    """
    found = load(tx, id)
    if found.deleted or found.gone:
        return False
    values = {"deleted_at": now, "owed": found.remote_id is not None}
    tx.execute(update(table).where(table.c.id == id).values(**values))
    changes = {found.name: (found.title, None)}
    timeline.note(tx, found.contact, What.SAID, changes, cause=cause, now=now)
    # One that was never written may be on its way: its own job finds that out.
    put(tx, found.contact, [id], lane=Lane.LIVE, now=now)
    return True


def _change(
    tx: Tx,
    found: ContactTask,
    values: Values,
    *,
    said: Values | None,
    cause: str | None,
    run: int | None,
    now: float,
) -> None:
    moved = {name: v for name, v in values.items() if found.values[name] != v}
    written: dict[str, Any] = {} if said is None else {"said": dict(said)}
    if moved and not (found.deleted or found.gone):
        after = {**found.values, **moved}
        written |= moved | {
            "moved_at": {**found.moved_at, **dict.fromkeys(moved, now)},
            "owed": found.remote_id is not None and after != found.agreed,
        }
        if found.remote_id is None:
            written["past"] = remembered(found.past, mark(found.values))
        say_changed(tx, found, moved, What.SAID, now=now, cause=cause, run=run)
    if written:
        tx.execute(update(table).where(table.c.id == found.id).values(**written))


def _known(tx: Tx, ids: Sequence[int]) -> dict[tuple[int, str], Any]:
    found: dict[tuple[int, str], Any] = {}
    for part in chunks(ids):
        query = select(table).where(table.c.contact.in_(part))
        found |= {(row.contact, row.key): row for row in tx.execute(query)}
    return found
