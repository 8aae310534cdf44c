"""Who does a row of a source mean, and what does it change?

A contact is known by its email, else by its phone; also by those that a source called it by before
the CRM's people changed them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from contacts.cleaning import Value
from contacts.contact import Person
from contacts.store.database import Tx
from contacts.store.tables import contacts as table

CHUNK: Final = 500
"""Values in one IN list."""


@dataclass(slots=True)
class Entry:
    """One contact in the making.

    Attributes:
        id: ours; below 0 while it is new.
        fields: ours; ``before`` None: there was none.
        said: what a source last said of fields that the CRM has changed since; None: nothing.
        moved_at: when a source last changed a field, seconds since the epoch.
    """

    id: int
    fields: dict[str, Value]
    before: dict[str, Value] | None
    said: dict[str, Value | None] = field(default_factory=dict)
    said_before: dict[str, Value | None] = field(default_factory=dict)
    moved_at: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Any) -> Entry:
        """A contact as its row has it."""
        return cls(
            row.id,
            dict(row.fields),
            dict(row.fields),
            dict(row.said),
            dict(row.said),
            dict(row.moved_at),
        )

    @property
    def changed(self) -> bool:
        """Whether its row has to be written again."""
        return (self.before, self.said_before) != (self.fields, self.said)

    def moved(self, now: float) -> dict[str, float]:
        """When a source changed each field last, those changed just now among them."""
        if self.before is None:
            return {}
        others = {n: now for n, value in self.fields.items() if self.before.get(n) != value}
        return self.moved_at | others

    def take(self, name: str, value: Value, *, news: bool) -> bool:
        """A source says a value; returns whether it is another one than ours.

        What it said before the CRM changed the field is no edit when it is only said again.
        """
        if not news and name in self.said and self.said[name] == value:
            return False
        self.said.pop(name, None)
        changed = self.fields.get(name) != value
        self.fields[name] = value
        return changed

    @property
    def email(self) -> str | None:
        return _text(self.fields.get("email"))

    @property
    def phone(self) -> str | None:
        return _text(self.fields.get("phone"))


@dataclass(slots=True)
class Known:
    """The contacts that a batch may mean, by id, email and phone. New ones get ids below 0."""

    entries: dict[int, Entry] = field(default_factory=dict)
    by_email: dict[str, Entry] = field(default_factory=dict)
    by_phone: dict[str, Entry] = field(default_factory=dict)
    by_said: dict[str, Entry] = field(default_factory=dict)

    def who(self, person: Person) -> tuple[Entry | None, Entry | None]:
        """Who has the person's email, or is her by the source's own id, and who has the phone."""
        email, phone = person.email or "", person.phone or ""
        by_email = self.by_email.get(email) or self.by_said.get(email)
        if person.contact is not None:
            by_email = self.entries.get(person.contact, by_email)
        by_phone = self.by_phone.get(phone)
        if by_phone is None and not email:
            by_phone = self.by_said.get(phone)
        return by_email, by_phone

    def add(self, entry: Entry) -> None:
        self.entries[entry.id] = entry
        if entry.email:
            self.by_email[entry.email] = entry
        if entry.phone:
            self.by_phone[entry.phone] = entry
        for name in ("email", "phone"):
            if entry.said.get(name):
                self.by_said.setdefault(str(entry.said[name]), entry)


def _text(value: Value | None) -> str | None:
    return str(value) if value else None


def load(tx: Tx, location: str, people: Sequence[Person]) -> Known:
    """The contacts that these people may be."""
    known = Known()
    emails = sorted({person.email for person in people if person.email})
    phones = sorted({person.phone for person in people if person.phone})
    ids = sorted({person.contact for person in people if person.contact is not None})
    wanted: tuple[tuple[Any, Sequence[Any]], ...] = (
        (table.c.id, ids),
        (table.c.email, emails),
        (table.c.phone, phones),
        (table.c.said_email, emails),
        (table.c.said_phone, phones),
    )
    for column, values in wanted:
        for part in chunks(values):
            query = select(table.c.id, table.c.fields, table.c.said, table.c.moved_at).where(
                table.c.location == location, column.in_(part)
            )
            for row in tx.execute(query.order_by(table.c.id)):
                if row.id not in known.entries:
                    known.add(Entry.of(row))
    return known


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Parts that fit into an IN list."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
