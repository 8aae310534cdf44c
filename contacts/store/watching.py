"""What a contact's rules have to look at: noted where it changes, in the same transaction.

Only where the location has rules. What was so before the change is kept, and a job is put that
compares it with what is so when its turn comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from contacts.facts import Facts
from contacts.jobs import Job, Kind, Lane, Wish
from contacts.store import facts, ledger
from contacts.store.database import Tx
from contacts.store.tables import contacts, rulesets


def before(tx: Tx, contact: int, *, watched: bool, now: float) -> Facts | None:
    """To be called before a change; None: nobody watches."""
    if not watched:
        return None
    found = facts.of(tx, contact)
    facts.remember(tx, contact, found, now=now)
    return found


def after(tx: Tx, job: Job, contact: int, was: Facts | None, *, now: float) -> None:
    """To be called after it: a job, if the change is one."""
    if was is not None and facts.of(tx, contact) != was:
        look(tx, job.location, contact, now=now, lane=job.lane, run=job.run)


@contextmanager
def change(tx: Tx, job: Job, contact: int, *, watched: bool, now: float) -> Iterator[None]:
    """Around a change that a job of the contact makes."""
    was = before(tx, contact, watched=watched, now=now)
    yield
    after(tx, job, contact, was, now=now)


@contextmanager
def news(tx: Tx, contact: int, *, now: float, lane: Lane = Lane.LIVE) -> Iterator[None]:
    """Around a change, or an event, that comes from elsewhere."""
    place = where(tx, contact)
    before(tx, contact, watched=place is not None, now=now)
    yield
    if place is not None:
        look(tx, place, contact, now=now, lane=lane)


def was_so_before(tx: Tx, contact: int, *, now: float) -> None:
    """What is so of a contact was so long before anybody here knew of it: rules wait for changes.

    A walk that takes in the ten thousand contacts that a CRM has had for years must not write ten
    thousand notes.
    """
    if where(tx, contact) is not None:
        facts.looked(tx, contact, facts.of(tx, contact), {}, now=now)


def where(tx: Tx, contact: int) -> str | None:
    """The contact's location, if it has rules."""
    query = (
        select(rulesets.c.location)
        .select_from(contacts.join(rulesets, rulesets.c.location == contacts.c.location))
        .where(contacts.c.id == contact)
    )
    return tx.execute(query).scalar_one_or_none()


def look(
    tx: Tx,
    location: str,
    contact: int,
    *,
    now: float,
    lane: Lane = Lane.LIVE,
    run: int | None = None,
) -> None:
    """Put the job that looks at the rules of a contact."""
    ledger.put(tx, [Wish(Kind.RULES, location, contact, lane=lane, run=run)], now=now)
