"""Tasks of a whole location: whose is the one that an event told of, and what no event told."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from contacts.errors import AccessLost, GiveUp, NotYet, TryAgain
from contacts.events import TASK
from contacts.jobs import Job, Kind, Wish
from contacts.store import audit, inbox, ledger, task_walk
from contacts.store.database import Tx
from contacts.store.inbox import Heard
from worker.contact_tasks import values_of
from worker.crm.client import Task
from worker.hearing import settled
from worker.workbench import Effect, Workbench

ECHO_S = 60.0
"""An event that looks like a task we are writing may be its echo. So long it waits for our commit,
which comes within the lease."""

WAIT_S = 5.0

SEARCHES = 3
"""Of one event. The CRM's search lags by seconds up to a minute; what it does not show then was
deleted since, or the nightly walk finds it."""

SCOPE = "tasks cannot be searched: the token needs locations/tasks.readonly"

log = structlog.get_logger("rollbook.worker")


def owner(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Events of a task that name no contact: find it, and hand them over to that contact's job.

    One that we know costs no call, otherwise it is one search by its title.

    Raises:
        NotYet: it may be the echo of a task that we are writing at this moment.
        TryAgain: the search does not know it yet.
    """
    with bench.store.read() as tx:
        remote = inbox.remote(tx, job.subject)
        heard = inbox.waiting(tx, job.subject, TASK)
        thing = next((one.thing for one in heard if one.thing), None)
        known = task_walk.owner(tx, job.location, thing) if thing else None
        title = next((t for one in heard if (t := str(one.payload.get("title") or ""))), "")
        ours = bool(title) and task_walk.is_being_written(tx, job.location, title)
    if remote is None or thing is None:
        return settled({one.id: "unfound" for one in heard}, bench)
    if known is not None:
        return _hand_over(job, heard, known, bench)
    if all(one.type == "TaskDelete" for one in heard):
        return settled({one.id: "stranger" for one in heard}, bench)
    if ours and bench.clock() - max(one.at for one in heard) < ECHO_S:
        raise NotYet("a task of that title is being written", seconds=WAIT_S, code="task-echo")
    try:
        found = bench.desk(job, trail).search_tasks(title=title)
    except AccessLost as error:
        if error.code != "scope":
            raise
        log.warning(SCOPE, location=job.location)
        return settled({one.id: "no-scope" for one in heard}, bench)
    contact = next((one.contact for one in found if one.id == thing), "")
    if contact:
        return _hand_over(job, heard, contact, bench)
    if job.attempts + 1 < min(SEARCHES, bench.settings.attempts):
        raise TryAgain("the CRM's search does not know the task yet", code="task-unfound")
    return settled({one.id: "unfound" for one in heard}, bench)


def walk(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """One page of the location's tasks, by one call; the next page is the next job.

    The subject is how many tasks come before the page. It changes nothing itself: for each contact
    whose tasks differ from what we know it puts an ordinary look.

    Raises:
        GiveUp: the token lacks the scope; the sync itself can go on without.
    """
    try:
        found = bench.desk(job, trail).search_tasks(skip=job.subject)
    except AccessLost as error:
        if error.code != "scope":
            raise
        raise GiveUp(SCOPE, code="scope") from None
    return _walked(job, found, bench)


def _walked(job: Job, found: Sequence[Task], bench: Workbench) -> Effect:
    page = {one.id: (one.contact, values_of(one)) for one in found if one.contact}

    def effect(tx: Tx) -> None:
        now = bench.clock()
        if not job.subject:
            task_walk.begin(tx, job.location, now=now)
        if found and task_walk.pass_by(tx, job, page, now=now):
            after = job.subject + len(found)
            wish = Wish(Kind.TASK_WALK, job.location, 0, after, job.lane, job.run)
            ledger.put(tx, [wish], now=now)
        else:
            task_walk.end(tx, job, now=now)

    return effect


def _hand_over(job: Job, heard: Sequence[Heard], contact: str, bench: Workbench) -> Effect:
    def effect(tx: Tx) -> None:
        events = [one.id for one in heard]
        task_walk.hand_over(tx, job, events, contact, now=bench.clock())

    return effect
