"""Read which courses the platform has."""

from __future__ import annotations

from contacts.jobs import Job
from contacts.store import audit, platforms
from contacts.store.database import Tx
from worker.platforms.connector import Can
from worker.workbench import Effect, Workbench, nothing


def location(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """One call; the list is kept for `rollbook courses`.

    Raises:
        SyncError: see ``worker.platforms.answers``.
    """
    connector = bench.connector(job, trail)
    if Can.COURSES not in connector.can:
        return nothing
    found = connector.courses()

    def effect(tx: Tx) -> None:
        platforms.save_courses(tx, job.location, found, now=bench.clock())

    return effect
