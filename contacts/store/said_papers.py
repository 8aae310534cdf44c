"""What a source says of notes and tasks that it knows by keys, with the people they are of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import or_, select

from contacts.contact import AskedTask, Person
from contacts.store import contact_tasks, notebook
from contacts.store.database import Tx
from contacts.store.matching import chunks
from contacts.store.tables import contact_tasks as task_table
from contacts.store.tables import notes as note_table

Pairs = Sequence[tuple[int, Person]]
"""Our id of a contact, and what was said of it."""


@dataclass(frozen=True, slots=True)
class Papers:
    """Our ids of the notes and tasks that the CRM has to be told of, by contact and mark."""

    notes: dict[tuple[int, str], int] = field(default_factory=dict)
    tasks: dict[tuple[int, str], int] = field(default_factory=dict)

    def notes_of(self, contact: int, person: Person) -> tuple[int, ...]:
        """Those of what was said of one person."""
        marks = [(contact, one.mark) for one in _notes(contact, person)]
        return tuple(self.notes[mark] for mark in marks if mark in self.notes)

    def tasks_of(self, contact: int, person: Person) -> tuple[int, ...]:
        """Those of what was said of one person."""
        marks = [(contact, _task(contact, one).mark) for one in person.tasks]
        return tuple(dict.fromkeys(self.tasks[mark] for mark in marks if mark in self.tasks))


def write(tx: Tx, people: Pairs, *, now: float, run: int | None) -> Papers:
    """Write them down; what was said before is no edit."""
    notes = [one for contact, person in people for one in _notes(contact, person)]
    tasks = [_task(contact, one) for contact, person in people for one in person.tasks]
    found = Papers()
    if notes:
        found.notes.update(notebook.say(tx, notes, now=now, run=run))
    if tasks:
        found.tasks.update(contact_tasks.say(tx, tasks, now=now, run=run))
    return found


def _notes(contact: int, person: Person) -> list[notebook.Said]:
    return [notebook.Said(contact, body, key) for key, body in person.named_notes]


def _task(contact: int, one: AskedTask) -> contact_tasks.Said:
    return contact_tasks.Said(contact, one.key, one.title, one.body, one.due_at, one.assigned_to)


def still_owed(tx: Tx, table_of: str, ids: Iterable[int]) -> set[int]:
    """Of these notes or tasks, those that the CRM has to be told of: a later row of the same file
    may have said again what it has.

    Args:
        table_of: ``notes`` or ``tasks``.
    """
    table = note_table if table_of == "notes" else task_table
    owed: set[int] = set()
    for part in chunks(sorted(ids)):
        query = select(table.c.id).where(
            table.c.id.in_(part), or_(table.c.remote_id.is_(None), table.c.owed)
        )
        owed |= set(tx.execute(query).scalars())
    return owed
