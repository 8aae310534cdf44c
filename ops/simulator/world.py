"""What the CRM remembers: contacts with their tags, notes and tasks, by location."""

from __future__ import annotations

import string
import time
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from ops.simulator.config import Config, CustomField, Location, Token
from ops.simulator.oauth_grants import Grants
from ops.simulator.tagbook import TagBook

ADDITIONAL: Final = {"email": "additionalEmails", "phone": "additionalPhones"}
"""Where the emails and phones beside the first one are kept. They can be read, not written."""

_LETTERS: Final = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a contact; ``more`` is what else was given (title, colour, user)."""

    id: str
    body: str
    added_ms: int
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a contact; ``values`` by the API's names."""

    id: str
    added_ms: int
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def completed(self) -> bool:
        return bool(self.values.get("completed"))


@dataclass(frozen=True, slots=True)
class Ties:
    """What a contact is tied to: none of it is among its values, no webhook tells of it.

    Attributes:
        followers: ids of users. ``business``: id of a company.
        campaigns: ids. ``workflows``: ids with the time of the event that they wait for, if any.
        appointments: by the API's names.
    """

    followers: tuple[str, ...] = ()
    business: str | None = None
    campaigns: tuple[str, ...] = ()
    workflows: Mapping[str, str | None] = field(default_factory=dict)
    appointments: tuple[Mapping[str, Any], ...] = ()


