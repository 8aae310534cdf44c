"""A create whose answer was lost took effect late, after the next attempt had looked and written:
what lies in the CRM twice is found once more, and the copy that nobody touched is removed.

The one that our row points at is kept. A copy is ours if it says what ours says, no user of the CRM
wrote it, and no other row of ours points at it. See docs/decisions/0013.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import structlog

from contacts import ruling
from contacts.cleaning import Value
from contacts.errors import ContactGone, CrmRefused, GiveUp
from contacts.jobs import Job
from contacts.store import audit, cards, doubts, written_notes, written_tasks
from contacts.store.database import Tx
from contacts.store.doubts import Doubt, What
from contacts.store.notebook import mark as note_mark
from contacts.store.task_rows import FIELDS
from contacts.store.task_rows import mark as task_mark
from contacts.store.written import forget_copies
from worker.crm.client import Desk, Note, Task
from worker.seen import read
from worker.workbench import Effect, Workbench, nothing

FRESH_S: Final = 600.0
"""A second contact is taken for our own late create only if it was last changed so lately."""

FILLED_IN: Final = frozenset({"first_name", "last_name", "name", "country", "timezone", "source"})
"""What the CRM may put into a new contact by itself."""

Paper = TypeVar("Paper", Note, Task)

log = structlog.get_logger("rollbook.worker")


def is_left(job: Job, *, found: bool) -> bool:
    """Whether an attempt whose answer was lost may still take effect.

    Args:
        found: the look before this attempt found what was to be written: if one attempt was lost,
            that is it.
    """
    return job.doubtful and not (found and job.attempts <= 1)


def owe(tx: Tx, bench: Workbench, job: Job, what: What, thing: int) -> None:
    """Look again when the lost attempts of this job cannot take effect any more."""
    late_s = bench.settings.late_seconds
    doubts.owe(tx, job, what, thing, late_s=late_s, now=bench.clock())


def written(write: Callable[[], Paper], find: Callable[[], Paper | None]) -> Paper:
    """Write a note or task; a refusal that may be none is followed by one look.

    Raises:
        CrmRefused: it was one.
    """
    try:
        return write()
    except CrmRefused as refusal:
        found = find() if refusal.perhaps_done else None
        if found is None:
            raise
        return found


@dataclass(frozen=True, slots=True)
class Case:
    """One contact of ours, and its id in the CRM."""

    job: Job
    bench: Workbench
    desk: Desk
    card: cards.Card
    remote_id: str


def contact(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Look at everything of one contact that is in doubt: one read for its notes, one for its
    tasks, one for itself, and one call for each copy that is removed.

    Raises:
        SyncError: see ``worker.crm.answers``.
    """
    now = bench.clock()
    try:
        with bench.store.read() as tx:
            seen = doubts.due(tx, job.subject, now=now)
            card = cards.load(tx, job.subject)
    except GiveUp:
        return nothing  # it was erased, or went with its contact in the CRM
    effects: list[Effect] = []
    if seen and card.remote_id is not None and not card.gone:
        case = Case(job, bench, bench.desk(job, trail), card, card.remote_id)
        with suppress(ContactGone):  # then nothing of it is there twice
            effects = _looked(case, seen)

    def effect(tx: Tx) -> None:
        for one in effects:
            one(tx)
        doubts.settle(tx, job.location, job.subject, seen, now=bench.clock())

    return effect


def _looked(case: Case, seen: Sequence[Doubt]) -> list[Effect]:
    effects = []
    for what, look in _LOOKS.items():
        things = [one.thing for one in seen if one.what is what]
        effects += look(case, things) if things else []
    return effects


def _remove(case: Case, copies: Collection[str], delete: Callable[[str, str], None]) -> None:
    """Safe to repeat: one that is gone already is refused, and that is as well."""
    for id in sorted(copies):
        with suppress(CrmRefused):
            delete(case.remote_id, id)
        log.info("a late copy is removed", contact=case.job.subject)


# ---------------------------------------------------------------- notes


def _notes(case: Case, things: Sequence[int]) -> list[Effect]:
    listed = case.desk.notes(case.remote_id)
    return [_note(case, thing, listed) for thing in things]


def _note(case: Case, thing: int, listed: Sequence[Note]) -> Effect:
    with case.bench.store.read() as tx:
        card = written_notes.card(tx, thing)
    page, there = card.page, {one.id: one for one in listed}
    same = card.marks | {note_mark(there[id].body) for id in (page.remote_id,) if id in there}
    copies = {
        one.id: one
        for one in listed
        if one.id != page.remote_id
        and one.id not in card.there.written
        and not one.user_id
        and note_mark(one.body) in same
    }
    kept = None
    if copies and page.remote_id not in there and not page.deleted:
        kept = copies.pop(min(copies))  # somebody removed the other one
    _remove(case, copies, case.desk.delete_note)
    job = replace(case.job, contact=case.job.subject, subject=thing)

    def effect(tx: Tx) -> None:
        gone = {*copies} if kept is None else {*copies, kept.id}
        forget_copies(tx, What.NOTE, page.contact, gone)
        if kept is not None:
            written_notes.settle(
                tx, job, remote_id=kept.id, sent=kept.body, shown=kept.body, now=case.bench.clock()
            )

    return effect


# ---------------------------------------------------------------- tasks


def _tasks(case: Case, things: Sequence[int]) -> list[Effect]:
    listed = case.desk.tasks(case.remote_id)
    return [_task(case, thing, listed) for thing in things]


def _task(case: Case, thing: int, listed: Sequence[Task]) -> Effect:
    """A task that somebody removed while it was there twice is not kept alive by its copy."""
    with case.bench.store.read() as tx:
        card = written_tasks.card(tx, thing)
    ours = card.task
    looks = {one.id: task_mark({name: getattr(one, name) for name in FIELDS}) for one in listed}
    same = card.marks | {looks[id] for id in (ours.remote_id,) if id in looks}
    copies = {
        id
        for id, look in looks.items()
        if id != ours.remote_id and id not in card.there.written and look in same
    }
    _remove(case, copies, case.desk.delete_task)

    def effect(tx: Tx) -> None:
        forget_copies(tx, What.TASK, ours.contact, copies)

    return effect


# ---------------------------------------------------------------- the contact itself


def _itself(case: Case, _: Sequence[int]) -> list[Effect]:
    """Only where a location allows doubles: elsewhere the CRM refuses the late one itself."""
    name = "email" if case.card.email else "phone"
    value = str(case.card.fields.get(name, ""))
    for row in case.desk.named(value):
        id = row.theirs.id
        if id == case.remote_id or row.theirs.values.get(name) != value:
            continue
        theirs = read(case.desk, id)  # a list may be behind
        if theirs is not None and _untouched(case, theirs.values, theirs.tags, theirs.updated_at):
            case.desk.delete(id)
            log.info("a late contact is removed", contact=case.job.subject)
    return []


def _untouched(
    case: Case, values: Mapping[str, Value], tags: Collection[str], updated_at: float | None
) -> bool:
    """Whether it holds what we sent and nothing else, and came just now."""
    agreed = case.card.agreed
    lately = updated_at is not None and updated_at >= case.bench.clock() - FRESH_S
    ours = all(ruling.holds(values, name, value) for name, value in agreed.items())
    return lately and not tags and ours and not set(values) - set(agreed) - FILLED_IN


_LOOKS: Final[dict[What, Callable[[Case, Sequence[int]], list[Effect]]]] = {
    What.CONTACT: _itself,
    What.NOTE: _notes,
    What.TASK: _tasks,
}
