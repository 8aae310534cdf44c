"""Add and remove the tags that contacts are owed. Tags only ever travel as deltas.

Contacts that are owed the same go together, by one call: calls are what there is least of. One
that is alone goes by the ordinary call, whose answer says the most.
"""

from __future__ import annotations

from contextlib import suppress

from contacts.delta import Delta
from contacts.errors import CrmRefused, SyncError
from contacts.jobs import Job
from contacts.store import audit, cards, tag_changes
from contacts.store.cards import TagCard
from contacts.store.database import DatabaseDown, Tx
from contacts.store.tag_changes import Told
from worker import tags_together
from worker.workbench import Effect, Trail, Workbench, nothing


def contact(job: Job, bench: Workbench, trail: Trail) -> Effect:
    """One call: what is to be added first; what is to be removed then is another job. The answer
    lists all tags, so what people changed meanwhile is taken in.

    All these calls are safe to repeat, so a lost answer needs no look.

    Raises:
        GiveUp: the contact is not in the CRM, because its push is parked.
        CrmRefused: the CRM answered without a tag that was sent.
    """
    with bench.store.read() as tx:
        card = cards.load_tags(tx, job.contact)
        change = card.change()
        company = change is not None and tags_together.is_there(tx, job, change, bench)
    if change is None:
        return nothing
    if company:
        effect = tags_together.contacts(job, card, change, bench, trail)
        if effect is not None:
            return effect
    return _alone(job, card, change, bench, trail)


def _alone(
    job: Job, card: TagCard, change: Delta, bench: Workbench, trail: list[audit.Call]
) -> Effect:
    desk, id = bench.desk(job, trail), str(card.remote_id)
    try:
        there = desk.add_tags(id, change.tags) if change.adds else desk.remove_tags(id, change.tags)
    except SyncError as error:
        if error.doubtful:
            with suppress(DatabaseDown), bench.store.write() as tx:
                cards.doubt_tags(tx, [job.contact], change.tags)
        raise
    missing = change.left(there)
    if missing:
        raise CrmRefused(
            f"the CRM did not take {len(missing)} of the tags sent", status=200, code="tags-dropped"
        )

    def effect(tx: Tx) -> None:
        tag_changes.settle(tx, [Told(job, change, there, card.watched)], now=bench.clock())

    return effect
