"""The operations on a contact's notes and tasks, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from contacts.cleaning import Value
from worker.crm import operations as op
from worker.crm.answers import bad_answer, milliseconds
from worker.crm.calls import Calls, Line
from worker.crm.operations import Operation
from worker.crm.shapes import JsonObject, Note, Task

TASKS_A_PAGE: Final = 100
"""Tasks of one page of a location's; the most that the CRM gives is not published, 25 is usual."""

_THEIR_NAMES: Final = {
    "title": "title",
    "body": "body",
    "due_at": "dueDate",
    "completed": "completed",
    "assigned_to": "assignedTo",
}


class Paper:
    """Notes and tasks. Every function makes exactly one call, and raises ``SyncError``s."""

    _calls: Calls
    _line: Line

    def notes(self, id: str) -> tuple[Note, ...]:
        """All notes of a contact."""
        found = self._calls.make(op.NOTES, self._line, id=id)
        return tuple(_note(op.NOTES, one) for one in rows(op.NOTES, found, "notes"))

    def create_note(self, id: str, body: str) -> Note:
        """Write a note. Not safe to repeat: the CRM knows no idempotency key."""
        found = self._calls.make(op.CREATE_NOTE, self._line, id=id, body={"body": body})
        return _note(op.CREATE_NOTE, thing(op.CREATE_NOTE, found, "note"))

    def update_note(self, id: str, note: str, body: str) -> Note:
        """Give a note another text. Safe to repeat."""
        found = self._calls.make(op.UPDATE_NOTE, self._line, id=id, thing=note, body={"body": body})
        return _note(op.UPDATE_NOTE, thing(op.UPDATE_NOTE, found, "note"))

    def delete_note(self, id: str, note: str) -> None:
        """Delete a note."""
        self._calls.make(op.DELETE_NOTE, self._line, id=id, thing=note)

    def tasks(self, id: str) -> tuple[Task, ...]:
        """All tasks of a contact."""
        found = self._calls.make(op.TASKS, self._line, id=id)
        return tuple(_task(op.TASKS, one, contact=id) for one in rows(op.TASKS, found, "tasks"))

    def create_task(self, id: str, values: Mapping[str, Value | None]) -> Task:
        """Write a task. Not safe to repeat, as a note.

        Args:
            values: by the names of :class:`Task`; title, due_at and completed are needed.
        """
        return self._written(op.CREATE_TASK, id, "", _body(values))

    def update_task(self, id: str, task: str, values: Mapping[str, Value | None]) -> Task:
        """Change these values of a task; the others stay. Safe to repeat."""
        return self._written(op.UPDATE_TASK, id, task, _body(values))

    def complete_task(self, id: str, task: str, *, completed: bool) -> Task:
        """Complete a task, or open it again. Safe to repeat."""
        return self._written(op.COMPLETE_TASK, id, task, {"completed": completed})

    def delete_task(self, id: str, task: str) -> None:
        """Delete a task."""
        self._calls.make(op.DELETE_TASK, self._line, id=id, thing=task)

    def search_tasks(self, *, title: str = "", skip: int = 0) -> tuple[Task, ...]:
        """One page of the location's tasks.

        Args:
            title: only those with these words; blank: all.
            skip: so many come before the page.
        """
        body: dict[str, object] = {"limit": TASKS_A_PAGE, "skip": skip}
        if title:
            body["query"] = title
        found = self._calls.make(op.SEARCH_TASKS, self._line, id=self._line.location, body=body)
        return tuple(
            _task(op.SEARCH_TASKS, one, contact="") for one in rows(op.SEARCH_TASKS, found, "tasks")
        )

    def _written(
        self, operation: Operation, id: str, task: str, body: Mapping[str, object]
    ) -> Task:
        found = self._calls.make(operation, self._line, id=id, thing=task, body=body)
        return _task(operation, thing(operation, found, "task"), contact=id)


def instant(seconds: float) -> str:
    """A time as the CRM writes it."""
    when = datetime.fromtimestamp(seconds, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z"


def thing(operation: Operation, found: JsonObject, name: str) -> JsonObject:
    """The object of that name in an answer.

    Raises:
        CrmUnavailable: it has none.
    """
    value = found.get(name)
    if not isinstance(value, Mapping):
        raise bad_answer(operation, f"has no {name}")
    return value


def rows(operation: Operation, found: JsonObject, name: str) -> list[JsonObject]:
    """The list of that name in an answer.

    Raises:
        CrmUnavailable: it has none.
    """
    value = found.get(name)
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise bad_answer(operation, f"has no {name}")
    return value


def _body(values: Mapping[str, Value | None]) -> dict[str, object]:
    body: dict[str, object] = {}
    for name, value in values.items():
        if name == "due_at" and isinstance(value, int | float):
            body["dueDate"] = instant(value)
        elif name != "due_at" and value is not None:
            body[_THEIR_NAMES[name]] = value
    return body


def _note(operation: Operation, raw: JsonObject) -> Note:
    if not isinstance(raw.get("id"), str):
        raise bad_answer(operation, "has a note without an id")
    user = raw.get("userId")
    return Note(
        id=str(raw["id"]),
        body=str(raw.get("body") or ""),
        user_id=user if isinstance(user, str) and user else None,
    )


def _task(operation: Operation, raw: JsonObject, *, contact: str) -> Task:
    # The search is said to name ids as its database does.
    id = raw.get("id") or raw.get("_id")
    if not isinstance(id, str):
        raise bad_answer(operation, "has a task without an id")
    return shown_task(raw, id, contact)


def shown_task(raw: JsonObject, id: str, contact: str = "") -> Task:
    """A task as an answer or an event shows it; makes no call."""
    due, user, owner = milliseconds(raw.get("dueDate")), raw.get("assignedTo"), raw.get("contactId")
    return Task(
        id=id,
        title=str(raw.get("title") or ""),
        body=str(raw.get("body") or ""),
        due_at=None if due is None else due / 1000,
        completed=raw.get("completed") is True,
        assigned_to=user if isinstance(user, str) and user else None,
        contact=owner if isinstance(owner, str) and owner else contact,
    )
