"""The operations on what hangs on a contact: notes, tasks and appointments."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from contacts.catalogue.contact_rows import BOTH, CONTACT_ID, SUCCEEDED
from contacts.catalogue.row import READ, WRITE, Field, Look, Operation, Repeat, Shape

_NOTE: Final = (
    Field("body"),
    Field("userId"),
    Field("title"),
    Field("color"),
    Field("pinned", Shape.BOOLEAN),
)
_TASK: Final = (
    Field("title"),
    Field("body"),
    Field("dueDate"),
    Field("completed", Shape.BOOLEAN),
    Field("assignedTo"),
)


def _needed(fields: tuple[Field, ...], *names: str) -> tuple[Field, ...]:
    return tuple(replace(one, needed=one.name in names) for one in fields)


_ONE_NOTE: Final = Operation(
    "contact.note.get",
    "GET",
    "/contacts/{id}/notes/{thing}",
    READ,
    writes=False,
    what="the note",
    does="Read one note of a contact.",
    ids=("contactId", "id"),
    answer=("note",),
)
NOTES: Final = (
    Operation(
        "contact.notes",
        "GET",
        "/contacts/{id}/notes",
        READ,
        writes=False,
        what="the notes",
        does="Read all notes of a contact.",
        ids=CONTACT_ID,
        answer=("notes",),
    ),
    _ONE_NOTE,
    Operation(
        "contact.note.create",
        "POST",
        "/contacts/{id}/notes",
        WRITE,
        writes=True,
        what="the note",
        does="Write a note on a contact.",
        ids=CONTACT_ID,
        body=_needed(_NOTE, "body"),
        answer=("note",),
        codes=(201,),
        repeat=Repeat.LOOK,
        look=Look("contact.notes", "notes", ("body", "userId"), "note"),
    ),
    replace(
        _ONE_NOTE,
        name="contact.note.update",
        method="PUT",
        scope=WRITE,
        writes=True,
        does="Change a note of a contact.",
        body=_NOTE,
    ),
    replace(
        _ONE_NOTE,
        name="contact.note.delete",
        method="DELETE",
        scope=WRITE,
        writes=True,
        does="Delete a note of a contact.",
        answer=SUCCEEDED,
        answer_v3=BOTH,
    ),
)

_ONE_TASK: Final = Operation(
    "contact.task.get",
    "GET",
    "/contacts/{id}/tasks/{thing}",
    READ,
    writes=False,
    what="the task",
    does="Read one task of a contact.",
    ids=("contactId", "taskId"),
    answer=("task",),
)
TASKS: Final = (
    Operation(
        "contact.tasks",
        "GET",
        "/contacts/{id}/tasks",
        READ,
        writes=False,
        what="the tasks",
        does="Read all tasks of a contact.",
        ids=CONTACT_ID,
        answer=("tasks",),
    ),
    _ONE_TASK,
    Operation(
        "contact.task.create",
        "POST",
        "/contacts/{id}/tasks",
        WRITE,
        writes=True,
        what="the task",
        does="Give a contact a task.",
        ids=CONTACT_ID,
        body=_needed(_TASK, "title", "dueDate", "completed"),
        answer=("task",),
        codes=(201,),
        repeat=Repeat.LOOK,
        look=Look("contact.tasks", "tasks", ("title", "body", "dueDate", "assignedTo"), "task"),
    ),
    replace(
        _ONE_TASK,
        name="contact.task.update",
        method="PUT",
        scope=WRITE,
        writes=True,
        does="Change a task of a contact.",
        body=_TASK,
    ),
    replace(
        _ONE_TASK,
        name="contact.task.complete",
        method="PUT",
        path="/contacts/{id}/tasks/{thing}/completed",
        scope=WRITE,
        writes=True,
        does="Complete a task of a contact, or open it again.",
        body=(Field("completed", Shape.BOOLEAN, needed=True),),
    ),
    replace(
        _ONE_TASK,
        name="contact.task.delete",
        method="DELETE",
        scope=WRITE,
        writes=True,
        does="Delete a task of a contact.",
        answer=SUCCEEDED,
        answer_v3=BOTH,
    ),
)

APPOINTMENTS: Final = (
    Operation(
        "contact.appointments",
        "GET",
        "/contacts/{id}/appointments",
        READ,
        writes=False,
        what="the appointments",
        does="Read the appointments of a contact; their times carry no zone.",
        ids=CONTACT_ID,
        answer=("events",),
    ),
)
