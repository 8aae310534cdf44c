"""The catalogue: every operation of the CRM's API that Rollbook knows, one row each, as data.

Producers check a call against it before anything is put, workers send by it, and a test compares
it with the official specification (see docs/decisions/0018).
"""

from __future__ import annotations

from typing import Final

from contacts.catalogue import contact_rows, list_rows, location_rows, oauth_rows, paper_rows
from contacts.catalogue.row import Field, Look, Operation, Repeat, Shape, Token

__all__ = [
    "BY_NAME",
    "OPERATIONS",
    "Field",
    "Look",
    "Operation",
    "Repeat",
    "Shape",
    "Token",
]

OPERATIONS: Final[tuple[Operation, ...]] = (
    *contact_rows.ITSELF,
    *contact_rows.BESIDE,
    *paper_rows.NOTES,
    *paper_rows.TASKS,
    *paper_rows.APPOINTMENTS,
    *list_rows.LISTS,
    *list_rows.BULK,
    *location_rows.ITSELF,
    *location_rows.CUSTOM_FIELDS,
    *location_rows.TAGS,
    *oauth_rows.OAUTH,
)

BY_NAME: Final[dict[str, Operation]] = {one.name: one for one in OPERATIONS}
