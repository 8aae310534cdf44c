"""Bring the CRM's copy of one contact up to date: create or update, by one call."""

from __future__ import annotations

from contacts import merge
from contacts.errors import Unsendable
from contacts.jobs import Job
from contacts.store import audit, ledger, roster
from contacts.store.database import Tx
from worker.workbench import Effect, Workbench, nothing


def contact(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Send what the CRM does not have yet; a contact that is agreed costs no call.

    A contact without a link is upserted, which finds it again after a lost answer; one with a link
    is updated by id. Both answer with the whole contact, which is compared with what was sent.

    Raises:
        SyncError: see ``worker.crm.answers``.
        Unsendable: nothing by which the CRM could know the person.
    """
    with bench.store.read() as tx:
        card = roster.load(tx, job.contact)
    owed = merge.unsent(card.fields, card.agreed, card.refused)
    if card.remote_id is not None and not owed:
        return nothing
    if not (card.email or card.phone):
        raise Unsendable("neither email nor phone", code="no-identity")
    desk = bench.desk(job, trail)
    if card.remote_id is None:
        # Everything, not only what is owed: the contact may be there already, and be stale.
        sent = dict(card.fields)
        theirs = desk.upsert(sent).contact
    else:
        sent = owed
        theirs = desk.update(card.remote_id, sent)
    settled = merge.settle(sent, theirs.values, card.agreed, card.refused)

    def effect(tx: Tx) -> None:
        roster.settle(
            tx,
            job.contact,
            remote_id=theirs.id,
            agreed=settled.agreed,
            refused=settled.refused,
            now=bench.clock(),
        )
        if card.remote_id is None:
            # Tags and notes that were parked because there was no contact yet can go on.
            ledger.unpark(tx, contact=job.contact, code="not-linked", now=bench.clock())

    return effect
