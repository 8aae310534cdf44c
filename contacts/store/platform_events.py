"""What the platform told: each event once, with all that follows from it, in one transaction.

The contact is found or made by its email, is in the course or on the list, gets the tags and the
note that the location's ``[platform.events]`` names, and ordinary jobs bring all of it to the CRM.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from contacts import cleaning
from contacts.contact import Person, clean
from contacts.jobs import Lane
from contacts.platform_events import PERSON, PlatformEvent
from contacts.platform_people import texts
from contacts.platforms import NEWSLETTER, NONE, Event, Platform
from contacts.store import enrolments, inbox, ledger, lists, platforms, roster, watching
from contacts.store.database import Store, Tx
from contacts.store.roster import Upserted
from contacts.store.tables import locations
from contacts.store.tables import platform_events as table
from contacts.tempo import DAY_S

COUNTED_AS: Final = "platform."
"""Before the type of an event where webhooks are counted."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One event that was kept.

    Attributes:
        payload: as it came.
        received_at: seconds since the epoch.
    """

    id: int
    type: str
    contact: int
    received_at: float
    payload: Mapping[str, Any]


def receive(tx: Tx, events: Sequence[PlatformEvent], *, now: float, country: str) -> int:
    """Write down events and what follows from them; one that was seen before is nothing new.

    Args:
        country: of phones, where the location has none.

    Returns:
        how many were new. One whose email cannot be one, or whose location is not known, is not.
    """
    fresh = 0
    for location in sorted({event.location for event in events}):
        some = [event for event in events if event.location == location]
        roster.lock(tx, location)
        fresh += _receive(tx, location, _news(tx, some, now), now=now, country=country)
    return fresh


def _news(tx: Tx, events: Sequence[PlatformEvent], now: float) -> list[PlatformEvent]:
    """Those that were not seen before, nor twice in here."""
    keys = {key for event in events for key in (event.key, event.before)}
    query = select(table.c.event, table.c.received_at).where(table.c.event.in_(sorted(keys)))
    seen = {row.event: row.received_at for row in tx.execute(query)}
    found: dict[str, PlatformEvent] = {}
    for event in events:
        yesterday = seen.get(event.before)
        again = event.key in seen or (yesterday is not None and now - yesterday < DAY_S)
        if not again:
            found.setdefault(event.key, event)
    return list(found.values())


def _receive(
    tx: Tx, location: str, events: Sequence[PlatformEvent], *, now: float, country: str
) -> int:
    place = tx.execute(select(locations.c.country).where(locations.c.id == location)).first()
    if place is None or not events:
        return 0
    platform = platforms.of(tx, location) or NONE
    read = [(event, _person(event, platform, place.country or country)) for event in events]
    known = [(event, person) for event, person in read if person is not None]
    people = [person for _, person in known]
    done = roster.upsert(tx, location, people, now=now, news=True)
    for (event, _), outcome in zip(known, done, strict=True):
        if outcome.forgotten:
            continue  # nothing of it is kept, not even that it came
        with watching.news(tx, outcome.contact, now=now):
            _keep(tx, event, outcome, platform, now=now)
    tally = Counter((location, COUNTED_AS + event.type) for event, _ in known)
    inbox.count(tx, tally, now=now)
    ledger.put(tx, roster.wishes(location, done, lane=Lane.LIVE), now=now)
    return len(known)


def _person(event: PlatformEvent, platform: Platform, country: str) -> Person | None:
    """Who an event is about, and what follows for her; None: the email cannot be one."""
    cleaned = clean({name: event.values.get(name, "") for name in PERSON}, country)
    if not cleaned.fields.get("email"):
        return None
    follows = platform.follows(event.type)
    return Person(
        cleaned.fields,
        add_tags=frozenset(cleaning.tag(text) for text in texts(follows.tags, event.values)),
        notes=tuple(texts(follows.notes, event.values)),
    )


def _keep(
    tx: Tx, event: PlatformEvent, outcome: Upserted, platform: Platform, *, now: float
) -> None:
    values = event.values
    tx.execute(
        table.insert().values(
            event=event.key,
            location=event.location,
            type=event.type.value,
            contact=outcome.contact,
            received_at=now,
            payload=dict(event.payload),
        )
    )
    if event.type is Event.ENROLMENT:
        enrolments.told(
            tx,
            outcome.contact,
            values["course_id"],
            title=values.get("course"),
            source=values.get("source") or "platform",
            now=now,
        )
    name = platform.follows(event.type).list
    if event.type is Event.NEWSLETTER or name:
        lists.told(tx, outcome.contact, name or NEWSLETTER, True, now=now)


def of(tx: Tx, contact: int) -> list[Heard]:
    """The events of a contact, oldest first."""
    query = (
        select(table.c.id, table.c.type, table.c.contact, table.c.received_at, table.c.payload)
        .where(table.c.contact == contact)
        .order_by(table.c.id)
    )
    return [Heard(**row._mapping) for row in tx.execute(query)]


def prune(store: Store, *, older_than_s: float) -> int:
    """Forget old events; what followed from them stays.

    Returns:
        how many.
    """
    return store.prune(table.c.received_at, older_than_s)
