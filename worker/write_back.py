"""Tell the platform what changed in the CRM: the fields over which the CRM decides."""

from __future__ import annotations

from contacts.jobs import Job
from contacts.store import audit, cards, platform_links
from contacts.store.database import Tx
from worker.platforms.connector import Can
from worker.student import student_of
from worker.workbench import Effect, Workbench, nothing


def contact(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """One call, which is safe to repeat; somebody whom the platform does not have costs none.

    Raises:
        SyncError: see ``worker.platforms.answers``.
    """
    names = bench.outlet(job.location).platform.write_back
    with bench.store.read() as tx:
        card = cards.load(tx, job.contact)
        link = platform_links.load(tx, job.contact)
    if link is None or card.remote_id is None:
        return nothing
    values = platform_links.owed(card.fields, link.told, names, link.emptied)
    connector = bench.connector(job, trail)
    if not values or Can.WRITE_BACK not in connector.can:
        return nothing
    connector.tell(student_of(job, card, link, bench), values)

    def effect(tx: Tx) -> None:
        platform_links.settle(tx, job.contact, values, now=bench.clock())

    return effect
