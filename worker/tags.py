"""Add and remove the tags that one contact is owed. Tags only ever travel as deltas."""

from __future__ import annotations

from contacts.errors import CrmRefused, GiveUp
from contacts.jobs import Job, Kind, Wish
from contacts.store import audit, ledger, roster
from contacts.store.database import Tx
from worker.workbench import Effect, Workbench, nothing


def contact(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """One call: what is to be added first; what is to be removed then is another job.

    Both calls are safe to repeat, so a lost answer needs no look.

    Raises:
        GiveUp: the contact is not in the CRM, because its push is parked.
        CrmRefused: the CRM answered without a tag that was sent.
    """
    with bench.store.read() as tx:
        card = roster.load(tx, job.contact)
    if not card.owed_add and not card.owed_remove:
        return nothing
    if card.remote_id is None:
        raise GiveUp("its contact is not in the CRM: mend its push first", code="not-linked")
    desk = bench.desk(job, trail)
    added, removed = card.owed_add, frozenset[str]()
    if added:
        missing = added - desk.add_tags(card.remote_id, added)
    else:
        removed = card.owed_remove
        missing = removed & desk.remove_tags(card.remote_id, removed)
    if missing:
        raise CrmRefused(
            f"the CRM did not take {len(missing)} of the tags sent", status=200, code="tags-dropped"
        )
    more = bool(added and card.owed_remove)

    def effect(tx: Tx) -> None:
        roster.settle_tags(tx, job.contact, added=added, removed=removed)
        if more:
            wish = Wish(
                Kind.TAG, location=job.location, contact=job.contact, lane=job.lane, run=job.run
            )
            ledger.put(tx, [wish], now=bench.clock())

    return effect
