"""What follows the last page of a walk: who is missing, who is owed, and is it too much?

None of it makes a call. Each step takes a bounded part and says whether more is left.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import and_, func, select

from contacts.drift import Grave
from contacts.jobs import Kind, Lane, Wish
from contacts.store import inbox, ledger, roster_view, runs, walk_book, walks
from contacts.store.database import Tx
from contacts.store.matching import CHUNK
from contacts.store.tables import links, walk_seen
from contacts.store.walk_book import Finding
from contacts.store.walks import ENDED, SCAN, Phase, Walk

BATCH: Final = 2000
"""Contacts of one step: a tenth of a second of SQLite's one write lock."""

SWEPT: Final = 20_000
"""Rows that one step forgets."""


@dataclass(frozen=True, slots=True)
class Guard:
    """How many contacts a run may delete, blank or retag unasked: the smaller of both.

    Attributes:
        contacts: so many.
        percent: of the linked contacts of the location.
    """

    contacts: int
    percent: float

    def limit(self, linked: int) -> float:
        """The bound for a location with so many linked contacts."""
        return min(float(self.contacts), linked * self.percent / 100)


def go_on(tx: Tx, walk: Walk, guard: Guard, *, now: float) -> Walk:
    """Do what is next, phase after phase, until a step is full or nothing is left to do.

    Returns:
        how far it is now; to be kept.
    """
    while walk.phase not in (*ENDED, Phase.WALK):
        before = walk.phase
        if walk.phase is Phase.MISSING:
            walk, full = _missing(tx, walk)
        elif walk.phase is Phase.OWED:
            walk, full = _owed(tx, walk, now)
        else:
            walk, full = _put(tx, walk, guard, now)
        if full and walk.phase is before:
            return walk
    return walk


def _missing(tx: Tx, walk: Walk) -> tuple[Walk, bool]:
    """Links that no page showed, and that nobody has seen alive since the walk began."""
    query = (
        select(
            links.c.contact,
            links.c.remote_id,
            walk_seen.c.remote_id.is_(None).label("unseen"),
            links.c.settled_at,
        )
        .select_from(
            links.outerjoin(
                walk_seen,
                and_(walk_seen.c.run == walk.run, walk_seen.c.remote_id == links.c.remote_id),
            )
        )
        # By the key, in its order; by the index of locations each step would sort them all.
        .where(func.coalesce(links.c.location, "") == walk.location, links.c.contact > walk.place)
        .order_by(links.c.contact)
        .limit(BATCH)
    )
    rows = tx.execute(query).all()
    found = [
        Finding(Kind.PULL, row.contact, Grave.DELETE, row.remote_id)
        for row in rows
        if row.unseen and row.settled_at < walk.begun_at
    ]
    walk_book.find(tx, walk.run, found)
    counts = walks.counted(walk, {"missing": len(found)})
    if len(rows) == BATCH:
        return replace(walk, place=rows[-1].contact, counts=counts), True
    return replace(walk, phase=Phase.OWED, place=0, counts=counts), False


def _owed(tx: Tx, walk: Walk, now: float) -> tuple[Walk, bool]:
    """Whoever is owed something and has no job for it."""
    page = roster_view.owed_page(tx, walk.place, BATCH, location=walk.location, run=walk.run)
    grave = {
        (wish.kind, wish.contact): Grave.RETAG if wish.kind is Kind.TAG else Grave.BLANK
        for wish in page.wishes
        if wish.kind is Kind.TAG or (wish.kind is Kind.PUSH and wish.contact in page.blanking)
    }
    walk_book.find(
        tx,
        walk.run,
        [Finding(kind, contact, what) for (kind, contact), what in grave.items()],
    )
    harmless = [wish for wish in page.wishes if (wish.kind, wish.contact) not in grave]
    ledger.put(tx, harmless, now=now)
    counts = walks.counted(walk, Counter(f"owed:{wish.kind}" for wish in page.wishes))
    if page.last is not None:
        return replace(walk, place=page.last, counts=counts), True
    return replace(walk, phase=Phase.PUTTING, place=0, counts=counts), False


def _put(tx: Tx, walk: Walk, guard: Guard, now: float) -> tuple[Walk, bool]:
    """Ask, or put what was found; in the end forget who was seen."""
    if not walk.confirmed:
        asked = _too_many(tx, walk, guard, now)
        if asked is not None:
            return asked, False
        walk = replace(walk, confirmed=True)
    found = walk_book.findings(tx, walk.run, CHUNK)
    looks = [one.remote_id for one in found if one.kind is Kind.PULL and one.remote_id]
    if looks:
        inbox.look(tx, walk.location, looks, now=now, lane=Lane.SWEEP, run=walk.run)
    wishes = [
        Wish(one.kind, walk.location, one.contact, lane=Lane.SWEEP, run=walk.run)
        for one in found
        if one.kind is not Kind.PULL
    ]
    ledger.put(tx, wishes, now=now)
    walk_book.settle(tx, walk.run, found)
    walk = replace(walk, counts=walks.counted(walk, {"looks": len(looks)}))
    if len(found) == CHUNK or walk_book.forget(tx, walk.run, seen=SWEPT):
        return walk, True
    return _done(tx, walk, now), False


def _done(tx: Tx, walk: Walk, now: float) -> Walk:
    if walk.kind == SCAN:  # the next pass begins anew
        counts = walks.counted(walk, {"scans": 1})
        return replace(walk, phase=Phase.DONE, confirmed=False, counts=counts)
    runs.read(tx, walk.run, walk.counts, now)
    return replace(walk, phase=Phase.DONE)


def _too_many(tx: Tx, walk: Walk, guard: Guard, now: float) -> Walk | None:
    """The walk that asks; None: it need not."""
    number, by_what = walk_book.tally(tx, walk.run)
    if not number or number <= guard.limit(linked(tx, walk.location)):
        return None
    if walk.kind == SCAN:
        walk_book.forget(tx, walk.run)
        counts = walks.counted(walk, {"left_to_the_night": number, "scans": 1})
        return replace(walk, phase=Phase.DONE, counts=counts)
    counts = {**walk.counts, "guarded": number}
    counts |= {f"guarded:{what}": n for what, n in by_what.items()}
    runs.ask(tx, walk.run, counts, now)
    return replace(walk, phase=Phase.ASKING, counts=counts)


def linked(tx: Tx, location: str) -> int:
    """How many contacts of a location are linked to one of the CRM."""
    query = select(func.count()).select_from(links).where(links.c.location == location)
    return int(tx.execute(query).scalar_one())
