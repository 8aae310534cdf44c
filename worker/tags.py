"""Add and remove the tags that one contact is owed. Tags only ever travel as deltas."""

from __future__ import annotations

from contextlib import suppress

from contacts.errors import CrmRefused, GiveUp, SyncError
from contacts.jobs import Job, Kind, Wish
from contacts.store import audit, cards, ledger, meeting, sightings, watching
from contacts.store.database import DatabaseDown, Tx
from worker.workbench import Effect, Workbench, nothing


def contact(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """One call: what is to be added first; what is to be removed then is another job. The answer
    lists all tags, so what people changed meanwhile is taken in.

    Both calls are safe to repeat, so a lost answer needs no look.

    Raises:
        GiveUp: the contact is not in the CRM, because its push is parked.
        CrmRefused: the CRM answered without a tag that was sent.
    """
    with bench.store.read() as tx:
        card = cards.load_tags(tx, job.contact)
    if card.gone or not (card.owed_add or card.owed_remove):
        return nothing
    if card.remote_id is None:
        raise GiveUp("its contact is not in the CRM: mend its push first", code="not-linked")
    desk = bench.desk(job, trail)
    added = card.owed_add
    removed = frozenset[str]() if added else card.owed_remove
    try:
        if added:
            now_there = desk.add_tags(card.remote_id, added)
        else:
            now_there = desk.remove_tags(card.remote_id, removed)
    except SyncError as error:
        if error.doubtful:
            with suppress(DatabaseDown), bench.store.write() as tx:
                cards.doubt_tags(tx, job.contact, added | removed)
        raise
    missing = (added - now_there) | (removed & now_there)
    if missing:
        raise CrmRefused(
            f"the CRM did not take {len(missing)} of the tags sent", status=200, code="tags-dropped"
        )

    def effect(tx: Tx) -> None:
        now = bench.clock()
        with watching.change(tx, job, job.contact, watched=card.watched, now=now):
            cards.settle_tags(tx, job.contact, added=added, removed=removed, job=job, now=now)
            meeting.meet_tags(tx, job, job.contact, now_there, now=now)
        sightings.keep_tags(tx, job.contact, now_there, now=bench.clock())
        left = cards.load_tags(tx, job.contact)
        if left.owed_add or left.owed_remove:  # also what was changed here while this was sent
            wish = Wish(
                Kind.TAG, location=job.location, contact=job.contact, lane=job.lane, run=job.run
            )
            ledger.put(tx, [wish], now=bench.clock())

    return effect
