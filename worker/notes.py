"""Write one note, once."""

from __future__ import annotations

from contacts.errors import GiveUp
from contacts.jobs import Job
from contacts.store import audit, roster
from contacts.store.database import Tx
from worker.crm.client import Desk
from worker.workbench import Effect, Workbench, nothing


def note(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Create the note; after an attempt whose answer was lost, look for it first.

    The CRM knows no idempotency key: the look (one more call, see docs/decisions) is what keeps a
    lost answer from becoming a second note.

    Raises:
        GiveUp: the contact is not in the CRM, because its push is parked.
    """
    with bench.store.read() as tx:
        card = roster.load_note(tx, job.subject)
    if card.remote_id is not None:
        return nothing
    if card.contact_remote_id is None:
        raise GiveUp("its contact is not in the CRM: mend its push first", code="not-linked")
    desk = bench.desk(job, trail)
    found = _find(desk, card.contact_remote_id, card.body) if job.doubtful else None
    remote_id = found or desk.create_note(card.contact_remote_id, card.body).id

    def effect(tx: Tx) -> None:
        roster.settle_note(tx, job.subject, remote_id, now=bench.clock())

    return effect


def _find(desk: Desk, contact: str, body: str) -> str | None:
    """The id of a note that an earlier attempt left there: same body, written by no user."""
    for theirs in desk.notes(contact):
        if theirs.body.strip() == body.strip() and not theirs.user_id:
            return theirs.id
    return None
