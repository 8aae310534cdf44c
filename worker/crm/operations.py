"""The calls we make to the CRM: one row each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Operation:
    """One call.

    Attributes:
        name: stable, for the audit.
        method: of HTTP.
        path: with ``{id}`` for the contact's or location's id, ``{thing}`` for that of its note or
            task.
        scope: what the token must allow (facts: scopes of the specification).
        writes: whether it changes something, so that a lost answer is doubtful.
        what: what it is about, in a sentence.
    """

    name: str
    method: str
    path: str
    scope: str
    writes: bool
    what: str


READ: Final = "contacts.readonly"
WRITE: Final = "contacts.write"

CREATE: Final = Operation(
    "contact.create", "POST", "/contacts/", WRITE, writes=True, what="the contact"
)
GET: Final = Operation(
    "contact.get", "GET", "/contacts/{id}", READ, writes=False, what="the contact"
)
UPDATE: Final = Operation(
    "contact.update", "PUT", "/contacts/{id}", WRITE, writes=True, what="the contact"
)
DELETE: Final = Operation(
    "contact.delete", "DELETE", "/contacts/{id}", WRITE, writes=True, what="the contact"
)
ADD_TAGS: Final = Operation(
    "contact.tags.add", "POST", "/contacts/{id}/tags", WRITE, writes=True, what="the tags"
)
REMOVE_TAGS: Final = Operation(
    "contact.tags.remove", "DELETE", "/contacts/{id}/tags", WRITE, writes=True, what="the tags"
)
NOTES: Final = Operation(
    "contact.notes", "GET", "/contacts/{id}/notes", READ, writes=False, what="the notes"
)
CREATE_NOTE: Final = Operation(
    "contact.note.create", "POST", "/contacts/{id}/notes", WRITE, writes=True, what="the note"
)
UPDATE_NOTE: Final = Operation(
    "contact.note.update",
    "PUT",
    "/contacts/{id}/notes/{thing}",
    WRITE,
    writes=True,
    what="the note",
)
DELETE_NOTE: Final = Operation(
    "contact.note.delete",
    "DELETE",
    "/contacts/{id}/notes/{thing}",
    WRITE,
    writes=True,
    what="the note",
)
TASKS: Final = Operation(
    "contact.tasks", "GET", "/contacts/{id}/tasks", READ, writes=False, what="the tasks"
)
CREATE_TASK: Final = Operation(
    "contact.task.create", "POST", "/contacts/{id}/tasks", WRITE, writes=True, what="the task"
)
UPDATE_TASK: Final = Operation(
    "contact.task.update",
    "PUT",
    "/contacts/{id}/tasks/{thing}",
    WRITE,
    writes=True,
    what="the task",
)
COMPLETE_TASK: Final = Operation(
    "contact.task.complete",
    "PUT",
    "/contacts/{id}/tasks/{thing}/completed",
    WRITE,
    writes=True,
    what="the task",
)
DELETE_TASK: Final = Operation(
    "contact.task.delete",
    "DELETE",
    "/contacts/{id}/tasks/{thing}",
    WRITE,
    writes=True,
    what="the task",
)
SEARCH_TASKS: Final = Operation(
    "location.tasks",
    "POST",
    "/locations/{id}/tasks/search",
    "locations/tasks.readonly",
    writes=False,
    what="the location's tasks",
)
FIND: Final = Operation(
    "contact.find",
    "GET",
    "/contacts/search/duplicate",
    READ,
    writes=False,
    what="the search for a contact",
)
LIST: Final = Operation(
    "contacts.list", "GET", "/contacts/", READ, writes=False, what="the list of contacts"
)
SEARCH: Final = Operation(
    "contacts.search",
    "POST",
    "/contacts/search",
    READ,
    writes=False,
    what="the search of contacts",
)
CUSTOM_FIELDS: Final = Operation(
    "location.custom_fields",
    "GET",
    "/locations/{id}/customFields",
    "locations/customFields.readonly",
    writes=False,
    what="the custom fields",
)
LOCATION: Final = Operation(
    "location.get",
    "GET",
    "/locations/{id}",
    "locations.readonly",
    writes=False,
    what="the location",
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    CREATE,
    GET,
    UPDATE,
    DELETE,
    ADD_TAGS,
    REMOVE_TAGS,
    NOTES,
    CREATE_NOTE,
    UPDATE_NOTE,
    DELETE_NOTE,
    TASKS,
    CREATE_TASK,
    UPDATE_TASK,
    COMPLETE_TASK,
    DELETE_TASK,
    SEARCH_TASKS,
    FIND,
    LIST,
    SEARCH,
    CUSTOM_FIELDS,
    LOCATION,
)
