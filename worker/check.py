"""Can be read what the sync needs? One call for each look; what it found is for `rollbook doctor`.

Nothing of anybody is kept: whether it could be read, the CRM's sentence, and a few switches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from contacts.catalogue.checking import Request
from contacts.errors import AccessLost, SyncError, TryLater
from contacts.jobs import Job
from contacts.settings import V3
from contacts.store import accounts, audit, checks, platforms
from contacts.store.checks import Found, Look
from contacts.store.database import Tx
from worker import access
from worker.crm import operations as op
from worker.platforms.connector import Can
from worker.workbench import Effect, Workbench, nothing

PLATFORM_ACCESS: Final = "platform-access"


def location(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Make one look; a refusal is what it found, and no failure of the job.

    Raises:
        TryLater: the CRM asks us to wait, or a grant's token is to be renewed first.
    """
    look = checks.look_of(job.subject)
    if look is None:
        return nothing
    code: str | None = None
    said: str | None = None
    facts: Mapping[str, Any] = {}
    keep: Effect = nothing
    try:
        facts, keep = _LOOKS[look](job, bench, trail)
    except SyncError as error:
        if _comes_back(error, renewable=job.id in bench.access.shown):
            raise
        code, said = error.code, error.reason
    seen = Found(look, bench.clock(), code, said, facts)

    def effect(tx: Tx) -> None:
        keep(tx)
        checks.keep(tx, job.location, seen)

    return effect


def _comes_back(error: SyncError, *, renewable: bool) -> bool:
    """Whether waiting helps, so that nothing is known yet.

    Args:
        renewable: a grant's token was shown: one that is refused is renewed once.
    """
    if not isinstance(error, TryLater) or error.code == PLATFORM_ACCESS:
        return False
    if isinstance(error, AccessLost):
        return error.code == access.OVER or (renewable and error.code == access.REFUSED)
    return True


Seen = tuple[Mapping[str, Any], Effect]


def _contacts(job: Job, bench: Workbench, trail: list[audit.Call]) -> Seen:
    desk = bench.desk(job, trail)
    if bench.settings.crm_version == V3:
        body = {"locationId": job.location, "pageLimit": 1}
        answer = desk.anything(op.SEARCH, Request(body=body))
    else:
        answer = desk.anything(op.LIST, Request(query={"locationId": job.location, "limit": 1}))
    meta = answer.get("meta")
    total = meta.get("total") if isinstance(meta, Mapping) else answer.get("total")
    return {"contacts": total} if isinstance(total, int) else {}, nothing


def _location(job: Job, bench: Workbench, trail: list[audit.Call]) -> Seen:
    there = bench.desk(job, trail).location()
    return {"allows_doubles": there.allows_doubles, "country": there.country}, nothing


def _fields(job: Job, bench: Workbench, trail: list[audit.Call]) -> Seen:
    read = bench.desk(job, trail).custom_fields()
    rows = [accounts.CustomField(f.id, f.key, f.name, f.data_type) for f in read]

    def keep(tx: Tx) -> None:
        accounts.save_fields(tx, job.location, rows, now=bench.clock())
        bench.forget(job.location)

    return {"fields": len(rows)}, keep


def _tasks(job: Job, bench: Workbench, trail: list[audit.Call]) -> Seen:
    request = Request(ids=(job.location,), body={"limit": 1, "skip": 0})
    bench.desk(job, trail).anything(op.SEARCH_TASKS, request)
    return {}, nothing


def _platform(job: Job, bench: Workbench, trail: list[audit.Call]) -> Seen:
    """Its courses where it lists them, else one page of what changed."""
    connector = bench.connector(job, trail)
    if Can.COURSES in connector.can:
        courses = connector.courses()

        def keep(tx: Tx) -> None:
            platforms.save_courses(tx, job.location, courses, now=bench.clock())

        return {"courses": len(courses)}, keep
    if Can.FEED in connector.can:
        connector.changes(None, now=bench.clock())
        return {"feed": True}, nothing
    return {}, nothing


_LOOKS: Final[Mapping[Look, Callable[[Job, Workbench, list[audit.Call]], Seen]]] = {
    Look.CONTACTS: _contacts,
    Look.LOCATION: _location,
    Look.FIELDS: _fields,
    Look.TASKS: _tasks,
    Look.PLATFORM: _platform,
}
