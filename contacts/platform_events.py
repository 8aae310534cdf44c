"""What a course platform's hooks tell: from a body to events. Pure.

How the bodies of OnlineCourseHost's hooks look is not published, and what stands between (Zapier,
Pabbly) wraps them as it likes. So: JSON or a form; flat, under ``data``, ``payload`` or ``body``,
or a list of such; names in any spelling. What is not understood is kept with the event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from contacts import cleaning
from contacts.events import check_depth, without_nul
from contacts.platforms import Event
from contacts.tempo import DAY_S

WRAPPERS: Final = ("data", "payload", "body", "event", "record", "bundle")
"""Names under which the values may lie."""

DEEPEST: Final = 6
MOST: Final = 500
"""Events of one body; a hook brings one, a replay a page of them."""

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "email": ("email", "emailaddress", "studentemail", "useremail", "subscriberemail", "mail"),
    "name": ("name", "fullname", "studentname", "username", "displayname"),
    "first_name": ("firstname", "givenname"),
    "last_name": ("lastname", "familyname", "surname"),
    "phone": ("phone", "phonenumber", "mobile"),
    "course_id": ("courseid",),
    "course": ("coursetitle", "coursename", "course"),
    "source": ("source", "paymentsource", "provider"),
    "event_id": ("eventid", "webhookid", "hookid", "deliveryid"),
}
"""Our name of a value, and how it may be spelled: letters and digits, lower case."""

PERSON: Final = ("email", "name", "first_name", "last_name", "phone")


@dataclass(frozen=True, slots=True)
class PlatformEvent:
    """One event.

    Attributes:
        key: of two events with one key within a day the second one is the first one again.
        before: the key that it would have had a day earlier.
        location: of the CRM, to which the platform belongs.
        values: texts by our names, see ``NAMES``; and every other plain value by its own name.
        payload: as it came.
    """

    key: str
    before: str
    type: Event
    location: str
    values: Mapping[str, str] = field(repr=False)
    payload: Mapping[str, Any] = field(repr=False)


def read(
    body: bytes, *, content_type: str, type: Event, location: str, now: float
) -> list[PlatformEvent]:
    """The events of a body.

    Args:
        content_type: of the request; a form says so, everything else is taken for JSON.
        now: seconds since the epoch.

    Raises:
        ValueError: half a sentence on what is wrong; no value is repeated.
    """
    found = [
        _event(payload, type, location, now)
        for payload in _payloads(_document(body, content_type), 0)
    ]
    if not found:
        raise ValueError("the body holds no event")
    if len(found) > MOST:
        raise ValueError(f"the body holds more than {MOST} events")
    return found


def _document(body: bytes, content_type: str) -> Any:
    try:
        if "form" in content_type.lower():
            found: Any = dict(parse_qsl(body.decode(), keep_blank_values=True))
        else:
            found = orjson.loads(body)
    except (orjson.JSONDecodeError, UnicodeDecodeError, ValueError):
        raise ValueError("the body is neither JSON nor a form") from None
    check_depth(found)
    # PostgreSQL keeps no such character, and nobody means one.
    return without_nul(found)


def _payloads(found: Any, depth: int) -> Iterator[dict[str, Any]]:
    """The objects that hold an email, however they are wrapped."""
    if depth > DEEPEST:
        raise ValueError("the body is wrapped too deeply")
    if isinstance(found, str) and found.lstrip().startswith(("{", "[")):
        try:  # a form, or a wrapper, with JSON in one of its values
            found = orjson.loads(found)
        except orjson.JSONDecodeError:
            return
        check_depth(found)
        found = without_nul(found)
    if isinstance(found, list):
        for one in found:
            yield from _payloads(one, depth + 1)
    elif isinstance(found, dict):
        if _texts(found).get("email"):
            yield found
            return
        by_name = {_folded(name): value for name, value in found.items()}
        inner = [by_name[name] for name in WRAPPERS if name in by_name]
        if not any(isinstance(one, dict | list | str) for one in inner):
            raise ValueError("the body names no email")
        for one in inner:
            yield from _payloads(one, depth + 1)


def _event(payload: Mapping[str, Any], type: Event, location: str, now: float) -> PlatformEvent:
    values = _texts(payload)
    try:
        cleaning.email(values["email"], "US")
    except ValueError as error:
        raise ValueError(f"email {error}") from None
    if type is Event.ENROLMENT:
        course = values.get("course_id") or values.get("course", "")
        if not course:
            raise ValueError("an enrolment names no courseId")
        if len(course) > 128:
            raise ValueError("courseId is longer than 128 characters")
        values["course_id"] = course
        values.setdefault("course", course)
    day = int(now // DAY_S)
    return PlatformEvent(
        key=_key(type, location, values, day),
        before=_key(type, location, values, day - 1),
        type=type,
        location=location,
        values=values,
        payload=payload,
    )


def _key(type: Event, location: str, values: Mapping[str, str], day: int) -> str:
    """Its own id where it has one; else who, what and on which day."""
    id = values.get("event_id")
    parts = [type.value, location]
    if id:
        parts.append(id)
    else:
        parts += [values["email"].strip().casefold(), values.get("course_id", ""), str(day)]
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:40]


def _texts(payload: Mapping[str, Any]) -> dict[str, str]:
    """Every plain value as a text, by our name or its own; the user's own object counts too."""
    plain = {name: _text(value) for name, value in payload.items() if _is_plain(value)}
    for name, value in payload.items():
        if isinstance(value, dict) and _folded(name) in ("user", "student", "subscriber"):
            plain |= {inner: _text(one) for inner, one in value.items() if _is_plain(one)}
        if isinstance(value, dict) and _folded(name) == "course":
            inside = {_folded(inner): _text(one) for inner, one in value.items() if _is_plain(one)}
            plain |= {
                "courseId": inside.get("id", ""),
                "courseTitle": inside.get("title") or inside.get("name", ""),
            }
    by_fold: dict[str, str] = {}
    for name, value in plain.items():
        if value.strip():
            by_fold.setdefault(_folded(name), value.strip())
    ours = {
        name: next((by_fold[one] for one in spellings if one in by_fold), "")
        for name, spellings in NAMES.items()
    }
    said = {name: value.strip() for name, value in plain.items() if value.strip()}
    return said | {name: value for name, value in ours.items() if value}


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) or value is None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _folded(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()
