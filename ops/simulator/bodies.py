"""What a body may hold, call by call. Anything else is named in a 422, as the CRM does it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import orjson

from ops.simulator.refusals import bad_request, unprocessable

Check = Callable[[str, Any], str | None]
"""A name and a value to a complaint, or None."""

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
DND_CHANNELS: Final = {
    "call": "Call", "email": "Email", "sms": "SMS", "whatsApp": "WhatsApp", "gmb": "GMB",
    "fb": "FB", "rcs": "RCS",
}  # fmt: skip
"""Channels of ``dndSettings`` by their v3 names, with those of before; RCS is seen live (#264)."""

_TIMES_MS: Final = (-62_135_000_000_000, 253_402_000_000_000)
"""The years 1 to 9999."""

_DAY: Final = re.compile(
    r"(?:(?P<y>\d{4})([/._-])(?P<m>\d{1,2})\2(?P<d>\d{1,2})(?:T.*)?"
    r"|(?P<m2>\d{1,2})([/._-])(?P<d2>\d{1,2})\6(?P<y2>\d{4}))"
)


def text(name: str, value: Any) -> str | None:
    return None if isinstance(value, str) else f"{name} must be a string"


def truth(name: str, value: Any) -> str | None:
    return None if isinstance(value, bool) else f"{name} must be a boolean value"


def thing(name: str, value: Any) -> str | None:
    return None if isinstance(value, dict) else f"{name} must be an object"


def some(name: str, value: Any) -> str | None:
    return None if isinstance(value, list) else f"{name} must be an array"


def texts(name: str, value: Any) -> str | None:
    if not isinstance(value, list):
        return f"{name} must be an array"
    fine = all(isinstance(one, str) for one in value)
    return None if fine else f"each value in {name} must be a string"


def email(name: str, value: Any) -> str | None:
    fine = isinstance(value, str) and _EMAIL.fullmatch(value)
    return None if fine else f"{name} must be an email"


def day(name: str, value: Any) -> str | None:
    fine = value == "" or (isinstance(value, str) and iso_day(value))
    return None if fine else f"{name} must be a valid date"


def instant(name: str, value: Any) -> str | None:
    fine = isinstance(value, str) and when_ms(value) is not None
    return None if fine else f"{name} must be a valid ISO 8601 date string"


def number(name: str, value: Any) -> str | None:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return None if fine else f"{name} must be a number"


def count(name: str, value: Any) -> str | None:
    fine = number(name, value) is None and 0 <= value < 2**31 and value == int(value)
    return None if fine else f"{name} must be a positive number"


def model(name: str, value: Any) -> str | None:
    fine = value in ("contact", "opportunity")
    return None if fine else f"{name} must be one of the following values: contact, opportunity"


def whole(text: str, *, digits: int = 9) -> bool:
    """Whether a parameter of a query is a number from 0 on, with so many digits at most."""
    return text.isascii() and text.isdecimal() and len(text) <= digits


def dnd(name: str, value: Any) -> str | None:
    return _channels(name, value, DND_CHANNELS.values(), ("active", "inactive", "permanent"))


def dnd_v3(name: str, value: Any) -> str | None:
    return _channels(name, value, DND_CHANNELS, ("active", "inactive", "permanent"))


def inbound(name: str, value: Any) -> str | None:
    return _channels(name, value, ("all",), ("active", "inactive"))


def _channels(name: str, value: Any, known: Collection[str], states: tuple[str, ...]) -> str | None:
    """The first complaint about channels: each is an object with a ``status``, and texts."""
    if not isinstance(value, dict):
        return f"{name} must be an object"
    for channel, told in value.items():
        if channel not in known:
            return f"{name}.property {channel} should not exist"
        complaint = _channel(f"{name}.{channel}", told, states)
        if complaint:
            return complaint
    return None


def _channel(at: str, told: Any, states: tuple[str, ...]) -> str | None:
    if not isinstance(told, dict):
        return f"{at} must be an object"
    if told.get("status") not in states:
        return f"{at}.status must be one of the following values: {', '.join(states)}"
    for key, text in told.items():
        if key not in ("status", "message", "code"):
            return f"{at}.property {key} should not exist"
        if not isinstance(text, str):
            return f"{at}.{key} must be a string"
    return None


def when_ms(value: str) -> int | None:
    """An ISO time as milliseconds since the epoch; None if it is none."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    ms = round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
    return ms if _TIMES_MS[0] <= ms <= _TIMES_MS[1] else None


def needed(name: str, value: Any) -> str | None:
    return None if isinstance(value, str) and value else f"{name} should not be empty"


def iso_day(value: str) -> str | None:
    """A date in any of the CRM's spellings as ``YYYY-MM-DD``; None if it is none."""
    found = _DAY.fullmatch(value)
    if not found:
        return None
    year, month, day = (int(found[part] or found[f"{part}2"]) for part in "ymd")
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


_NULLABLE: Final[dict[str, Check]] = {
    "firstName": text, "lastName": text, "name": text, "email": email, "phone": text,
    "address1": text, "city": text, "state": text, "website": text, "timezone": text,
    "dateOfBirth": day,
}  # fmt: skip
_PLAIN: Final[dict[str, Check]] = {
    "postalCode": text, "country": text, "dnd": truth, "dndSettings": dnd,
    "inboundDndSettings": inbound, "tags": texts, "customFields": some, "source": text,
    "assignedTo": text,
}  # fmt: skip
_NEW: Final[dict[str, Check]] = {"locationId": needed, "gender": text, "companyName": text}


class Shape:
    """What the body of one call may hold.

    Args:
        allowed: each property with its check.
        nullable: those that may be null.
        required: those that must be there.
    """

    def __init__(
        self, allowed: Mapping[str, Check], *, nullable: set[str], required: tuple[str, ...] = ()
    ) -> None:
        self.allowed = allowed
        self.nullable = frozenset(nullable)
        self.required = required
        self._v3: Shape | None = None
        if allowed.get("dndSettings") is dnd:
            newer = {**allowed, "dndSettings": dnd_v3}
            self._v3 = Shape(newer, nullable=nullable, required=required)

    def of(self, *, v3: bool) -> Shape:
        """The same for that generation: v3 spells the channels of ``dndSettings`` its own way."""
        return self._v3 or self if v3 else self

    def complaints(self, body: Mapping[str, Any]) -> list[str]:
        """Everything that is wrong with a body."""
        found = [f"property {name} should not exist" for name in body if name not in self.allowed]
        for name, value in body.items():
            check = self.allowed.get(name)
            if check is None or (value is None and name in self.nullable):
                continue
            complaint = check(name, value)
            if complaint:
                found.append(complaint)
        found += [
            complaint
            for name in self.required
            if name not in body and (complaint := self.allowed[name](name, None))
        ]
        return found


CREATE: Final = Shape(
    {**_NULLABLE, **_PLAIN, **_NEW},
    nullable={*_NULLABLE, "companyName"},
    required=("locationId",),
)
UPSERT: Final = Shape(
    {**_NULLABLE, **_PLAIN, **_NEW, "createNewIfDuplicateAllowed": truth},
    nullable={*_NULLABLE, "companyName"},
    required=("locationId",),
)
UPDATE: Final = Shape({**_NULLABLE, **_PLAIN}, nullable={*_NULLABLE, "source", "assignedTo"})
UPDATE_WITH_COMPANY: Final = Shape(
    {**_NULLABLE, **_PLAIN, "companyName": text},
    nullable={*_NULLABLE, "source", "assignedTo", "companyName"},
)
TAGS: Final = Shape({"tags": texts}, nullable=set(), required=("tags",))
NOTE: Final = Shape(
    {"body": needed, "userId": text, "title": text, "color": text, "pinned": truth},
    nullable=set(),
    required=("body",),
)
CHANGED_NOTE: Final = Shape(
    {"body": needed, "userId": text, "title": text, "color": text, "pinned": truth},
    nullable=set(),
)
_TASK: Final[dict[str, Check]] = {
    "title": needed, "body": text, "dueDate": instant, "completed": truth, "assignedTo": text,
}  # fmt: skip
TASK: Final = Shape(_TASK, nullable=set(), required=("title", "dueDate", "completed"))
CHANGED_TASK: Final = Shape(_TASK, nullable=set())
COMPLETED: Final = Shape({"completed": truth}, nullable=set(), required=("completed",))
CONTACT_SEARCH: Final = Shape(
    {
        "locationId": needed, "pageLimit": count, "page": count, "searchAfter": some,
        "query": text, "filters": some, "sort": some,
    },
    nullable=set(),
    required=("locationId", "pageLimit"),
)  # fmt: skip
TASK_SEARCH: Final = Shape(
    {
        "contactId": texts, "completed": truth, "assignedTo": texts, "query": text,
        "limit": count, "skip": count, "businessId": text,
    },
    nullable=set(),
)  # fmt: skip
FOLLOWERS: Final = Shape({"followers": texts}, nullable=set(), required=("followers",))
NOTHING: Final = Shape({}, nullable=set())
WORKFLOW: Final = Shape({"eventStartTime": instant}, nullable=set())
BULK_TAGS: Final = Shape(
    {"contacts": texts, "tags": texts, "locationId": needed, "removeAllTags": truth},
    nullable=set(),
    required=("contacts", "tags", "locationId"),
)
BULK_BUSINESS: Final = Shape(
    {"locationId": needed, "ids": texts, "businessId": text},
    nullable={"businessId"},
    required=("locationId", "ids", "businessId"),
)
TAG_NAME: Final = Shape({"name": needed}, nullable=set(), required=("name",))
_FIELD: Final[dict[str, Check]] = {
    "name": needed, "placeholder": text, "acceptedFormat": texts, "isMultipleFile": truth,
    "maxNumberOfFiles": count, "textBoxListOptions": some, "position": count, "model": model,
}  # fmt: skip
CUSTOM_FIELD: Final = Shape(
    {**_FIELD, "dataType": needed}, nullable=set(), required=("name", "dataType")
)
CHANGED_CUSTOM_FIELD: Final = Shape(_FIELD, nullable=set(), required=("name",))


def parse(raw: bytes, shape: Shape) -> dict[str, Any]:
    """The body of a call.

    Raises:
        Refusal: 400 if it is no JSON object, 422 with everything that is wrong with it.
    """
    try:
        body = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError:
        raise bad_request("Unexpected token in JSON", {"error": "Bad Request"}) from None
    if not isinstance(body, dict):
        raise bad_request("Unexpected token in JSON", {"error": "Bad Request"})
    complaints = shape.complaints(body)
    if complaints:
        raise unprocessable(complaints)
    return body
