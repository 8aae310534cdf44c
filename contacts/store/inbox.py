"""What the CRM's webhooks told: each one once, as a row and a job, before it is acknowledged.

A contact of the CRM that an event names is a *remote*: one row for each, whether we know the person
or not. Its id is the job's subject, so that a hundred events of one contact are one job.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select, update

from contacts.events import BY_TASK, COUNTED, HEEDED, INSTALL, LOOK, NOTE, OPPORTUNITY, TASK, Event
from contacts.jobs import Kind, Lane, Wish
from contacts.store import installs, ledger, opportunities, watching
from contacts.store.database import Store, Tx
from contacts.store.facts import READ
from contacts.store.inserting import insert_for
from contacts.store.tables import links, locations, remotes, rulesets, webhook_counts, webhooks
from contacts.tempo import DAY_S

KEPT_UNKNOWN: Final = 50
"""Bodies of one unknown type that are kept for a look; further ones are only counted."""

UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Remote:
    """A contact of the CRM, and who it is here.

    Attributes:
        id: of its row.
        remote_id: the CRM's id.
        contact: our id; 0 while it is linked to nobody.
    """

    id: int
    location: str
    remote_id: str
    contact: int


# ---------------------------------------------------------------- the receiver's side


def receive(tx: Tx, events: Sequence[Event], *, now: float, app: str | None = None) -> int:
    """Write down events and what follows from them; one that was seen before is nothing new.

    Args:
        app: id of our marketplace app, whose installs are to have tokens; None: there is none.

    Returns:
        how many jobs were wished for.
    """
    heeded = [event for event in events if event.type in HEEDED]
    for event in heeded:
        if event.type == INSTALL and event.location:
            _insert_quietly(tx, locations, [{"id": event.location}], "id")
    known = _known_locations(tx, heeded)
    about = [event for event in heeded if event.contact and event.location in known]
    found = _remotes(tx, about)
    new = _write(tx, events, found, now)
    wishes = {
        _wish(event, found[event.location, event.contact])
        for event in about
        if event.id in new and event.type not in OPPORTUNITY
    }
    _hear_stages(tx, [event for event in heeded if event.id in new], found, known, now)
    wishes |= {
        Wish(Kind.FIELDS, event.location, lane=Lane.LIVE)
        for event in heeded
        if event.type == INSTALL and event.location and event.id in new
    }
    if app:
        installs.hear(tx, [event for event in heeded if event.id in new], app=app, now=now)
    _count(tx, [event for event in events if event.id in new or event.type in COUNTED], now)
    return ledger.put(tx, sorted(wishes, key=lambda wish: wish.subject), now=now)


def _hear_stages(
    tx: Tx,
    events: Sequence[Event],
    found: Mapping[tuple[str, str], Remote],
    known: Collection[str],
    now: float,
) -> None:
    told = [event for event in events if event.type in OPPORTUNITY and event.location in known]
    if told:
        opportunities.hear(tx, told, {pair: one.id for pair, one in found.items()}, now=now)


def _wish(event: Event, remote: Remote) -> Wish:
    kind = Kind.NOTES if event.type in NOTE else Kind.PULL
    if event.type in TASK:
        kind = Kind.TASK_OWNER if event.contact.startswith(BY_TASK) else Kind.TASKS
    return Wish(kind, remote.location, remote.contact, remote.id, Lane.LIVE)


def _known_locations(tx: Tx, events: Sequence[Event]) -> set[str]:
    wanted = {event.location for event in events if event.location}
    if not wanted:
        return set()
    return set(tx.execute(_LOCATIONS, {"wanted": sorted(wanted)}).scalars())


def _remotes(tx: Tx, events: Sequence[Event]) -> dict[tuple[str, str], Remote]:
    """The row of each contact that is named; made where there is none."""
    named = sorted({(event.location, event.contact) for event in events})
    if not named:
        return {}
    found = _find(tx, named)
    missing = [pair for pair in named if pair not in found]
    if missing:
        rows = [{"location": location, "remote_id": id} for location, id in missing]
        _insert_quietly(tx, remotes, rows, "location", "remote_id")
        found |= _find(tx, missing)
    return found


def _find(tx: Tx, named: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Remote]:
    """One query for each location: SQLite finds pairs of a list by reading the whole table."""
    ids: dict[str, list[str]] = {}
    for location, remote_id in named:
        ids.setdefault(location, []).append(remote_id)
    return {
        (location, row.remote_id): Remote(row.id, location, row.remote_id, row.contact or 0)
        for location, some in ids.items()
        for row in tx.execute(_REMOTES, {"b_location": location, "named": some})
    }


def _write(
    tx: Tx, events: Sequence[Event], found: Mapping[tuple[str, str], Remote], now: float
) -> set[str]:
    """Keep the events that are not only counted; returns the ids of those that are new."""
    full = _full(tx, events)
    rows = []
    for event in events:
        if event.type in COUNTED:
            continue
        remote = found.get((event.location, event.contact))
        unknown = event.type not in HEEDED
        waits = remote is not None and event.type not in OPPORTUNITY
        rows.append(
            {
                "webhook": event.id,
                "location": event.location,
                "type": event.type,
                "remote": remote.id if remote else None,
                "thing": event.thing or None,
                "at": event.at,
                "received_at": now,
                "payload": dict(event.payload)
                if waits or (unknown and event.type not in full)
                else None,
                "settled_at": None if waits else now,
                "outcome": None if waits else _at_once(event),
            }
        )
    if not rows:
        return set()
    return set(_insert_quietly(tx, webhooks, rows, "webhook", returning=webhooks.c.webhook))


def _at_once(event: Event) -> str:
    """What is said of an event that no job follows."""
    if event.type not in HEEDED:
        return UNKNOWN
    return "elsewhere" if event.contact and event.type not in OPPORTUNITY else "noted"


def _full(tx: Tx, events: Iterable[Event]) -> set[str]:
    """The unknown types of which enough bodies are kept."""
    unknown = {event.type for event in events if event.type not in HEEDED | COUNTED}
    if not unknown:
        return set()
    query = (
        select(webhooks.c.type)
        .where(webhooks.c.type.in_(unknown), webhooks.c.payload.is_not(None))
        .group_by(webhooks.c.type)
        .having(func.count() >= KEPT_UNKNOWN)
    )
    return set(tx.execute(query).scalars())


def _count(tx: Tx, events: Sequence[Event], now: float) -> None:
    count(tx, Counter((event.location, event.type) for event in events), now=now)


def count(tx: Tx, tally: Mapping[tuple[str, str], int], *, now: float) -> None:
    """Add to how many webhooks came, by (location, type)."""
    if not tally:
        return
    tx.execute(
        _adding(tx.dialect.name),
        [
            {"day": int(now // DAY_S), "location": place, "type": type, "events": n, "last_at": now}
            for (place, type), n in sorted(tally.items())
        ],
    )


def _insert_quietly(
    tx: Tx, into: Any, rows: Sequence[dict[str, Any]], *key: str, returning: Any = None
) -> list[Any]:
    """Insert what is not there yet; returns a column of the rows that were new."""
    statement = _quiet(tx.dialect.name, into, key, returning)
    if returning is None:
        tx.execute(statement, rows)
        return []
    return list(tx.execute(statement, rows).scalars())


# Built once: building them costs more than running them, and a batch is often one event.


@cache
def _quiet(dialect: str, into: Any, key: tuple[str, ...], returning: Any) -> Any:
    statement = insert_for(dialect, into).on_conflict_do_nothing(index_elements=list(key))
    return statement if returning is None else statement.returning(returning)


@cache
def _adding(dialect: str) -> Any:
    statement = insert_for(dialect, webhook_counts)
    return statement.on_conflict_do_update(
        index_elements=["day", "location", "type"],
        set_={
            "events": webhook_counts.c.events + statement.excluded.events,
            "last_at": statement.excluded.last_at,
        },
    )


_LOCATIONS: Final = select(locations.c.id).where(
    locations.c.id.in_(bindparam("wanted", expanding=True))
)

_LINKED: Final = (
    select(remotes.c.id, remotes.c.location, remotes.c.remote_id, links.c.contact)
).select_from(
    remotes.outerjoin(
        links,
        (remotes.c.location == links.c.location) & (remotes.c.remote_id == links.c.remote_id),
    )
)

_REMOTES: Final = _LINKED.where(
    remotes.c.location == bindparam("b_location"),
    remotes.c.remote_id.in_(bindparam("named", expanding=True)),
)

_REMOTE: Final = _LINKED.where(remotes.c.id == bindparam("b_id"))

_TOLD: Final = (
    select(rulesets.c.location, links.c.contact)
    .select_from(
        webhooks.join(rulesets, rulesets.c.location == webhooks.c.location)
        .join(remotes, remotes.c.id == webhooks.c.remote)
        .join(
            links,
            (remotes.c.location == links.c.location) & (remotes.c.remote_id == links.c.remote_id),
        )
    )
    .where(webhooks.c.id.in_(bindparam("told", expanding=True)))
    .distinct()
)
"""Whose rules have to look at events."""


def look(
    tx: Tx,
    location: str,
    remote_ids: Iterable[str],
    *,
    now: float,
    lane: Lane = Lane.LIVE,
    run: int | None = None,
) -> int:
    """Have contacts of the CRM looked at, as if a webhook had told that they changed.

    What became of each is found by its ordinary ``contact.pull``. One that waits to be looked at
    already is looked at once.

    Args:
        remote_ids: the CRM's ids.

    Returns:
        how many jobs were wished for.
    """
    found = _remotes(tx, [_look(location, remote_id, now) for remote_id in set(remote_ids)])
    query = select(webhooks.c.remote).where(
        webhooks.c.remote.in_([one.id for one in found.values()]),
        webhooks.c.type == LOOK,
        webhooks.c.settled_at.is_(None),
    )
    waiting = set(tx.execute(query).scalars())
    news = [_look(*pair, now) for pair, one in found.items() if one.id not in waiting]
    if news:
        tx.execute(
            webhooks.insert(),
            [
                {
                    "webhook": one.id,
                    "location": one.location,
                    "type": LOOK,
                    "remote": found[one.location, one.contact].id,
                    "at": now,
                    "received_at": now,
                }
                for one in news
            ],
        )
    wishes = [
        Wish(Kind.PULL, one.location, one.contact, one.id, lane, run) for one in found.values()
    ]
    return ledger.put(tx, wishes, now=now)


def _look(location: str, remote_id: str, now: float) -> Event:
    return Event(f"look:{uuid.uuid4().hex}", LOOK, location, remote_id, "", now, {})


# ---------------------------------------------------------------- a person's side


@dataclass(frozen=True, slots=True)
class Tally:
    """How many webhooks of one type came from one location.

    Attributes:
        events: of the last days.
        last_at: when the last one came, seconds since the epoch.
    """

    location: str
    type: str
    events: int
    last_at: float


def tallies(store: Store, *, days: int = 7) -> list[Tally]:
    """What came in the last days, by location and type."""
    first = int(store.clock() // DAY_S) - days + 1
    query = (
        select(
            webhook_counts.c.location,
            webhook_counts.c.type,
            func.sum(webhook_counts.c.events).label("events"),
            func.max(webhook_counts.c.last_at).label("last_at"),
        )
        .where(webhook_counts.c.day >= first)
        .group_by(webhook_counts.c.location, webhook_counts.c.type)
        .order_by(webhook_counts.c.location, webhook_counts.c.type)
    )
    with store.read() as tx:
        return [
            Tally(row.location, row.type, int(row.events), row.last_at) for row in tx.execute(query)
        ]


def unknown(store: Store) -> list[Mapping[str, Any]]:
    """The bodies of unknown types that were kept for a look, oldest first."""
    query = (
        select(webhooks.c.payload)
        .where(webhooks.c.outcome == UNKNOWN, webhooks.c.payload.is_not(None))
        .order_by(webhooks.c.id)
    )
    with store.read() as tx:
        return list(tx.execute(query).scalars())


# ---------------------------------------------------------------- a deed's side


@dataclass(frozen=True, slots=True)
class Heard:
    """One event that waits to be acted upon.

    Attributes:
        id: of its row.
        at: when it happened by the CRM's clock, seconds since the epoch.
        thing: the CRM's id of the note; None for an event of the contact itself.
    """

    id: int
    type: str
    at: float
    thing: str | None
    payload: Mapping[str, Any] = field(repr=False)


def remote(tx: Tx, id: int) -> Remote | None:
    """Which contact of the CRM a job is about, and who it is here now."""
    row = tx.execute(_REMOTE, {"b_id": id}).first()
    return None if row is None else Remote(id, row.location, row.remote_id, row.contact or 0)


def remote_of(tx: Tx, location: str, remote_id: str) -> Remote:
    """The row of a contact of the CRM; made where there is none."""
    pair = (location, remote_id)
    found = _find(tx, [pair])
    if pair not in found:
        row = {"location": location, "remote_id": remote_id}
        _insert_quietly(tx, remotes, [row], "location", "remote_id")
        found = _find(tx, [pair])
    return found[pair]


def owner(tx: Tx, location: str, remote_id: str) -> int:
    """Our id of who is linked to a contact of the CRM; 0: nobody."""
    query = select(links.c.contact).where(
        links.c.location == location, links.c.remote_id == remote_id
    )
    return int(tx.execute(query).scalar_one_or_none() or 0)


def waiting(tx: Tx, remote: int, types: Iterable[str]) -> list[Heard]:
    """The events of these types that nobody acted upon yet, oldest first."""
    query = (
        select(webhooks.c.id, webhooks.c.type, webhooks.c.at, webhooks.c.thing, webhooks.c.payload)
        .where(
            webhooks.c.remote == remote,
            webhooks.c.settled_at.is_(None),
            webhooks.c.type.in_(sorted(types)),
        )
        .order_by(webhooks.c.at, webhooks.c.id)
    )
    return [
        Heard(row.id, row.type, row.at, row.thing, row.payload or {}) for row in tx.execute(query)
    ]


def settle(tx: Tx, outcomes: Mapping[int, str], *, now: float) -> None:
    """Say what became of events; what they held is forgotten.

    Args:
        outcomes: a word for each, by the id of its row.
    """
    if outcomes:
        tx.execute(
            update(webhooks)
            .where(webhooks.c.id == bindparam("b_id"))
            .values(settled_at=now, payload=None, outcome=bindparam("b_outcome")),
            [{"b_id": id, "b_outcome": word} for id, word in sorted(outcomes.items())],
        )
    told = sorted(id for id, word in outcomes.items() if word == READ)
    if told:
        _tell_rules(tx, told, now)


def _tell_rules(tx: Tx, told: Sequence[int], now: float) -> None:
    """Events that were no echo are looked at by rules, where the location has some."""
    for row in tx.execute(_TOLD, {"told": told}):
        watching.look(tx, row.location, row.contact, now=now)


def prune(store: Store, *, older_than_s: float) -> int:
    """Forget old events that are settled, and old counts.

    Returns:
        how many events.
    """
    before = store.clock() - older_than_s
    with store.write() as tx:
        tx.execute(delete(webhook_counts).where(webhook_counts.c.day < int(before // DAY_S)))
        done = tx.execute(
            delete(webhooks).where(
                webhooks.c.received_at < before, webhooks.c.settled_at.is_not(None)
            )
        )
        return int(done.rowcount)
