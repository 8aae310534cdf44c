"""What the CRM's answers showed of each contact, kept to recognise echoes; see contacts.echoes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select, update

from contacts import echoes
from contacts.echoes import TAGS, Cause, Sighting
from contacts.store.database import Store, Tx
from contacts.store.matching import chunks
from contacts.store.prepared import Prepared
from contacts.store.tables import sightings as table

# Built once: each job that writes keeps a sighting.
_OF: Final = table.c.contact == bindparam("b_contact")
_ALL: Final = select(table).where(_OF).order_by(table.c.id)
_SOME: Final[Any] = bindparam("b_contacts", expanding=True)
_LAST: Final = select(table.c.contact, table.c.marks).where(
    table.c.id.in_(
        select(func.max(table.c.id)).where(table.c.contact.in_(_SOME)).group_by(table.c.contact)
    )
)
_DATED: Final = Prepared(
    select(table.c.marks).where(_OF, table.c.at == bindparam("b_at"), table.c.dated.is_(True))
)
_INSERT: Final = Prepared(table.insert())


def of(tx: Tx, contact: int) -> list[Sighting]:
    """All that is kept of a contact, oldest first."""
    return [
        Sighting(
            row.id,
            row.at,
            row.dated,
            row.marks,
            Cause(row.cause),
            frozenset(row.sent),
            row.heard,
        )
        for row in tx.execute(_ALL, {"b_contact": contact})
    ]


def keep(
    tx: Tx,
    contact: int,
    marks: Mapping[str, str],
    *,
    at: float | None,
    cause: Cause,
    sent: Collection[str] = (),
    now: float,
) -> None:
    """Keep what an answer showed; the same state once.

    Args:
        marks: see :func:`contacts.echoes.marks`.
        at: when the contact came into this state, by the CRM's clock; None: it does not say.
        sent: the fields that we had just told it.
    """
    if cause is Cause.READ and at is not None:
        same = _DATED.all(tx, {"b_contact": contact, "b_at": at})
        if any(row.marks == marks for row in same):
            return
    _INSERT.count(tx, _row(contact, marks, at=at, cause=cause, sent=sent, now=now))


def _row(
    contact: int,
    marks: Mapping[str, str],
    *,
    at: float | None,
    cause: Cause,
    sent: Collection[str] = (),
    now: float,
) -> dict[str, Any]:
    return {
        "contact": contact,
        "at": now if at is None else at,
        "dated": at is not None,
        "marks": dict(marks),
        "cause": cause.value,
        "sent": sorted(sent),
        "heard": {},
        "seen_at": now,
    }


def keep_tags(tx: Tx, seen: Mapping[int, Collection[str]], *, now: float) -> None:
    """Keep what the answer to a change of tags showed: it lists the tags alone, and no time.

    Args:
        seen: all tags, by contact.
    """
    rows = []
    for part in chunks(sorted(seen)):
        # Of a contact without a sighting we do not know what the rest of an echo would show.
        for last in tx.execute(_LAST, {"b_contacts": part}):
            marks = {**last.marks, TAGS: echoes.marks({}, seen[last.contact])[TAGS]}
            rows.append(_row(last.contact, marks, at=None, cause=Cause.TAGS, now=now))
    _INSERT.each(tx, rows)


def hear(tx: Tx, sighting: Sighting, type: str, at: float) -> None:
    """An event of that type and time is accounted for by this state."""
    if sighting.heard.get(type) != at:
        heard = {**sighting.heard, type: at}
        tx.execute(update(table).where(table.c.id == sighting.id).values(heard=heard))


def forget(tx: Tx, contact: int) -> None:
    """The contact is linked to another one of the CRM's, or to none."""
    tx.execute(delete(table).where(table.c.contact == contact))


def prune(store: Store, *, older_than_s: float) -> int:
    """Forget what was seen so long ago that its echo has come, if it ever comes.

    Returns:
        how many.
    """
    return store.prune(table.c.seen_at, older_than_s)
