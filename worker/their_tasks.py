"""The CRM says that the tasks of a contact changed: read them all, by one call."""

from __future__ import annotations

from collections.abc import Mapping

from contacts.events import LOOK_TASKS, TASK
from contacts.jobs import Job
from contacts.store import audit, inbox, their_tasks
from contacts.store.database import Tx
from contacts.store.inbox import Heard
from contacts.store.task_rows import ContactTask, tidy
from contacts.store.their_tasks import Shown
from worker import hearing
from worker.contact_tasks import values_of
from worker.crm.client import shown_task
from worker.hearing import News
from worker.workbench import Effect, Workbench

HEEDED = TASK | {LOOK_TASKS}


def contact(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Take in what people wrote, changed, completed and deleted; an echo of our own write costs no
    call.

    Raises:
        SyncError: see ``worker.crm.answers``.
    """
    found = hearing.news(job, bench, HEEDED, their_tasks.known, tells_nothing)
    if not isinstance(found, News):
        return found
    remote, heard = found.remote, found.heard
    listed = bench.desk(job, trail).tasks(remote.remote_id)
    completed = {one.thing: one.at for one in heard if one.thing and one.type == "TaskComplete"}

    def effect(tx: Tx) -> None:
        now = bench.clock()
        theirs = [Shown(one.id, values_of(one)) for one in listed]
        their_tasks.settle(tx, job, remote.contact, theirs, completed, now=now)
        inbox.settle(tx, found.words, now=now)

    return effect


def tells_nothing(event: Heard, known: Mapping[str, ContactTask]) -> bool:
    """Whether a task is as the event says it is, as far as we know. It may not show all of it."""
    if event.type == LOOK_TASKS:
        return False
    ours = known.get(event.thing or "")
    if event.type == "TaskDelete":
        return ours is None or ours.gone
    if ours is None or ours.gone or ours.agreed is None:
        return False
    told = values_of(shown_task(event.payload, event.thing or ""))
    names = {"title": "title", "body": "body", "due_at": "dueDate", "assigned_to": "assignedTo"}
    shown = tidy({ours: told[ours] for ours, theirs in names.items() if theirs in event.payload})
    if event.type == "TaskComplete":
        shown["completed"] = True
    return all(ours.agreed.get(name) == value for name, value in shown.items())
