"""What a plan says that will be written to the CRM, and how two such sayings are compared. Pure.

Each write is taken apart into pieces: one field with its value, one tag on or off, one note, one
task. So a plan holds whatever calls the pieces travel by: a call that is made again after a lost
answer, or tags that go by a bulk call with those of others, are the same pieces.

Who a piece is for is said by *keys*: the CRM's id of the contact where there was one, and a
fingerprint of the email, else of the phone, where the run itself makes the contact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

Pieces = Mapping[str, str]
"""A fingerprint of what is written, by the name of the piece."""

_NO_PIECES: Final = frozenset({"locationId", "tags", "customFields"})
"""Properties of a contact's body that are taken apart otherwise."""

BULK_TAGS: Final = "contacts.bulk.tags"
_ADD, _REMOVE = "contact.tags.add", "contact.tags.remove"


def mark(value: object) -> str:
    """A fingerprint of a value: 96 bits of SHA-256 over its JSON."""
    raw = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(raw).hexdigest()[:24]


def remote_key(remote_id: str) -> str:
    """The key of a contact that the CRM has."""
    return f"id:{remote_id}"


def person_keys(email: object, phone: object) -> list[str]:
    """The keys of a person by what ours is known by."""
    named = {"email": email, "phone": phone}
    return [f"{name}:{mark(value)}" for name, value in named.items() if value]


def pieces(
    operation: str, ids: tuple[str, str], body: Mapping[str, Any] | None
) -> list[tuple[str, Pieces]]:
    """What a call writes: (the CRM's id of the contact, the pieces).

    Args:
        operation: its name in the catalogue.
        ids: of the contact, and of its note or task; "" where there is none yet. Of the bulk call
            for tags: ``add`` or ``remove``, and "".
        body: as it is sent.
    """
    said = body or {}
    id, thing = ids
    if operation in ("contact.create", "contact.update"):
        return [(id, _of_contact(said))]
    if operation in (_ADD, _REMOVE):
        return [(id, _of_tags(said, on=operation == _ADD))]
    if operation == BULK_TAGS:
        return [(str(one), _of_tags(said, on=id == "add")) for one in said.get("contacts", ())]
    if operation.startswith(("contact.note.", "contact.task.")):
        return [(id, _of_paper(operation, thing, said))]
    return [(id, {f"{operation} {thing}".strip(): mark(said)})]


def _of_contact(body: Mapping[str, Any]) -> dict[str, str]:
    found = {name: mark(value) for name, value in body.items() if name not in _NO_PIECES}
    found |= _of_tags(body, on=True)
    for one in body.get("customFields", ()):
        value = one.get("field_value", one.get("fieldValue"))
        found[f"custom.{one.get('id') or one.get('key')}"] = mark(value)
    return found


def _of_tags(body: Mapping[str, Any], *, on: bool) -> dict[str, str]:
    return {f"tag:{tag}": mark(on) for tag in body.get("tags", ())}


def _of_paper(operation: str, thing: str, body: Mapping[str, Any]) -> dict[str, str]:
    kind, verb = operation.split(".")[1:]
    if verb == "delete":
        return {f"{kind}:{thing}": mark(None)}
    if not thing:
        whole = mark(body)
        return {f"{kind}:new {whole[:12]}": whole}
    return {f"{kind}:{thing} {name}": mark(value) for name, value in body.items()}


def unplanned(planned: Pieces, now: Pieces) -> str | None:
    """The first piece that the plan does not have, or has otherwise; None: it has all of them."""
    return next((name for name, what in now.items() if planned.get(name) != what), None)


# ---------------------------------------------------------------- what is planned for one contact


@dataclass(frozen=True, slots=True)
class Touched:
    """One contact that is written to.

    Attributes:
        keys: who it is, see the top of this file.
        contact: our id; None for one that is not here yet.
        person: its email, else its phone: what a person knows it by.
        new: the CRM does not have it yet.
        calls: that write, by operation.
        changes: (what the CRM holds, what it will be told), by our names of fields; a tag is
            (has, is to have); a note or task (text, text).
        pieces: what may be sent.
    """

    keys: tuple[str, ...]
    contact: int | None
    person: str = field(repr=False)
    new: bool
    calls: Mapping[str, int]
    changes: Mapping[str, tuple[Any, Any]] = field(repr=False)
    pieces: Pieces

    def as_json(self) -> dict[str, Any]:
        """One line of a plan's file."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Touched:
        """A line of a plan's file.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        return cls(
            keys=tuple(str(one) for one in raw["keys"]),
            contact=raw["contact"],
            person=str(raw["person"]),
            new=bool(raw["new"]),
            calls={str(name): int(n) for name, n in raw["calls"].items()},
            changes={str(name): (old, new) for name, (old, new) in raw["changes"].items()},
            pieces={str(name): str(what) for name, what in raw["pieces"].items()},
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one contact in which the plan and what would be done now differ.

    Attributes:
        planned, now: (before, after); None: nothing is written of it.
    """

    contact: int | None
    person: str = field(repr=False)
    name: str
    planned: tuple[Any, Any] | None = field(repr=False)
    now: tuple[Any, Any] | None = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {name: getattr(self, name) for name in self.__slots__}


def differences(planned: Sequence[Touched], now: Sequence[Touched]) -> list[Difference]:
    """Where two plans differ, in the order of the first; also where only the CRM's own value does:
    who overwrites another value than was shown does not do what was planned."""
    by_key = {key: one for one in now for key in one.keys}
    found: list[Difference] = []
    met: set[int] = set()
    for one in planned:
        other = next((by_key[key] for key in one.keys if key in by_key), None)
        if other is not None:
            met.add(id(other))
        found += _between(one, other)
    for other in now:
        if id(other) not in met:
            found += _between(None, other)
    return found


def _between(planned: Touched | None, now: Touched | None) -> list[Difference]:
    one = planned or now
    assert one is not None
    before = _shown(planned)
    after = _shown(now)
    names = [*before, *(name for name in after if name not in before)]
    return [
        Difference(
            one.contact, one.person, name, _pair(planned, before, name), _pair(now, after, name)
        )
        for name in names
        if before.get(name) != after.get(name)
    ]


def _shown(one: Touched | None) -> dict[str, Any]:
    """What is compared: the changes, as JSON brings them back."""
    if one is None:
        return {}
    return {name: orjson.dumps(list(pair)) for name, pair in one.changes.items()}


def _pair(one: Touched | None, shown: Mapping[str, Any], name: str) -> tuple[Any, Any] | None:
    return one.changes[name] if one is not None and name in shown else None


def tally(touched: Iterable[Touched]) -> dict[str, int]:
    """What is done to contacts, counted: of contacts, fields, tags, notes and tasks."""
    found = dict.fromkeys(
        ("creates", "updates", "tags_added", "tags_removed", "notes", "tasks", "emptied"), 0
    )
    for one in touched:
        names = [*one.changes]
        fields = [name for name in names if ":" not in name]
        found["creates"] += one.calls.get("contact.create", 0) > 0
        found["updates"] += one.calls.get("contact.update", 0) > 0
        found["tags_added"] += sum(
            n.startswith("tag:") and one.changes[n][1] is True for n in names
        )
        found["tags_removed"] += sum(
            n.startswith("tag:") and one.changes[n][1] is False for n in names
        )
        found["notes"] += sum(n.startswith("note:") for n in names)
        found["tasks"] += sum(n.startswith("task:") for n in names)
        found["emptied"] += any(one.changes[n][1] is None for n in fields)
    return found
