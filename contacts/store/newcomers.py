"""Who is this contact of the CRM to us: somebody we know by email or phone, or somebody new?"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import delete, select, update

from contacts import identity
from contacts.cleaning import Value
from contacts.identity import IDENTITY
from contacts.jobs import Job
from contacts.store import forgotten, history, inbox, ledger, roster, timeline
from contacts.store.database import Tx
from contacts.store.tables import (
    contact_tasks,
    enrolments,
    firings,
    links,
    lists,
    notes,
    pairs,
    platform_events,
    platform_links,
    rule_states,
    tags,
)
from contacts.store.tables import contacts as table
from contacts.store.timeline import LINK, What


def namesake(
    tx: Tx, location: str, values: Mapping[str, Value], also: Collection[str] = ()
) -> int | None:
    """Our id of the same person: with that email, or else with that phone and no other email.

    Args:
        values: theirs.
        also: emails and phones that theirs has beside its first ones.

    Returns:
        None: it is nobody of ours.
    """
    for name in IDENTITY:
        known = [str(values[name])] if values.get(name) else []
        for value in [*known, *sorted(also)]:
            query = select(table.c.id, table.c.fields).where(
                table.c.location == location, table.c[name] == value
            )
            found = tx.execute(query).first()
            if found is not None and identity.same(found.fields, values, also):
                return int(found.id)
    return None


def place(
    tx: Tx,
    location: str,
    remote_id: str,
    values: Mapping[str, Value],
    *,
    also: Collection[str] = (),
    adopt: bool,
    now: float,
    job: Job | None = None,
    why: str | None = None,
) -> int | None:
    """Our id for a contact of the CRM: of who is linked to it, of a namesake, or a new one.

    Args:
        values, also: theirs, see :func:`namesake`.
        adopt: make a contact where there is none.
        job, why: for the timeline; see :class:`contacts.store.timeline.Entry`.

    Returns:
        None: there is none, the namesake is linked to another contact of the CRM, or the person
        was forgotten here on request.
    """
    roster.lock(tx, location)
    owner = inbox.owner(tx, location, remote_id)
    if owner:  # somebody was quicker
        return owner
    found = namesake(tx, location, values, also)
    if found is not None:
        taken = select(links.c.contact).where(links.c.contact == found)
        return None if tx.execute(taken).first() else found
    if not adopt or forgotten.has(tx, location, values, remote_id=remote_id):
        return None
    made = tx.execute(
        table.insert()
        .values(location=location, email=None, phone=None, fields={}, changed_at=now)
        .returning(table.c.id)
    )
    contact = int(made.scalar_one())
    timeline.note(tx, contact, What.NEW, {LINK: (None, remote_id)}, cause=why, job=job, now=now)
    return contact


def mark_gone(tx: Tx, contact: int, *, cause: str, now: float, job: Job | None = None) -> None:
    """It is not in the CRM any more: it stays here, and nothing is sent for it from now on."""
    history.unlink(tx, contact, cause=cause, now=now, job=job)
    timeline.note(tx, contact, What.GONE, {}, cause=cause, job=job, now=now)
    ledger.drop(tx, contact)
    tx.execute(update(table).where(table.c.id == contact).values(gone_at=now))


def remove(tx: Tx, contact: int, *, cause: str, now: float, job: Job | None = None) -> None:
    """It is not in the CRM any more: it goes here too, with its tags, notes and tasks.

    Of how its values came to be nothing is kept but that it went, and why.
    """
    history.unlink(tx, contact, cause=cause, now=now, job=job)
    timeline.forget(tx, contact)
    timeline.note(tx, contact, What.REMOVED, {}, cause=cause, job=job, now=now)
    ledger.drop(tx, contact)
    for one in (
        tags,
        notes,
        contact_tasks,
        rule_states,
        firings,
        enrolments,
        lists,
        pairs,
        platform_events,
        platform_links,
    ):
        tx.execute(delete(one).where(one.c.contact == contact))
    tx.execute(delete(table).where(table.c.id == contact))
