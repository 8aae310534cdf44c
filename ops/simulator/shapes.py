"""How a contact, a note and a row of a list are written in an answer: each in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ops.simulator.bodies import DND_CHANNELS
from ops.simulator.quirks import Quirks
from ops.simulator.world import ADDITIONAL, Contact, Note, Task


def instant(ms: int) -> str:
    """Milliseconds since the epoch as the CRM writes them."""
    when = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"


def read(contact: Contact, quirks: Quirks, *, v3: bool = False) -> dict[str, Any]:
    """A contact as ``GET``, ``PUT`` and upsert give it; v3 has its own names of DND's channels."""
    found = _person(contact, quirks) | {"name": contact.full_name}
    if v3 and found.get("dndSettings"):
        told = found["dndSettings"]
        found["dndSettings"] = {_V3_CHANNELS.get(name, name): one for name, one in told.items()}
    return found


_V3_CHANNELS = {old: new for new, old in DND_CHANNELS.items()}


def created(contact: Contact, quirks: Quirks) -> dict[str, Any]:
    """A contact as the v2 create gives it: the day of birth is a time, there is no ``name``."""
    found = _person(contact, quirks) | {
        "bounceEmail": False,
        "unsubscribeEmail": False,
        "offers": [],
        "products": [],
        "deleted": contact.deleted,
    }
    found.pop("timezone", None)
    born = contact.values.get("dateOfBirth")
    if born:
        found["dateOfBirth"] = f"{born}T00:00:00.000Z"
        found["birthMonth"], found["birthDay"] = int(born[5:7]), int(born[8:])
    return found


def _person(contact: Contact, quirks: Quirks) -> dict[str, Any]:
    values = dict(contact.values)
    if not quirks.shows_gender:
        values.pop("gender", None)
    if not quirks.shows_additional:
        for name in ADDITIONAL.values():
            values.pop(name, None)
    for name in ("firstName", "lastName", "email"):
        if name in values:
            values[f"{name}LowerCase"] = values[name].lower()
    if contact.full_name:
        values["fullNameLowerCase"] = contact.full_name.lower()
    return {
        "id": contact.id,
        "locationId": contact.location,
        **values,
        "type": "lead",
        "tags": list(contact.tags),
        "customFields": _custom(contact.custom),
        "dateAdded": instant(contact.added_ms),
        "dateUpdated": instant(contact.updated_ms),
        **({"businessId": contact.ties.business} if contact.ties.business else {}),
        **({"deleted": True} if contact.deleted else {}),
    }


def _custom(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"id": id, "value": value} for id, value in values.items()]


def row(contact: Contact, quirks: Quirks) -> dict[str, Any]:
    """A row of ``GET /contacts/``: names in lower case beside those that were typed."""
    values = dict(contact.values)
    first, last = values.pop("firstName", None), values.pop("lastName", None)
    values.pop("gender", None)
    born = values.pop("dateOfBirth", None)
    if born and quirks.list_date_of_birth == "date":
        values["dateOfBirth"] = born
    elif born and quirks.list_date_of_birth == "epoch":
        values["dateOfBirth"] = _epoch(born)
    return {
        "id": contact.id,
        "locationId": contact.location,
        "contactName": contact.full_name,
        "firstName": first.lower() if first else None,
        "lastName": last.lower() if last else None,
        "firstNameRaw": first,
        "lastNameRaw": last,
        **values,
        "type": "lead",
        "tags": list(contact.tags),
        "customFields": _custom(contact.custom),
        "dateAdded": instant(contact.added_ms),
        "dateUpdated": instant(contact.updated_ms),
        **({"businessId": contact.ties.business} if contact.ties.business else {}),
        **({"followers": list(contact.ties.followers)} if contact.ties.followers else {}),
    }


def found(contact: Contact, quirks: Quirks, after: tuple[int, str]) -> dict[str, Any]:
    """A row of a search: every key is there, names are in lower case, the street has another name.

    Args:
        after: where the next page begins, if this is the last row.
    """
    values = contact.values
    born = values.get("dateOfBirth")
    names = {name: values.get(name) for name in ("firstName", "lastName")}
    raw = {f"{name}Raw": value for name, value in names.items()}
    return {
        "id": contact.id,
        "locationId": contact.location,
        "contactName": contact.full_name.lower() or None,
        **{name: value.lower() if value else None for name, value in names.items()},
        **(raw if quirks.search_names == "raw" else {}),
        **{name: values.get(name) for name in _SEARCHED},
        "address": values.get("address1"),
        "dateOfBirth": _epoch(born) if born else None,
        "dnd": bool(values.get("dnd")),
        "phoneLabel": None,
        "validEmail": None,
        "businessName": None,
        "additionalEmails": list(values.get("additionalEmails", ())),
        "additionalPhones": list(values.get("additionalPhones", ())),
        "type": "lead",
        "tags": list(contact.tags),
        "customFields": _custom(contact.custom),
        "dateAdded": instant(contact.added_ms),
        "dateUpdated": instant(contact.updated_ms),
        "searchAfter": list(after),
    }


_SEARCHED = (
    "email", "phone", "city", "state", "postalCode", "country", "website", "timezone",
    "companyName", "source", "assignedTo",
)  # fmt: skip


def _epoch(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


def note(one: Note, contact: str) -> dict[str, Any]:
    """A note. ``userId`` is there only if one was given."""
    return {
        "id": one.id,
        "body": one.body,
        "contactId": contact,
        "dateAdded": instant(one.added_ms),
        **one.more,
    }


def task(one: Task, contact: str) -> dict[str, Any]:
    """A task, with what was given of it."""
    return {"id": one.id, **one.values, "contactId": contact}
