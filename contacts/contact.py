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
class Person:
    """What a source says of one person.

    Attributes:
        fields: cleaned, non-blank values by our name, email and phone among them.
        add_tags, remove_tags: deltas, as the CRM spells tags.
        notes: bodies of notes to write once each.
    """

    fields: Mapping[str, Value]
    add_tags: frozenset[str] = frozenset()
    remove_tags: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

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
