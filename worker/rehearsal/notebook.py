"""Who would be told what: the writes of a rehearsal, contact by contact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contacts import plans
from contacts.cleaning import Value
from contacts.fields import FIELDS
from contacts.jobs import Ticket
from contacts.plans import Touched
from contacts.store import cards, inbox
from contacts.store.database import Store
from contacts.store.timeline import excerpt
from worker.crm import wire
from worker.crm.overlay import MADE, Raw
from worker.crm.transport import Asked
from worker.crm.wire import Dictionary

_OURS = {one.crm: one.name for one in FIELDS}
NOT_READ = "(its text there)"
"""In place of a note's text before, which is not read for a plan."""


@dataclass(slots=True)
class Page:
    """What is noted of one contact."""

    contact: int
    person: str
    keys: dict[str, None] = field(default_factory=dict)
    new: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    pieces: dict[str, str] = field(default_factory=dict)

    def change(self, name: str, before: Any, after: Any) -> None:
        """What it is at first, and what it is at last; nothing if these are the same."""
        first = self.changes.pop(name, (before, None))[0]
        if first != after:
            self.changes[name] = (first, after)


@dataclass(slots=True)
class Notebook:
    """Notes every write of the run that is rehearsed.

    Attributes:
        store: the copy.
        ticket: the job that is at work; set by the player.
    """

    store: Store
    run: int
    country: str
    dictionary: Dictionary
    ticket: Ticket | None = None
    of_run: bool = False
    pages: dict[int, Page] = field(default_factory=dict)

    def wrote(self, asked: Asked, id: str, before: Raw | None, fine: bool) -> None:
        """Note one write; see ``worker.crm.shadow.Wrote``."""
        if not self.of_run:
            return
        contact = self._whose(asked, id)
        page = self._page(contact, id if fine else "")
        name = asked.operation.name
        page.calls[name] += 1
        if name == "contact.create" and fine:
            page.new = True
        for _, parts in plans.pieces(name, asked.ids, asked.body):
            page.pieces.update(parts)
        if fine:
            self._change(page, name, asked, before)

    def _whose(self, asked: Asked, id: str) -> int:
        assert self.ticket is not None
        if asked.operation.name != plans.BULK_TAGS:
            return self.ticket.contact
        with self.store.read() as tx:
            return inbox.owner(tx, self.ticket.location, id) or 0

    def _page(self, contact: int, id: str) -> Page:
        """Its page, with all keys by which a worker would ask for it now."""
        with self.store.read() as tx:
            card = cards.load(tx, contact)
        person = card.email or card.phone or f"contact {contact}"
        page = self.pages.setdefault(contact, Page(contact, person))
        found = plans.person_keys(card.email, card.phone)
        ids = [one for one in (card.remote_id, id) if one and not one.startswith(MADE)]
        page.keys |= dict.fromkeys([*map(plans.remote_key, ids), *found])
        return page

    def _change(self, page: Page, name: str, asked: Asked, before: Raw | None) -> None:
        body: Mapping[str, Any] = asked.body or {}
        had = {str(tag).lower() for tag in (before or {}).get("tags") or ()}
        if name in ("contact.create", "contact.update"):
            values = self._values(before)
            for one, value in self._told(body).items():
                page.change(one, values.get(one), value)
        if name == "contact.delete":
            page.change("contact", "there", "deleted")
        removes = name == "contact.tags.remove" or asked.ids[0] == "remove"
        for tag in body.get("tags", ()):
            page.change(f"tag:{tag}", tag in had, not removes)
        if name.startswith(("contact.note.", "contact.task.")):
            self._paper(page, name, asked.ids[1], body)

    def _values(self, raw: Raw | None) -> Mapping[str, Value]:
        if raw is None:
            return {}
        return wire.contact(raw, country=self.country, dictionary=self.dictionary).values

    def _told(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What a body says, by our names."""
        told = {_OURS[name]: value for name, value in body.items() if name in _OURS}
        for one in body.get("customFields", ()):
            key = str(one.get("id") or one.get("key"))
            known = self.dictionary.by_id.get(key)
            value = one.get("field_value", one.get("fieldValue"))
            told[f"custom.{known.key if known else key}"] = None if value in ("", []) else value
        return told

    def _paper(self, page: Page, name: str, id: str, body: Mapping[str, Any]) -> None:
        kind, verb = name.split(".")[1:]
        if verb == "create":
            number = 1 + sum(one.startswith(f"{kind}:new") for one in page.changes)
            page.change(f"{kind}:new {number}", None, _text(body))
        elif verb == "delete":
            page.change(f"{kind}:{id}", NOT_READ, None)
        else:
            page.change(f"{kind}:{id}", NOT_READ, _text(body))

    def touched(self) -> list[Touched]:
        """All contacts that are written to, by our ids."""
        return [
            Touched(
                keys=tuple(page.keys),
                contact=page.contact,
                person=page.person,
                new=page.new,
                calls=dict(sorted(page.calls.items())),
                changes=page.changes,
                pieces=page.pieces,
            )
            for _, page in sorted(self.pages.items())
        ]


def _text(body: Mapping[str, Any]) -> str | None:
    """A note's text, or what is said of a task."""
    if "body" in body and "title" not in body:
        return excerpt(str(body["body"]))
    parts = [str(body[name]) for name in ("title", "body", "dueDate") if body.get(name)]
    if "completed" in body:
        parts.append("done" if body["completed"] else "to do")
    return excerpt(", ".join(parts))
