"""How a location's course platform is talked to: what ``[platform]`` of ``rollbook.toml`` says.

It is checked where it is read (``producers.connecting``) and kept in the database, where all
processes find it (``contacts.store.platforms``). A secret is never part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final


class Kind(StrEnum):
    """The connectors."""

    COURSEHOST = "coursehost"
    """OnlineCourseHost: events come in, enrolments go out."""
    SQL = "sql"
    """A table of a database that SQLAlchemy can open."""
    HTTP = "http"
    """An API of JSON documents, by configuration."""


class Event(StrEnum):
    """What a platform tells by itself."""

    ACCOUNT = "account"
    """Somebody made an account."""
    ENROLMENT = "enrolment"
    """Somebody was enrolled in a course."""
    NEWSLETTER = "newsletter"
    """Somebody signed up for the newsletter."""


NEWSLETTER: Final = "newsletter"
"""The list that the event of that name puts somebody on, unless ``list`` names another."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What follows from an event. Texts may hold names of its values: ``course: {course}``.

    Attributes:
        list: of the platform, on which the contact is now.
    """

    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    list: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """Where the platform's changes are read.

    Attributes:
        key: column or JSON pointer of the id by which the platform knows a person.
        updated: of the time of the last change.
        size: rows of a page.
        overlap_s: how far back each reading begins, for rows that were committed late.
        table: sql: of the people; ``schema.table`` is possible.
        path: http: of the list, from the platform's address on.
        items: http: JSON pointer of the list in the answer; "" is the answer itself.
        since, page, limit: http: names of the query's parameters: changed since, which page, how
            many; "" where the API has none.
        next: http: JSON pointer of the next page: a token for ``page``, or its address.
        tags, notes: as in :class:`Consequence`, with columns or pointers for names.
    """

    key: str
    updated: str
    size: int = 200
    overlap_s: float = 60.0
    table: str = ""
    path: str = ""
    items: str = ""
    since: str = ""
    page: str = ""
    limit: str = ""
    next: str = ""
    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """http: one call that changes something. Texts may hold ``{email}``, ``{key}`` and so on.

    Attributes:
        body: JSON; None: it has none.
    """

    path: str
    method: str = "POST"
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CourseList:
    """http: where the courses are listed; pointers as in :class:`Feed`."""

    path: str
    items: str = ""
    id: str = "/id"
    title: str = "/title"


@dataclass(frozen=True, slots=True)
class Platform:
    """One course platform.

    Attributes:
        url: of the API, or of the database, without a password.
        per_minute: calls that it takes; 0: no limit (sql).
        header, prefix: http: which header holds the secret, and what stands before it.
        integration: coursehost: whose name its calls bear, ``zapier`` or ``pabbly``.
        fields: column or JSON pointer by our name of the field.
        write_back: our names of the fields that the platform is told when the CRM changes them.
        telling: http: the call for them.
        listing: http: the call that puts somebody on a list; the same with DELETE takes off.
        lists: sql: the column of yes or no for each list.
    """

    kind: Kind
    url: str
    per_minute: int = 0
    header: str = "Authorization"
    prefix: str = "Bearer "
    integration: str = "zapier"
    fields: Mapping[str, str] = field(default_factory=dict)
    feed: Feed | None = None
    write_back: tuple[str, ...] = ()
    telling: Call | None = None
    courses: CourseList | None = None
    enrol: Call | None = None
    listing: Call | None = None
    lists: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, Consequence] = field(default_factory=dict)

    def follows(self, event: Event) -> Consequence:
        """What follows from an event; nothing more than the contact itself where it is silent."""
        return self.events.get(event.value, Consequence())


NONE: Final = Platform(Kind.COURSEHOST, "")
"""A location whose platform is not connected: its events are taken all the same."""


def to_json(platform: Platform) -> dict[str, Any]:
    """As it is kept in the database."""
    return asdict(platform)


def from_json(kept: Mapping[str, Any]) -> Platform:
    """What :func:`to_json` kept."""
    found = dict(kept)
    for name, kind in (
        ("feed", Feed),
        ("telling", Call),
        ("courses", CourseList),
        ("enrol", Call),
        ("listing", Call),
    ):
        if found.get(name) is not None:
            found[name] = kind(**_tuples(found[name]))
    events = {name: Consequence(**_tuples(one)) for name, one in found.pop("events", {}).items()}
    return Platform(**_tuples(found) | {"kind": Kind(found["kind"]), "events": events})


def _tuples(found: Mapping[str, Any]) -> dict[str, Any]:
    """JSON knows lists only."""
    return {name: tuple(one) if isinstance(one, list) else one for name, one in found.items()}
