"""Why does it say that? What is known of one contact, put together for a person.

The timeline says what changed; the jobs, calls, webhooks and runs that it names say how. Every
statement reads by an index: a contact's story costs the same among a million others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import bindparam, select, text

from contacts import merge
from contacts.cleaning import Value
from contacts.jobs import Kind
from contacts.store import audit, cards, timeline
from contacts.store.audit import Call
from contacts.store.cards import Card
from contacts.store.database import Tx
from contacts.store.tables import (
    OPEN,
    RESTING,
    contacts,
    jobs,
    locations,
    notes,
    runs,
    tags,
    webhooks,
)
from contacts.store.timeline import Entry

MOST: Final = 500
"""Ids in one IN list."""

KINDS: Final = tuple(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Errand:
    """A job of the contact.

    Attributes:
        state: waiting, released, done, parked or cancelled.
        worker: who has it, or had it last.
        due_at, put_at, settled_at: seconds since the epoch.
        code, reason: why the last attempt failed, if it did.
    """

    id: int
    kind: str
    subject: int
    lane: int
    state: str
    run: int | None
    put_at: float
    due_at: float
    attempts: int
    worker: str | None
    code: str | None
    reason: str | None
    settled_at: float | None


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook that an entry names.

    Attributes:
        webhook: the CRM's id of it.
        at: when it happened, by the CRM's clock; received_at: when it came, by ours.
    """

    id: int
    webhook: str
    type: str
    at: float
    received_at: float
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of a contact.

    Attributes:
        card: as it stands now; None: it is not in the roster any more.
        location: of it; "" where nobody knows any more.
        entries: what happened, oldest first.
        jobs: those that are named by the entries, and those that are open or rest, by id.
        calls: that were made for those jobs, oldest first, by job; also by another one that took
            it along.
        hooks: the webhooks that are named and still kept, by our id.
        runs: what they read, by id.
        tags: whether we want it and whether the CRM has it (None: not known), by tag.
        notes: beginnings of the notes that the CRM lacks, by our id.
        paused: until when, and why, the location is paused; None: it is not.
        earlier: how many more entries there are.
    """

    contact: int
    location: str
    card: Card | None
    entries: Sequence[Entry]
    jobs: Mapping[int, Errand]
    calls: Mapping[int, Sequence[Call]]
    hooks: Mapping[int, Hook]
    runs: Mapping[int, str]
    tags: Mapping[str, tuple[bool, bool | None]] = field(repr=False)
    notes: Mapping[int, str] = field(repr=False)
    paused: tuple[float, str] | None = None
    earlier: int = 0

    @property
    def unsent(self) -> dict[str, Value]:
        """The fields that the CRM will be told."""
        card = self.card
        if card is None or card.gone:
            return {}
        linked = card.remote_id is not None
        return merge.unsent(
            card.fields, card.agreed, card.refused, linked=linked, policy=card.policy
        )

    @property
    def planned(self) -> list[Errand]:
        """The jobs that are open, or rest until a person says so, oldest first."""
        return [job for id, job in sorted(self.jobs.items()) if job.state != "done"]


def of(
    tx: Tx,
    contact: int,
    *,
    limit: int = 50,
    about: Callable[[Entry], bool] = lambda _: True,
    now: float,
) -> Story | None:
    """The story of one contact; None: nothing is known of it.

    Args:
        limit: the newest so many entries, with their jobs and calls.
        about: which entries are asked for, of the newest thousand.
    """
    every = [one for one in timeline.of(tx, contact) if about(one)]
    entries = every[-limit:]
    place = tx.execute(_PLACE, {"b_contact": contact}).scalar_one_or_none()
    if place is None and not every:
        return None
    found = _jobs(tx, contact, place, entries)
    return Story(
        contact,
        place or "",
        cards.load(tx, contact) if place is not None else None,
        entries,
        found,
        _calls(tx, found),
        _hooks(tx, entries),
        _runs(tx, [*(one.run for one in entries), *(job.run for job in found.values())]),
        {row.tag: (row.wanted, row.agreed) for row in tx.execute(_TAGS, {"b_contact": contact})},
        {
            row.id: timeline.excerpt(row.body) or ""
            for row in tx.execute(_NOTES, {"b_contact": contact})
        },
        _pause(tx, place, now),
        len(every) - len(entries),
    )


def named(cause: str | None) -> list[int]:
    """The webhooks that a cause names, by our id: ``webhook 12 ContactUpdate``."""
    words = (cause or "").split()
    return [
        int(after) for word, after in pairwise(words) if word == "webhook" and after.isdecimal()
    ]


def _jobs(
    tx: Tx, contact: int, location: str | None, entries: Sequence[Entry]
) -> dict[int, Errand]:
    ids = {one.job for one in entries if one.job is not None}
    rows = [row for part in _parts(ids) for row in tx.execute(_JOBS, {"b_ids": part})]
    rows += tx.execute(_OPEN, {"b_contact": contact}).all()
    where = {"b_contact": contact, "b_location": location, "b_kinds": KINDS}
    rows += tx.execute(_RESTING, where).all()
    return {row.id: Errand(**row._mapping) for row in rows}


def _calls(tx: Tx, ids: Collection[int]) -> dict[int, list[Call]]:
    found = audit.made_for(tx, ids)
    return {job: sorted(some, key=lambda call: call.at) for job, some in found.items()}


def _hooks(tx: Tx, entries: Sequence[Entry]) -> dict[int, Hook]:
    ids = {id for one in entries for id in named(one.cause)}
    rows = [row for part in _parts(ids) for row in tx.execute(_HOOKS, {"b_ids": part})]
    return {row.id: Hook(**row._mapping) for row in rows}


def _runs(tx: Tx, ids: Iterable[int | None]) -> dict[int, str]:
    wanted = {id for id in ids if id is not None}
    rows = [row for part in _parts(wanted) for row in tx.execute(_RUNS, {"b_ids": part})]
    return {row.id: f"{row.kind} of {row.title}" if row.title else row.kind for row in rows}


def _pause(tx: Tx, location: str | None, now: float) -> tuple[float, str] | None:
    row = tx.execute(_PAUSE, {"b_location": location}).first()
    if row is None:
        return None
    until = max(row.paused_until or 0.0, row.bulk_paused_until or 0.0)
    reason = row.pause_reason or row.bulk_pause_reason or "no reason given"
    return (until, reason) if until > now else None


def _parts(ids: Iterable[int]) -> Iterable[list[int]]:
    wanted = sorted(ids)
    return (wanted[start : start + MOST] for start in range(0, len(wanted), MOST))


_IDS: Final[Any] = bindparam("b_ids", expanding=True)
_ERRAND: Final = tuple(jobs.c[name] for name in Errand.__slots__)
_PLACE: Final = select(contacts.c.location).where(contacts.c.id == bindparam("b_contact"))
_JOBS: Final = select(*_ERRAND).where(jobs.c.id.in_(_IDS))
# Literals, as where tables.py makes the indexes: a partial index is used only if its condition is
# read in the statement.
_OPEN: Final = select(*_ERRAND).where(jobs.c.contact == bindparam("b_contact"), text(OPEN))
_RESTING: Final = select(*_ERRAND).where(
    jobs.c.kind.in_(bindparam("b_kinds", expanding=True)),
    jobs.c.location == bindparam("b_location"),
    jobs.c.contact == bindparam("b_contact"),
    text(RESTING),
)
_HOOKS: Final = select(*(webhooks.c[name] for name in Hook.__slots__)).where(
    webhooks.c.id.in_(_IDS)
)
_RUNS: Final = select(runs.c.id, runs.c.kind, runs.c.title).where(runs.c.id.in_(_IDS))
_TAGS: Final = select(tags.c.tag, tags.c.wanted, tags.c.agreed).where(
    tags.c.contact == bindparam("b_contact")
)
_NOTES: Final = select(notes.c.id, notes.c.body).where(
    notes.c.contact == bindparam("b_contact"), notes.c.remote_id.is_(None)
)
_PAUSE: Final = select(
    locations.c.paused_until,
    locations.c.pause_reason,
    locations.c.bulk_paused_until,
    locations.c.bulk_pause_reason,
).where(locations.c.id == bindparam("b_location"))


def statements() -> dict[str, tuple[Any, dict[str, Any]]]:
    """What is asked, with parameters to try it: for the test that no table is read as a whole."""
    one: dict[str, Any] = {"b_contact": 1, "b_location": "here", "b_kinds": KINDS, "b_ids": [1, 2]}
    return {
        "place": (_PLACE, one),
        "timeline": (timeline.STORY, one | {"b_limit": 1000}),
        "named jobs": (_JOBS, one),
        "open jobs": (_OPEN, one),
        "resting jobs": (_RESTING, one),
        **{what: (asked, one) for what, asked in audit.STATEMENTS.items()},
        "webhooks": (_HOOKS, one),
        "runs": (_RUNS, one),
        "tags": (_TAGS, one),
        "notes": (_NOTES, one),
        "pause": (_PAUSE, one),
    }
