"""A contact is gone under its id in the CRM: was it merged into another one there, or deleted?"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from contacts import identity
from contacts.jobs import Job
from contacts.settings import Deleted
from contacts.store import cards, history, inbox, meeting, newcomers
from contacts.store.database import Tx
from contacts.store.inbox import Remote
from worker.crm.client import Desk, Theirs
from worker.seen import read, seen
from worker.workbench import Effect, Workbench

log = structlog.get_logger("rollbook.worker")


def contact(
    job: Job, remote: Remote, desk: Desk, bench: Workbench, events: Sequence[int]
) -> Effect:
    """Look for it by email and phone: up to three reads more, see docs/decisions/0008.

    Found, it is linked anew and merged. Otherwise, or where the one that was found is another
    contact of ours, the setting decides what becomes of ours.
    """
    with bench.store.read() as tx:
        card = cards.load(tx, remote.contact)
    found = _found(card, remote, desk)

    def effect(tx: Tx) -> None:
        now = bench.clock()
        owner = inbox.owner(tx, job.location, found.id) if found else 0
        if found is not None and not owner:
            history.unlink(tx, remote.contact, cause="merged", now=now, job=job)
            meeting.meet(tx, job, remote.contact, seen(found), now=now)
            word = "relinked"
        else:
            word = _deleted(tx, job, remote.contact, bench, "merged" if owner else "deleted")
        log.info("gone in the CRM", contact=remote.contact, outcome=word)
        inbox.settle(tx, dict.fromkeys(events, word), now=now)

    return effect


def _found(card: cards.Card, remote: Remote, desk: Desk) -> Theirs | None:
    """The same person under another id: with our email, or else our phone and no other email."""
    for name, value in (("email", card.email), ("phone", card.phone)):
        id = desk.find(name, value) if value else None
        if id is not None and id != remote.remote_id:
            found = read(desk, id)
            if found is not None and identity.same(card.fields, found.values, found.also):
                return found
    return None


def _deleted(tx: Tx, job: Job, contact: int, bench: Workbench, cause: str) -> str:
    now = bench.clock()
    policy = bench.settings.deleted
    if policy is Deleted.KEEP:
        history.unlink(tx, contact, cause=cause, now=now, job=job)
    elif policy is Deleted.MARK:
        newcomers.mark_gone(tx, contact, cause=cause, now=now, job=job)
    else:
        newcomers.remove(tx, contact, cause=cause, now=now, job=job)
    return cause
