"""A task of a contact as its row has it, and what can be said of one; see contact_tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, select

from contacts.cleaning import Value
from contacts.contact import fingerprint
from contacts.errors import GiveUp
from contacts.jobs import Job, Kind, Lane, Wish
from contacts.store import ledger, timeline
from contacts.store.database import Tx
from contacts.store.tables import contact_tasks as table
from contacts.store.tables import contacts
from contacts.store.timeline import TASK, Change, What

FIELDS: Final = ("title", "body", "due_at", "completed", "assigned_to")
"""What both sides may change, by our names."""

PAST: Final = 20
"""Former looks of a task that is not written yet, by their fingerprints."""

Values = Mapping[str, Value | None]
"""Some of :data:`FIELDS`. ``due_at``: seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class ContactTask:
    """One task, as its row has it.

    Attributes:
        values: ours.
        agreed: what the CRM was last known to hold; None: it never had the task.
        owed: the CRM has to be told.
        deleted: by somebody here. ``gone``: by somebody there.
        theirs: it was first seen in the CRM.
        moved_at: when somebody here last changed a value, by name.
        past: marks of what it said before it was written, see :func:`mark`.
    """

    id: int
    contact: int
    values: Values = field(repr=False)
    remote_id: str | None
    agreed: Values | None = field(repr=False)
    owed: bool
    deleted: bool
    gone: bool
    theirs: bool
    moved_at: Mapping[str, float]
    past: tuple[str, ...]

    @property
    def name(self) -> str:
        """As the timeline calls it."""
        return f"{TASK}{self.id}"

    @property
    def title(self) -> str:
        return str(self.values["title"])

    @property
    def completed(self) -> bool:
        return self.values["completed"] is True

    @property
    def due_at(self) -> float | None:
        due = self.values["due_at"]
        return float(due) if isinstance(due, int | float) else None

    @property
    def unsent(self) -> dict[str, Value | None]:
        """What the CRM does not have yet."""
        agreed = self.agreed or {}
        return {name: v for name, v in self.values.items() if v != agreed.get(name)}


def tidy(values: Values) -> dict[str, Value | None]:
    """Values as they are compared: no blanks around texts, times to the millisecond."""
    found = dict(values)
    for name in ("title", "body"):
        if name in found:
            found[name] = str(found[name] or "").strip()
    due = found.get("due_at")
    if isinstance(due, int | float):
        found["due_at"] = round(float(due), 3)
    return found


def mark(values: Values) -> str:
    """What stands for a task when it is looked for: title, text and day."""
    tidied = tidy(values)
    return fingerprint("\n".join(str(tidied.get(name)) for name in ("title", "body", "due_at")))


def of(tx: Tx, contact: int) -> list[ContactTask]:
    """All tasks of a contact, oldest first; those that were deleted too."""
    query = select(table).where(table.c.contact == contact).order_by(table.c.id)
    return [task(row) for row in tx.execute(query)]


def load(tx: Tx, id: int) -> ContactTask:
    """One task.

    Raises:
        GiveUp: there is no such task.
    """
    row = tx.execute(select(table).where(table.c.id == id)).first()
    if row is None:
        raise GiveUp("the task is not in the roster any more", code="task-unknown")
    return task(row)


def task(row: Row[Any]) -> ContactTask:
    """A task of its row."""
    values = {name: row._mapping[name] for name in FIELDS}
    return ContactTask(
        row.id,
        row.contact,
        values | {"completed": bool(row.completed)},
        row.remote_id,
        row.agreed,
        row.owed,
        row.deleted_at is not None,
        row.gone_at is not None,
        row.theirs,
        row.moved_at,
        tuple(row.past),
    )


def say_changed(
    tx: Tx,
    found: ContactTask,
    after: Values,
    what: What,
    *,
    now: float,
    job: Job | None = None,
    cause: str | None = None,
    run: int | None = None,
) -> None:
    """Tell the timeline of values of a task that are others now."""
    changes: dict[str, Change] = {}
    for name, value in after.items():
        label = found.name if name == "title" else f"{found.name}.{name}"
        changes[label] = (short(found.values[name]), short(value))
    timeline.note(tx, found.contact, what, changes, job=job, cause=cause, run=run, now=now)


def short(value: Value | None) -> Value | None:
    """A value as the timeline keeps it."""
    return timeline.excerpt(value) if isinstance(value, str) else value


def remembered(past: Iterable[str], *more: str) -> list[str]:
    """Marks of former looks, each once, the newest last."""
    return list(dict.fromkeys([*past, *more]))[-PAST:]


def is_owed(one: ContactTask) -> bool:
    """Whether the CRM has to be told of it."""
    if one.gone or (one.deleted and not one.remote_id):
        return False
    return one.remote_id is None or one.owed


def put(
    tx: Tx, contact: int, ids: Iterable[int], *, lane: Lane, now: float, run: int | None = None
) -> None:
    """Put the jobs of tasks that the CRM has to be told of.

    Raises:
        GiveUp: there is no such contact.
    """
    wanted = list(ids)
    if not wanted:
        return
    query = select(contacts.c.location).where(contacts.c.id == contact)
    location = tx.execute(query).scalar_one_or_none()
    if location is None:
        raise GiveUp("the contact is not in the roster any more", code="contact-unknown")
    wishes = [Wish(Kind.TASK, location, contact, id, lane, run) for id in wanted]
    ledger.put(tx, wishes, now=now)