NO_TIES: Final = Ties()


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact at one time: a change makes another.

    Attributes:
        values: by the API's names.
        custom: values of custom fields by id.
    """

    id: str
    location: str
    added_ms: int
    updated_ms: int
    values: Mapping[str, Any]
    tags: tuple[str, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    tasks: tuple[Task, ...] = ()
    deleted: bool = False
    ties: Ties = NO_TIES

    def names(self, identity: str) -> tuple[str, ...]:
        """The keys under which it is found by email or phone."""
        own = self.values.get(identity)
        more = self.values.get(ADDITIONAL[identity], ())
        return tuple(dict.fromkeys(one.lower() for one in (own, *more) if one))

    @property
    def full_name(self) -> str:
        parts = (self.values.get("firstName"), self.values.get("lastName"))
        return " ".join(part for part in parts if part)


class Book:
    """The contacts of one location."""

    def __init__(self) -> None:
        self.contacts: dict[str, Contact] = {}
        self.living = 0
        self._order: list[tuple[int, str]] = []
        self._found: dict[str, dict[str, dict[str, None]]] = {"email": {}, "phone": {}}
        self._past: dict[str, list[tuple[float, Contact | None]]] = {}

    def put(self, new: Contact, *, now: float, remember_s: float = 0.0) -> None:
        """Keep a contact, new or changed.

        Args:
            remember_s: for so long, keep what it was before: lists lag.
        """
        old = self.contacts.get(new.id)
        if remember_s:
            past = self._past.setdefault(new.id, [(0.0, old)])
            past.append((now, new))
            while past[1][0] <= now - remember_s:
                past.pop(0)
        else:
            self._past.pop(new.id, None)
        self.contacts[new.id] = new
        if old is None:
            insort(self._order, (new.added_ms, new.id))
        self.living += (not new.deleted) - (old is not None and not old.deleted)
        for identity, found in self._found.items():
            before = () if old is None or old.deleted else old.names(identity)
            after = () if new.deleted else new.names(identity)
            if before != after:
                _move(found, new.id, before, after)

    def holders(self, identity: str, value: str, *, further: bool = True) -> list[Contact]:
        """The living contacts with this email or phone, oldest first.

        Args:
            further: look at the emails and phones beside the first one as well.
        """
        key = value.lower()
        found = [self.contacts[id] for id in self._found[identity].get(key, ())]
        if further:
            return found
        return [one for one in found if str(one.values.get(identity, "")).lower() == key]

    def newest(
        self, before: tuple[int, str] | None, *, seen_at: float | None = None
    ) -> Iterator[Contact]:
        """The living contacts, newest first.

        Args:
            before: added (ms) and id of the one after which to begin.
            seen_at: as they were then, seconds since the epoch; None is now.
        """
        first = len(self._order) if before is None else bisect_left(self._order, before)
        for at in range(first - 1, -1, -1):
            contact = self._then(self._order[at][1], seen_at)
            if contact is not None and not contact.deleted:
                yield contact

    def rank(self, before: tuple[int, str]) -> int:
        """How many, with the deleted, come before that place in a list."""
        return len(self._order) - bisect_left(self._order, before)

    def _then(self, id: str, seen_at: float | None) -> Contact | None:
        past = self._past.get(id)
        if past is None or seen_at is None:
            return self.contacts[id]
        return next(contact for at, contact in reversed(past) if at <= seen_at)

    def doubles(self) -> int:
        """Living contacts that share an email or phone with an older one."""
        return len(
            {id for found in self._found.values() for ids in found.values() for id in list(ids)[1:]}
        )


def _move(
    found: dict[str, dict[str, None]], id: str, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    for name in before:
        ids = found[name]
        del ids[id]
        if not ids:
            del found[name]
    for name in after:
        found.setdefault(name, {})[id] = None


def _steady() -> Callable[[], float]:
    begun = time.time() - time.monotonic()
    return lambda: begun + time.monotonic()


class World:
    """Everything that is true in the CRM, and what it was told.

    ``tags_replaced`` counts calls that gave all tags of a contact that was there: tags that
    somebody else has just put on are lost by that. ``mangled`` lists what was not kept as it was
    sent: (contact, property, what was made of it). ``by_call``: what changes now is changed by a
    call of the API, not by a person.

    Args:
        clock: seconds since the epoch; None is the machine's, which then never goes back.
    """

    def __init__(self, config: Config, *, clock: Callable[[], float] | None = None) -> None:
        self.config = config
        self.clock = clock or _steady()
        self.random = Random(config.seed)
        self.grants = Grants(lambda: self.config, self.clock, self.random)
        self.books: dict[str, Book] = {}
        self.tagbooks: dict[str, TagBook] = {}
        self.home: dict[str, str] = {}
        self.locations: dict[str, Location] = {}
        self._fields: dict[str, dict[str, CustomField | None]] = {}
        self.tokens: dict[str, Token] = {}
        self.listeners: list[Callable[[Contact | None, Contact], None]] = []
        self.by_call = False
        self.tags_replaced = 0
        self.mangled: list[tuple[str, str, str]] = []
        self.told(config)

    def told(self, config: Config) -> None:
        """Take another config; what the CRM remembers stays."""
        self.config = config
        self.locations = {one.id: self._with_fields(one) for one in config.locations}
        self.tokens = {one.token: one for one in config.tokens}
        for id in self.locations:
            self.books.setdefault(id, Book())
            self.tagbooks.setdefault(id, TagBook(id))

    def forget(self) -> None:
        """All contacts are gone, and what calls made of the dictionaries."""
        self.books = {id: Book() for id in self.locations}
        self.tagbooks = {id: TagBook(id) for id in self.locations}
        self.home = {}
        self._fields = {}
        self.told(self.config)

    def keep_field(self, location: str, id: str, field: CustomField | None) -> None:
        """Keep a custom field that a call made or changed; None takes it away."""
        self._fields.setdefault(location, {})[id] = field
        self.told(self.config)

    def _with_fields(self, location: Location) -> Location:
        told = self._fields.get(location.id)
        if not told:
            return location
        fields = {one.id: one for one in location.custom_fields} | told
        kept = tuple(one for one in fields.values() if one is not None)
        return location.model_copy(update={"custom_fields": kept})

    def find(self, id: str) -> Contact | None:
        """The contact with this id, also a deleted one, of whichever location."""
        home = self.home.get(id)
        return self.books[home].contacts[id] if home is not None else None

    def put(self, contact: Contact, *, silently: bool = False) -> None:
        """Keep a contact, new or changed, and tell who listens."""
        old = self.find(contact.id)
        self.home[contact.id] = contact.location
        lag = max(self.config.quirks.list_lag_s, self.config.quirks.search_lag_s)
        self.books[contact.location].put(contact, now=self.clock(), remember_s=lag)
        if contact.tags and self.config.quirks.tags_fill_dictionary:
            self.tagbooks[contact.location].note(contact.tags, old.tags if old else ())
        for tell in () if silently else self.listeners:
            tell(old, contact)

    def now_ms(self) -> int:
        return int(self.clock() * 1000)

    def new_id(self) -> str:
        """Twenty letters and digits, as the CRM's ids are."""
        return "".join(self.random.choices(_LETTERS, k=20))

    def new_trace(self) -> str:
        """A UUID for an answer."""
        raw = f"{self.random.getrandbits(128):032x}"
        return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"
