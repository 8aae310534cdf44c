"""Read which custom fields a location has."""

from __future__ import annotations

from contacts.errors import AccessLost, GiveUp
from contacts.jobs import Job
from contacts.store import accounts, audit
from contacts.store.database import Tx
from worker.workbench import Effect, Workbench


def location(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """One call; the dictionary is kept for the backfill's checks and for the wire.

    Raises:
        GiveUp: the token lacks the scope. The sync itself can go on without, so the location is
            not paused for it.
    """
    desk = bench.desk(job, trail)
    try:
        found = desk.custom_fields()
    except AccessLost as error:
        if error.code != "scope":
            raise
        raise GiveUp(
            "custom fields cannot be read: the token needs locations/customFields.readonly",
            code="scope",
        ) from None
    rows = [accounts.CustomField(f.id, f.key, f.name, f.data_type) for f in found]

    def effect(tx: Tx) -> None:
        accounts.save_fields(tx, job.location, rows, now=bench.clock())
        bench.places.pop(job.location, None)

    return effect
