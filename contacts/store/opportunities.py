"""In which stage of a funnel each opportunity of a contact stands, as the CRM's webhooks tell it.

No call is made: an opportunity is known from its first event that names its contact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select, update

from contacts.events import Event
from contacts.store import watching
from contacts.store.database import Tx
from contacts.store.tables import links, remotes
from contacts.store.tables import opportunities as table

DELETED: Final = "OpportunityDelete"


def hear(
    tx: Tx, events: Sequence[Event], remotes_of: Mapping[tuple[str, str], int], *, now: float
) -> None:
    """Take in what events tell; a later event counts, in whatever order they come.

    Args:
        remotes_of: our row of the contact of the CRM, by (location, the CRM's id).
    """
    for event in sorted(events, key=lambda one: one.at):
        remote = remotes_of.get((event.location, event.contact)) if event.contact else None
        _hear(tx, event, remote, now)


def _hear(tx: Tx, event: Event, remote: int | None, now: float) -> None:
    known = tx.execute(select(table).where(_this(event))).first()
    remote = remote if remote is not None else (known.remote if known else None)
    if remote is None or not event.thing or (known is not None and known.at > event.at):
        return  # of nobody we could name, or older than what is known
    values = _values(event)
    if known is None and not {"pipeline", "stage"} <= values.keys():
        return
    contact = _owner(tx, remote)
    with watching.news(tx, contact, now=now):
        if known is None:
            tx.execute(
                table.insert().values(
                    location=event.location, id=event.thing, remote=remote, **values
                )
            )
        else:
            tx.execute(update(table).where(_this(event)).values(remote=remote, **values))


def _this(event: Event) -> Any:
    return (table.c.location == event.location) & (table.c.id == event.thing)


def _values(event: Event) -> dict[str, Any]:
    named = {"pipeline": "pipelineId", "stage": "pipelineStageId"}
    found: dict[str, Any] = {
        ours: event.payload[theirs]
        for ours, theirs in named.items()
        if isinstance(event.payload.get(theirs), str) and 0 < len(event.payload[theirs]) <= 64
    }
    gone = event.at if event.type == DELETED else None
    return found | {"at": event.at, "gone_at": gone}


def _owner(tx: Tx, remote: int) -> int:
    """Our id of who is linked to that contact of the CRM; 0: nobody yet."""
    query = (
        select(links.c.contact)
        .select_from(
            remotes.join(
                links,
                (links.c.location == remotes.c.location)
                & (links.c.remote_id == remotes.c.remote_id),
            )
        )
        .where(remotes.c.id == remote)
    )
    return int(tx.execute(query).scalar_one_or_none() or 0)
