"""Write one task of a contact, change it, complete it, or delete it: each by one call."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from contacts.cleaning import Value
from contacts.errors import CrmRefused, GiveUp
from contacts.jobs import Job
from contacts.store import audit, written_tasks
from contacts.store.database import Tx
from contacts.store.doubts import What
from contacts.store.task_rows import FIELDS, mark, tidy
from contacts.store.written_tasks import Card
from worker import doubt
from worker.crm.client import Desk, Task
from worker.workbench import Effect, Workbench, nothing

log = structlog.get_logger("rollbook.worker")


def task(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Whatever the CRM has to be told of the task; one that is agreed costs no call.

    Raises:
        GiveUp: the contact is not in the CRM, because its push is parked.
    """
    with bench.store.read() as tx:
        card = written_tasks.card(tx, job.subject)
    ours = card.task
    done = ours.gone or (ours.remote_id is not None and not ours.owed)
    if card.there.gone or done:
        return nothing
    if ours.deleted and ours.remote_id is None and not job.doubtful:
        return nothing  # it was never written, and now need not be
    if card.there.remote_id is None:
        raise GiveUp("its contact is not in the CRM: mend its push first", code="not-linked")
    desk = bench.desk(job, trail)
    if ours.remote_id is None:
        return _create(job, bench, desk, card, card.there.remote_id)
    return _change(job, bench, desk, card, (card.there.remote_id, ours.remote_id))


def values_of(theirs: Task) -> dict[str, Value | None]:
    """A task of the CRM by our names."""
    return {name: getattr(theirs, name) for name in FIELDS}


def _create(job: Job, bench: Workbench, desk: Desk, card: Card, contact: str) -> Effect:
    """Create the task; after an attempt whose answer was lost, look for it first, as for a note."""
    found = _find(desk, contact, card) if job.doubtful else None
    if found is None and card.task.deleted:
        return nothing
    told: dict[str, Value | None] = values_of(found) if found else {}
    shown = found
    if shown is None:
        sent = {name: v for name, v in card.task.values.items() if v not in (None, "")}
        shown = doubt.written(
            lambda: desk.create_task(contact, sent), lambda: _find(desk, contact, card)
        )
        told = {**sent, "body": sent.get("body", "")}
    settled = _settled(job, bench, shown, told)

    def effect(tx: Tx) -> None:
        settled(tx)
        if doubt.is_left(job, found=found is not None):
            doubt.owe(tx, bench, job, What.TASK, job.subject)

    return effect


def _find(desk: Desk, contact: str, card: Card) -> Task | None:
    """A task that an earlier attempt left there: one of the looks that this one had, and not
    another task of ours."""
    for theirs in desk.tasks(contact):
        if mark(values_of(theirs)) in card.marks and theirs.id not in card.there.taken:
            return theirs
    return None


def _change(job: Job, bench: Workbench, desk: Desk, card: Card, ids: tuple[str, str]) -> Effect:
    """Tell it what changed here, or delete it; all safe to repeat. After a refusal the contact's
    tasks are listed: it may be gone, or changed all the same, see docs/decisions/0015.

    Raises:
        CrmRefused: it is there, and the CRM does not take the change.
    """
    contact, id = ids
    try:
        if card.task.deleted:
            desk.delete_task(contact, id)
            return _gone(job, bench, by_us=True)
        return _update(job, bench, desk, card, ids)
    except CrmRefused as refusal:
        if not refusal.perhaps_moot:
            raise
        shown = next((one for one in desk.tasks(contact) if one.id == id), None)
        if shown is None:
            return _gone(job, bench, by_us=card.task.deleted)
        there, unsent = tidy(values_of(shown)), card.task.unsent
        if card.task.deleted or any(there.get(name) != unsent[name] for name in unsent):
            raise
        return _settled(job, bench, shown, unsent)


def _update(job: Job, bench: Workbench, desk: Desk, card: Card, ids: tuple[str, str]) -> Effect:
    contact, id = ids
    unsent = card.task.unsent
    # The CRM takes no null: a task that somebody has there, it keeps.
    sent = {name: value for name, value in unsent.items() if value is not None}
    if not sent:
        return _settled(job, bench, Task(id, "", "", None, False, None, ""), unsent)
    if set(sent) == {"completed"}:
        shown = desk.complete_task(contact, id, completed=sent["completed"] is True)
    else:
        shown = desk.update_task(contact, id, sent)
    return _settled(job, bench, shown, unsent)


def _settled(job: Job, bench: Workbench, shown: Task, sent: Mapping[str, Value | None]) -> Effect:
    def effect(tx: Tx) -> None:
        other = written_tasks.settle(
            tx, job, remote_id=shown.id, sent=sent, shown=values_of(shown), now=bench.clock()
        )
        if other:
            log.warning("the CRM spells a task otherwise", contact=job.contact, fields=other)

    return effect


def _gone(job: Job, bench: Workbench, *, by_us: bool) -> Effect:
    def effect(tx: Tx) -> None:
        written_tasks.settle_deleted(tx, job, by_us=by_us, now=bench.clock())

    return effect
