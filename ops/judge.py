"""A judge that asks the CRM's stand-in, and none of our own code, whether all is well."""

from __future__ import annotations

import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ops.students import Student


@dataclass(frozen=True, slots=True)
class Finding:
    """One question, its answer and its bound, as text for a table."""

    what: str
    bound: str
    value: str
    good: bool


def location(id: str, country: str = "US") -> dict[str, Any]:
    """A location of the stand-in with the custom fields of the made-up export."""
    return {
        "id": id,
        "name": "Demo School",
        "country": country,
        "custom_fields": [
            {"id": "cfLevel00000000000001", "key": "contact.level", "name": "Level",
             "data_type": "TEXT"},
            {"id": "cfEnrolled0000000001x", "key": "contact.enrolled_on", "name": "Enrolled on",
             "data_type": "DATE"},
        ],
    }  # fmt: skip


def token(secret: str, location: str) -> dict[str, Any]:
    """A private integration token for that location, with the scopes that we ask for."""
    return {
        "token": secret,
        "kind": "pit-location",
        "location": location,
        "scopes": [
            "contacts.readonly", "contacts.write", "locations/customFields.readonly",
            "locations.readonly", "locations/tasks.readonly",
        ],
    }  # fmt: skip


def get(url: str, path: str) -> Any:
    """Ask the stand-in's own side, which is not part of the API and costs no token."""
    with urllib.request.urlopen(f"{url}/_simulator/{path}", timeout=30) as answer:
        return orjson.loads(answer.read())


def look(url: str, location: str) -> dict[str, Any]:
    """The stand-in's own count of everything it was asked with tokens of that location."""
    return dict(get(url, f"report?location={location}"))


def judge(
    url: str, location: str, people: Sequence[Student], *, before: dict[str, Any]
) -> list[Finding]:
    """Everybody there, once, with the right fields, tags and note, and never asked too fast.

    Args:
        people: who the export speaks of, each once.
        before: the report after the first run; the second run must not have added a call.
    """
    report = look(url, location)
    theirs = get(url, f"contacts?location={location}")
    return [
        *_people(theirs, people),
        exactly("contacts twice (email or phone)", _doubles(theirs), 0),
        exactly("notes twice", report["duplicate_notes"], 0),
        exactly("answers 429", report["refused_429"], 0),
        speed(report),
        exactly("calls for the same file again", report["arrivals"] - before["arrivals"], 0),
    ]


def _people(theirs: list[dict[str, Any]], people: Sequence[Student]) -> list[Finding]:
    by_email = {c["email"]: c for c in theirs if c.get("email")}
    by_phone = {c["phone"]: c for c in theirs if c.get("phone")}
    found = [by_email.get(p.email) or by_phone.get(p.phone) for p in people]
    there = [(p, c) for p, c in zip(people, found, strict=True) if c]
    named = sum(_name(c) == p.name.casefold() for p, c in there)
    reached = sum((c.get("email"), c.get("phone")) == _ways(p) for p, c in there)
    tagged = sum(set(c["tags"]) >= p.tags for p, c in there)
    noted = sum({n["body"] for n in c.get("notes", [])} == p.notes for p, c in there)
    return [
        exactly("students in the CRM", len(there), len(people)),
        exactly("contacts in the CRM in all", len(theirs), len(people)),
        exactly("of them with the right name", named, len(people)),
        exactly("of them with the right email and phone", reached, len(people)),
        exactly("of them with the tag of each course", tagged, len(people)),
        exactly("of them with each note once", noted, len(people)),
    ]


def _ways(person: Student) -> tuple[str | None, str | None]:
    return person.email or None, person.phone or None


def _name(contact: dict[str, Any]) -> str:
    parts = (contact.get("firstName"), contact.get("lastName"))
    return " ".join(part for part in parts if part).casefold()


def _doubles(theirs: list[dict[str, Any]]) -> int:
    emails = Counter(c["email"].lower() for c in theirs if c.get("email"))
    phones = Counter(c["phone"] for c in theirs if c.get("phone"))
    return sum(n - 1 for n in (*emails.values(), *phones.values()))


def speed(report: dict[str, Any]) -> Finding:
    """Whether the CRM was ever asked too fast."""
    busiest = report["max_in_window"]
    return Finding("arrivals in the busiest 10 s", "≤ 100", str(busiest), busiest <= 100)


def exactly(what: str, value: int, wanted: int) -> Finding:
    """A number that has to be just that."""
    return Finding(what, str(wanted), str(value), value == wanted)


def read_out(findings: Sequence[Finding], say: Callable[[str], object]) -> bool:
    """Say each finding in a line; returns whether all are good."""
    for one in findings:
        mark, bound = "ok " if one.good else "BAD", f" (must be {one.bound})" if one.bound else ""
        say(f"{mark} {one.what}: {one.value}{bound}")
    return all(one.good for one in findings)
