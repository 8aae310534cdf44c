"""What comes back from the CRM, as plain frozen values in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contacts.cleaning import Value


@dataclass(frozen=True, slots=True)
class Quota:
    """What an answer's headers said of the limit; None: it did not say.

    Attributes:
        remaining, per_window, window_ms: X-RateLimit-Remaining, -Max, -Interval-Milliseconds.
    """

    remaining: int | None
    per_window: int | None
    window_ms: int | None


@dataclass(frozen=True, slots=True)
class Call:
    """One request that left this process; for the audit. No personal data.

    Attributes:
        at: when it was sent, seconds since the epoch (UTC).
        operation: its name, see ``worker.crm.operations``.
        status: HTTP status; 0 when no answer came.
        ms: from sending to the whole answer, without the wait for a token.
        trace: the CRM's ``traceId``, for its support.
        quota: None when no answer came.
    """

    at: float
    location: str
    operation: str
    status: int
    ms: float
    trace: str | None
    quota: Quota | None = None


@dataclass(frozen=True, slots=True)
class Theirs:
    """One contact as the CRM holds it.

    Attributes:
        id: the CRM's id.
        values: cleaned, non-blank values by our field names; a custom field by the name under
            which it was sent, else ``custom.<key>``, else ``custom.<id>``.
        tags: as the CRM spells them (lower case).
        deleted: softly deleted there.
        updated_at: when it was last changed, by the CRM's clock (``dateUpdated``), seconds since
            the epoch; None where it does not say.
        marks: a fingerprint of each value, by our field names and ``tags``, which is missing where
            no tags were shown. See ``contacts.echoes``.
        custom: the custom fields that the answer speaks of, by each of their names: under which
            name its value stands, if there is one. A field that is not here may have any value.
        also: emails and phones that it has beside its first ones.
    """

    id: str
    values: dict[str, Value] = field(repr=False)
    tags: frozenset[str]
    deleted: bool = False
    updated_at: float | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    custom: Mapping[str, str] = field(default_factory=dict)
    also: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a contact. ``user_id`` is None for one that no user of the CRM wrote."""

    id: str
    body: str = field(repr=False)
    user_id: str | None


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a contact.

    Attributes:
        due_at: seconds since the epoch; None where the answer names none.
        assigned_to: the id of a user; None: nobody.
        contact: the CRM's id of its contact; "" where the answer does not say.
    """

    id: str
    title: str = field(repr=False)
    body: str = field(repr=False)
    due_at: float | None
    completed: bool
    assigned_to: str | None
    contact: str


@dataclass(frozen=True, slots=True)
class CustomField:
    """A custom field of a location. ``key`` is without ``contact.``; ``data_type`` the CRM's."""

    id: str
    key: str
    name: str
    data_type: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page of contacts begins. The CRM ignores one value without the other.

    Attributes:
        after: ``startAfter``, milliseconds since the epoch.
        after_id: ``startAfterId``.
    """

    after: int
    after_id: str


@dataclass(frozen=True, slots=True)
class Row:
    """A contact as a list shows it: not as a read would.

    Attributes:
        shown: the fields, by our names, of which the row speaks, if only to say that there is none.
        caseless: fields of which it does not show the case that was typed.
    """

    theirs: Theirs
    shown: frozenset[str]
    caseless: frozenset[str]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of contacts. ``cursor`` is None after the last one.

    ``total`` is what the CRM says of the whole list, None where it says nothing.
    """

    rows: tuple[Row, ...]
    cursor: Cursor | None
    total: int | None

    @property
    def contacts(self) -> tuple[Theirs, ...]:
        """The contacts alone."""
        return tuple(row.theirs for row in self.rows)


@dataclass(frozen=True, slots=True)
class LocationFacts:
    """A location as the CRM knows it. Country: ISO 3166 alpha-2; timezone: IANA name.

    ``allows_doubles``: whether two contacts may have one email; None: it does not say.
    """

    id: str
    name: str
    country: str | None
    timezone: str | None
    allows_doubles: bool | None = None


JsonObject = Mapping[str, object]
"""A parsed JSON object, not yet believed."""


def allows_doubles(location: JsonObject) -> bool | None:
    """Whether a location, as the CRM shows it, lets two contacts have one email; None: it does not
    say."""
    settings = location.get("settings")
    found = settings.get("allowDuplicateContact") if isinstance(settings, Mapping) else None
    return found if isinstance(found, bool) else None
