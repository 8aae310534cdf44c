"""Write one note, change it, or delete it: each by one call."""

from __future__ import annotations

from contacts.errors import CrmRefused, GiveUp
from contacts.jobs import Job
from contacts.store import audit, written_notes
from contacts.store.database import Tx
from contacts.store.doubts import What
from contacts.store.notebook import mark
from contacts.store.written_notes import Card
from worker import doubt
from worker.crm.client import Desk, Note
from worker.workbench import Effect, Workbench, nothing


def note(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Whatever the CRM has to be told of the note; one that is agreed costs no call.

    Raises:
        GiveUp: the contact is not in the CRM, because its push is parked.
    """
    with bench.store.read() as tx:
        card = written_notes.card(tx, job.subject)
    page = card.page
    done = page.gone or (page.remote_id is not None and not page.owed)
    if card.there.gone or done:
        return nothing
    if page.deleted and page.remote_id is None and not job.doubtful:
        return nothing  # it was never written, and now need not be
    if card.there.remote_id is None:
        raise GiveUp("its contact is not in the CRM: mend its push first", code="not-linked")
    desk = bench.desk(job, trail)
    if page.remote_id is None:
        return _create(job, bench, desk, card, card.there.remote_id)
    return _change(job, bench, desk, card, (card.there.remote_id, page.remote_id))


def _create(job: Job, bench: Workbench, desk: Desk, card: Card, contact: str) -> Effect:
    """Create the note; after an attempt whose answer was lost, look for it first.

    The CRM knows no idempotency key: the look (one more call, see docs/decisions) is what keeps a
    lost answer from becoming a second note. A lost attempt that takes effect after the look is
    found by ``worker.doubt``.
    """
    found = _find(desk, contact, card) if job.doubtful else None
    if found is None and card.page.deleted:
        return nothing
    written = found or doubt.written(
        lambda: desk.create_note(contact, card.page.body), lambda: _find(desk, contact, card)
    )
    sent = found.body if found else card.page.body

    def effect(tx: Tx) -> None:
        written_notes.settle(
            tx, job, remote_id=written.id, sent=sent, shown=written.body, now=bench.clock()
        )
        if doubt.is_left(job, found=found is not None):
            doubt.owe(tx, bench, job, What.NOTE, job.subject)

    return effect


def _find(desk: Desk, contact: str, card: Card) -> Note | None:
    """A note that an earlier attempt left there: one of the texts that this one had, written by no
    user, and not another note of ours."""
    for theirs in desk.notes(contact):
        ours = mark(theirs.body) in card.marks and theirs.id not in card.there.taken
        if ours and not theirs.user_id:
            return theirs
    return None


def _change(job: Job, bench: Workbench, desk: Desk, card: Card, ids: tuple[str, str]) -> Effect:
    """Give it our text, or delete it. Both are safe to repeat.

    What the CRM says of a note that somebody deleted there is not known, and it may refuse what it
    then does. So after a refusal the contact's notes are listed, see docs/decisions/0015.

    Raises:
        CrmRefused: it is there, and the CRM does not take the text.
    """
    contact, id = ids
    page = card.page
    try:
        if page.deleted:
            desk.delete_note(contact, id)
            shown = None
        else:
            shown = desk.update_note(contact, id, page.body).body
    except CrmRefused as refusal:
        if not refusal.perhaps_moot:
            raise
        there = next((one for one in desk.notes(contact) if one.id == id), None)
        if there is None:
            return _gone(job, bench, by_us=page.deleted)
        if page.deleted or mark(there.body) != mark(page.body):
            raise
        shown = there.body
    if shown is None:
        return _gone(job, bench, by_us=True)
    text = shown

    def effect(tx: Tx) -> None:
        written_notes.settle(tx, job, remote_id=id, sent=page.body, shown=text, now=bench.clock())

    return effect


def _gone(job: Job, bench: Workbench, *, by_us: bool) -> Effect:
    def effect(tx: Tx) -> None:
        written_notes.settle_deleted(tx, job, by_us=by_us, now=bench.clock())

    return effect
