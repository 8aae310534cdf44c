"""Put one contact on one list of the platform, or take it off."""

from __future__ import annotations

from contacts.jobs import Job
from contacts.store import audit, cards, lists, platform_links
from contacts.store.database import Tx
from worker.platforms.connector import Can
from worker.student import student_of
from worker.workbench import Effect, Workbench, nothing


def contact(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """One call, which is safe to repeat.

    What the platform cannot be told, the roster holds and `rollbook platform` shows.

    Raises:
        Unsendable: the contact has no email, or the platform has no such list.
        SyncError: see ``worker.platforms.answers``.
    """
    with bench.store.read() as tx:
        place = lists.load(tx, job.subject)
        card = cards.load(tx, job.contact)
        link = platform_links.load(tx, job.contact)
    connector = bench.connector(job, trail)
    if place.agreed == place.wanted or Can.LISTS not in connector.can:
        return nothing
    connector.put_on(student_of(job, card, link, bench), place.list, place.wanted)

    def effect(tx: Tx) -> None:
        lists.settle(tx, place.id, place.wanted)

    return effect
