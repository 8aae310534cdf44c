"""What a good answer of each call looks like: its status and its properties, as schemas."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

_TEXT: Final[Json] = {"type": "string"}
_MAYBE: Final[Json] = {"type": "string", "nullable": True}
_COUNT: Final[Json] = {"type": "integer"}
_TRUE: Final[Json] = {"type": "boolean", "enum": [True]}
_TEXTS: Final[Json] = {"type": "array", "items": _TEXT}


def _object(*required: str, **properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


def _some(name: str) -> Json:
    return {"type": "array", "items": _of(name)}


def _of(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS: Final[Json] = {
    "Refusal": {"type": "object"},
    "Contact": _object(
        "id", "locationId", "tags", "customFields", "dateAdded", "dateUpdated",
        id=_TEXT, locationId=_TEXT, tags=_TEXTS, customFields=_some("Value"),
        dateAdded=_TEXT, dateUpdated=_TEXT,
    ),
    "Row": _object(
        "id", "locationId", "contactName", "tags", "customFields", "dateAdded",
        id=_TEXT, locationId=_TEXT, contactName=_MAYBE, tags=_TEXTS,
        customFields=_some("Value"), dateAdded=_TEXT, dateUpdated=_TEXT,
    ),
    "Value": _object("id", "value", id=_TEXT, value={}),
    "Note": _object(
        "id", "body", "contactId", "dateAdded",
        id=_TEXT, body=_TEXT, contactId=_TEXT, dateAdded=_TEXT, userId=_TEXT, title=_TEXT,
        color=_TEXT, pinned={"type": "boolean"},
    ),
    "Task": _object(
        "id", "contactId", "completed",
        id=_TEXT, contactId=_TEXT, title=_TEXT, body=_TEXT, assignedTo=_TEXT, dueDate=_MAYBE,
        completed={"type": "boolean"},
    ),
    "Event": _object("id", "contactId", id=_TEXT, contactId=_TEXT),
    "Tag": _object("id", "name", "locationId", id=_TEXT, name=_TEXT, locationId=_TEXT),
    "CustomField": _object(
        "id", "name", "fieldKey", "dataType", "model", "locationId",
        id=_TEXT, name=_TEXT, fieldKey=_TEXT, dataType=_TEXT, model=_TEXT, locationId=_TEXT,
        position=_COUNT, placeholder=_TEXT, picklistOptions=_TEXTS,
    ),
    "Done": _object(
        "contactId", "message", "type", contactId=_TEXT, message=_TEXT, type=_TEXT,
        oldTags=_TEXTS, tagsAdded=_TEXTS, tagsRemoved=_TEXTS,
    ),
}  # fmt: skip

# A spelling that a generation lacks is simply not there: only what is there has to fit.
_FINE: Final[Json] = {"succeded": _TRUE, "succeeded": _TRUE}
_CONTACT: Final[Json] = {"contact": _of("Contact")}
_ANY: Final[Json] = {}

ANSWERS: Final[dict[str, tuple[int, Json]]] = {
    "POST /contacts/": (201, _CONTACT),
    "POST /contacts/upsert": (200, {"new": {"type": "boolean"}, **_CONTACT}),
    "GET /contacts/": (200, {"contacts": _some("Row"), "meta": {"type": "object"}}),
    "GET /contacts/search/duplicate": (
        200, {"contact": {"nullable": True, "allOf": [_of("Contact")]}},
    ),
    "POST /contacts/search": (200, {"contacts": _some("Row"), "total": _COUNT}),
    "GET /contacts/lookup": (200, {"contacts": _some("Contact"), "nextCursor": _MAYBE}),
    "GET /contacts/business/{id}": (200, {"contacts": _some("Row"), "count": _COUNT}),
    "POST /contacts/bulk/business": (200, {"success": _TRUE, "ids": _TEXTS}),
    "POST /contacts/bulk/tags/update/{id}": (
        201, {**_FINE, "errorCount": _COUNT, "responses": _some("Done")},
    ),
    "GET /contacts/{id}": (200, _CONTACT),
    "PUT /contacts/{id}": (200, {**_FINE, **_CONTACT}),
    "DELETE /contacts/{id}": (200, _FINE),
    "POST /contacts/{id}/tags": (201, {"tags": _TEXTS}),
    "DELETE /contacts/{id}/tags": (200, {"tags": _TEXTS}),
    "GET /contacts/{id}/notes": (200, {"notes": _some("Note")}),
    "POST /contacts/{id}/notes": (201, {"note": _of("Note")}),
    "GET /contacts/{id}/notes/{thing}": (200, {"note": _of("Note")}),
    "PUT /contacts/{id}/notes/{thing}": (200, {"note": _of("Note")}),
    "DELETE /contacts/{id}/notes/{thing}": (200, _FINE),
    "GET /contacts/{id}/tasks": (200, {"tasks": _some("Task")}),
    "POST /contacts/{id}/tasks": (201, {"task": _of("Task")}),
    "GET /contacts/{id}/tasks/{thing}": (200, {"task": _of("Task")}),
    "PUT /contacts/{id}/tasks/{thing}": (200, {"task": _of("Task")}),
    "PUT /contacts/{id}/tasks/{thing}/completed": (200, {"task": _of("Task")}),
    "DELETE /contacts/{id}/tasks/{thing}": (200, _FINE),
    "GET /contacts/{id}/appointments": (200, {"events": _some("Event")}),
    "POST /contacts/{id}/followers": (201, {"followers": _TEXTS, "followersAdded": _TEXTS}),
    "DELETE /contacts/{id}/followers": (200, {"followers": _TEXTS, "followersRemoved": _TEXTS}),
    "POST /contacts/{id}/campaigns/{thing}": (201, _FINE),
    "DELETE /contacts/{id}/campaigns/{thing}": (200, _FINE),
    "DELETE /contacts/{id}/campaigns/removeAll": (200, _FINE),
    "DELETE /contacts/{id}/campaigns/remove-all": (200, _FINE),
    "POST /contacts/{id}/workflow/{thing}": (201, _FINE),
    "DELETE /contacts/{id}/workflow/{thing}": (200, _FINE),
    "POST /locations/{id}/tasks/search": (200, {"tasks": _some("Task")}),
    "GET /locations/{id}": (200, {"location": {"type": "object"}}),
    "GET /locations/{id}/tags": (200, {"tags": _some("Tag")}),
    "POST /locations/{id}/tags": (200, {"tag": _of("Tag")}),
    "GET /locations/{id}/tags/{thing}": (200, {"tag": _of("Tag")}),
    "PUT /locations/{id}/tags/{thing}": (200, {"tag": _of("Tag")}),
    "DELETE /locations/{id}/tags/{thing}": (200, _FINE),
    "GET /locations/{id}/customFields": (200, {"customFields": _some("CustomField")}),
    "POST /locations/{id}/customFields": (201, {"customField": _of("CustomField")}),
    "GET /locations/{id}/customFields/{thing}": (200, {"customField": _of("CustomField")}),
    "PUT /locations/{id}/customFields/{thing}": (200, {"customField": _of("CustomField")}),
    "DELETE /locations/{id}/customFields/{thing}": (200, _FINE),
    "POST /oauth/token": (200, _ANY),
    "POST /oauth/reconnect": (200, _ANY),
    "POST /oauth/locationToken": (201, _ANY),
    "POST /oauth/location-token": (201, _ANY),
    "GET /oauth/installedLocations": (200, {"locations": {"type": "array", "items": {}}}),
    "GET /oauth/installed-locations": (200, {"items": {"type": "array", "items": {}}}),
}  # fmt: skip
