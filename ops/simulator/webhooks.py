"""Which webhooks a change causes, and what each of them holds: flat, without a diff."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from ops.simulator import shapes
from ops.simulator.quirks import Quirks
from ops.simulator.world import Contact, Note, Task

Payload = dict[str, Any]

# As the specification's samples have them: no timezone, no gender, no dateUpdated.
_SHOWN = (
    "address1", "city", "state", "companyName", "country", "source", "dateOfBirth", "dnd", "email",
    "firstName", "lastName", "phone", "postalCode", "website", "assignedTo",
)  # fmt: skip


DND = frozenset({"dnd", "dndSettings", "inboundDndSettings"})


def caused(
    old: Contact | None, new: Contact, quirks: Quirks, fields: Collection[str] | None = None
) -> Iterator[Payload]:
    """The webhooks of a change, without what the sender adds (time, ids of its own).

    Args:
        fields: whose change is told as ``ContactUpdate``; None: of all.
    """
    if old is None or (old.deleted and not new.deleted):
        yield contact("ContactCreate", new)
    elif new.deleted and not old.deleted:
        yield contact("ContactDelete", new)
    elif not new.deleted:
        yield from _updates(old, new, quirks, fields)
    if not new.deleted:
        yield from _notes(old, new)
        yield from _tasks(old, new, quirks)


def _updates(
    old: Contact, new: Contact, quirks: Quirks, fields: Collection[str] | None
) -> Iterator[Payload]:
    moved = {
        name
        for name in old.values.keys() | new.values.keys()
        if old.values.get(name) != new.values.get(name)
    }
    silent = DND if quirks.timezone_fires else DND | {"timezone"}
    told = moved - silent | ({"customFields"} if old.custom != new.custom else set())
    if told if fields is None else told & set(fields):
        yield contact("ContactUpdate", new)
    if moved & DND:
        # inboundDndSettings are not in it: highlevel-api-docs#264
        yield contact("ContactDndUpdate", new) | {"dndSettings": new.values.get("dndSettings", {})}
    if set(old.tags) != set(new.tags):
        yield contact("ContactTagUpdate", new)


def contact(type: str, one: Contact) -> Payload:
    """A webhook that shows a contact."""
    found = {name: one.values[name] for name in _SHOWN if name in one.values}
    born = found.get("dateOfBirth")
    if born:
        found["dateOfBirth"] = f"{born}T00:00:00.000Z"
    return {
        "type": type,
        "locationId": one.location,
        "id": one.id,
        **found,
        "name": one.full_name,
        "dateAdded": shapes.instant(one.added_ms),
        "tags": list(one.tags),
        "attachments": [],
        "customFields": [{"id": id, "value": value} for id, value in one.custom.items()],
    }


def _notes(old: Contact | None, new: Contact) -> Iterator[Payload]:
    before = {note.id: note for note in old.notes} if old else {}
    after = {note.id: note for note in new.notes}
    for id, note in after.items():
        if id not in before:
            yield _note("NoteCreate", new, note)
        elif note != before[id]:
            yield _note("NoteUpdate", new, note)
    for id, note in before.items():
        if id not in after:
            yield _note("NoteDelete", new, note)


def _note(type: str, one: Contact, note: Note) -> Payload:
    return {
        "type": type,
        "locationId": one.location,
        "id": note.id,
        "body": note.body,
        "contactId": one.id,
        "dateAdded": shapes.instant(note.added_ms),
    }


def _tasks(old: Contact | None, new: Contact, quirks: Quirks) -> Iterator[Payload]:
    """There is no event for a change of title, text or day, nor for a task that is opened again."""
    before = {task.id: task for task in old.tasks} if old else {}
    after = {task.id: task for task in new.tasks}
    for id, task in after.items():
        if id not in before:
            yield _task("TaskCreate", new, task, bare=not quirks.task_events_name_contact)
        if task.completed and not (id in before and before[id].completed):
            yield _task("TaskComplete", new, task)
    for id, task in before.items():
        if id not in after:
            yield _task("TaskDelete", new, task)


def _task(type: str, one: Contact, task: Task, *, bare: bool = False) -> Payload:
    shown = {name: task.values.get(name) for name in ("assignedTo", "body", "title", "dueDate")}
    if bare:  # highlevel-api-docs#332
        shown.pop("body")
    return {
        "type": type,
        "locationId": one.location,
        "id": task.id,
        **{name: value for name, value in shown.items() if value is not None},
        **({} if bare else {"contactId": one.id}),
        "dateAdded": shapes.instant(task.added_ms),
    }
