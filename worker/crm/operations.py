"""The calls that deeds make to the CRM: rows of the catalogue, by short names."""

from __future__ import annotations

from typing import Final

from contacts.catalogue import BY_NAME, OPERATIONS, Operation
from contacts.catalogue.row import READ, WRITE

__all__ = ["OPERATIONS", "READ", "WRITE", "Operation"]

CREATE: Final = BY_NAME["contact.create"]
GET: Final = BY_NAME["contact.get"]
UPDATE: Final = BY_NAME["contact.update"]
DELETE: Final = BY_NAME["contact.delete"]
ADD_TAGS: Final = BY_NAME["contact.tags.add"]
REMOVE_TAGS: Final = BY_NAME["contact.tags.remove"]
CHANGE_TAGS: Final = BY_NAME["contacts.bulk.tags"]
NOTES: Final = BY_NAME["contact.notes"]
CREATE_NOTE: Final = BY_NAME["contact.note.create"]
UPDATE_NOTE: Final = BY_NAME["contact.note.update"]
DELETE_NOTE: Final = BY_NAME["contact.note.delete"]
TASKS: Final = BY_NAME["contact.tasks"]
CREATE_TASK: Final = BY_NAME["contact.task.create"]
UPDATE_TASK: Final = BY_NAME["contact.task.update"]
COMPLETE_TASK: Final = BY_NAME["contact.task.complete"]
DELETE_TASK: Final = BY_NAME["contact.task.delete"]
SEARCH_TASKS: Final = BY_NAME["location.tasks"]
FIND: Final = BY_NAME["contact.find"]
LIST: Final = BY_NAME["contacts.list"]
SEARCH: Final = BY_NAME["contacts.search"]
CUSTOM_FIELDS: Final = BY_NAME["location.custom_fields"]
LOCATION: Final = BY_NAME["location.get"]
