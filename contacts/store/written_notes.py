"""A note of ours on its way into the CRM: what its deed reads, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, update

from contacts.jobs import Job, Kind, Wish
from contacts.store import ledger, timeline
from contacts.store.database import Tx
from contacts.store.notebook import NOTE_ROW, Page, load, mark, page, remembered
from contacts.store.tables import notes as table
from contacts.store.timeline import What
from contacts.store.written import Whereabouts, whereabouts


@dataclass(frozen=True, slots=True)
class Card:
    """A note as its deed needs it.

    Attributes:
        page: the note.
        there: where it is to go.
    """

    page: Page
    there: Whereabouts

    @property
    def marks(self) -> frozenset[str]:
        """What it may look like in the CRM, if an earlier attempt left it there."""
        return frozenset({mark(self.page.body), *self.page.past})


def card(tx: Tx, note: int) -> Card:
    """Read a note, its contact, and the contact's other notes.

    Raises:
        GiveUp: there is no such note.
    """
    found = load(tx, note)
    return Card(found, whereabouts(tx, table, found.contact, but=note))


def settle(tx: Tx, job: Job, *, remote_id: str, sent: str, shown: str, now: float) -> None:
    """The CRM has the note; if it was changed here meanwhile, or deleted, that is the next job.

    Args:
        sent: the text that we sent, or found there. ``shown``: as the CRM shows it.
    """
    one = _held(tx, job.subject)
    if one is None:
        return
    held, now_ours = mark(shown), mark(one.body)
    in_step = now_ours in (mark(sent), held)
    owed = one.deleted or not in_step
    values = {
        "b_note": one.id,
        "remote_id": remote_id,
        "settled_at": now,
        "wrote_at": now,
        "gone_at": None,
        "shown": None if held == now_ours else held,
        "owed": owed,
        "past": remembered(one.past, dict.fromkeys({mark(sent), held} - {now_ours}, now)),
    }
    tx.execute(_SETTLE, values)
    before = None if one.remote_id is None else one.held
    changes: Mapping[str, timeline.Change] = {one.name: (before and "…", timeline.excerpt(sent))}
    timeline.note(tx, one.contact, What.SENT, changes, job=job, now=now)
    if owed:
        put(tx, job, one.id, now=now)


def settle_deleted(tx: Tx, job: Job, *, by_us: bool, now: float) -> None:
    """The note is not in the CRM any more."""
    one = _held(tx, job.subject)
    if one is None:
        return
    tx.execute(update(table).where(table.c.id == one.id).values(gone_at=now, owed=False))
    changes = {one.name: (timeline.excerpt(one.body), None)}
    what = What.SENT if by_us else What.TAKEN
    timeline.note(tx, one.contact, what, changes, job=job, now=now)


def put(tx: Tx, job: Job, note: int, *, now: float) -> None:
    """What is still owed of a note is the next job."""
    wish = Wish(Kind.NOTE, job.location, job.contact, note, job.lane, job.run)
    ledger.put(tx, [wish], now=now)


def _held(tx: Tx, note: int) -> Page | None:
    row = tx.execute(_HELD, {"b_note": note}).first()
    return None if row is None else page(row)


# Built once: to build them costs more than to run them.
_HELD: Final = NOTE_ROW.with_for_update()
_SETTLE: Final = (
    update(table)
    .where(table.c.id == bindparam("b_note"))
    .values(
        {
            name: bindparam(name)
            for name in (
                "remote_id",
                "settled_at",
                "wrote_at",
                "gone_at",
                "shown",
                "owed",
                "past",
            )
        }
    )
)
