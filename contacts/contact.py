"""What a contact is: cleaned values by our field names. Equality is after cleaning."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from contacts import fields
from contacts.cleaning import Value


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that was left out, and why. ``reason`` never repeats the value.

    Attributes:
        field: our name of the field, or of the whole row ("email, phone").
        reason: finishes the sentence that begins with the field.
    """

    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class AskedTask:
    """A task that a source wants to be done for a person.

    Attributes:
        key: by which the source knows it.
        due_at: seconds since the epoch.
        assigned_to: the id of a user of the CRM; None: nobody.
    """

    key: str
    title: str
    body: str
    due_at: float
    assigned_to: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What a source says of one person.

    Attributes:
        fields: cleaned, non-blank values by our name, email and phone among them.
        add_tags, remove_tags: deltas, as the CRM spells tags.
        notes: bodies of notes to write once each.
        named_notes: (key, body) of notes that the source knows by a key: another body is the same
            note changed.
        tasks: to be done for the person, by people who work in the CRM.
        contact: our id, where the source has an id of its own by which we know the person; an
            email that is another one now is then a change, and not somebody else.
    """

    fields: Mapping[str, Value]
    add_tags: frozenset[str] = frozenset()
    remove_tags: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    named_notes: tuple[tuple[str, str], ...] = ()
    tasks: tuple[AskedTask, ...] = ()
    contact: int | None = None

    @property
    def email(self) -> str | None:
        value = self.fields.get("email")
        return str(value) if value else None

    @property
    def phone(self) -> str | None:
        value = self.fields.get("phone")
        return str(value) if value else None


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The outcome of cleaning: what can be used, and what cannot."""

    fields: dict[str, Value] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def clean(raw: Mapping[str, str], country: str) -> Cleaned:
    """Clean the raw texts of one person; blank ones are left out.

    Args:
        raw: text by our field name.
        country: of the location, ISO 3166 alpha-2.
    """
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for name, text in raw.items():
        if not text or not text.strip():
            continue
        try:
            values[name] = fields.clean(name, text, country)
        except ValueError as error:
            problems.append(Problem(name, str(error)))
    return Cleaned(values, tuple(problems))


def fingerprint(value: Value) -> str:
    """A short, stable stand-in for a value (16 hex digits of SHA-256), safe to compare."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]
