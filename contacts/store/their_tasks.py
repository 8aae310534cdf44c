"""The tasks of a contact as the CRM has them: what people wrote, changed, completed and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update

from contacts import two_sides
from contacts.cleaning import Value
from contacts.contact import fingerprint
from contacts.jobs import Job
from contacts.ruling import Side
from contacts.store import history, timeline
from contacts.store.database import Tx
from contacts.store.history import Loss
from contacts.store.tables import contact_tasks as table
from contacts.store.task_rows import (
    FIELDS,
    ContactTask,
    Values,
    mark,
    of,
    put,
    say_changed,
    tidy,
)
from contacts.store.timeline import TASK, Change, What


@dataclass(frozen=True, slots=True)
class Shown:
    """A task as an answer of the CRM shows it."""

    id: str
    values: Values = field(repr=False)


def known(tx: Tx, contact: int) -> dict[str, ContactTask]:
    """The tasks of a contact that are, or were, in the CRM, by their id there."""
    return {one.remote_id: one for one in of(tx, contact) if one.remote_id}


def settle(
    tx: Tx,
    job: Job,
    contact: int,
    theirs: Sequence[Shown],
    completed: Mapping[str, float],
    *,
    now: float,
) -> None:
    """Make ours and theirs agree; puts a job for each task that the CRM has to be told of.

    Args:
        theirs: all of the contact's tasks.
        completed: when webhooks told that a task was completed, by its id there, by the CRM's
            clock.
    """
    look = _Look(tx, job, contact, now)
    all_of_it = of(tx, contact)
    ours = {one.remote_id: one for one in all_of_it if one.remote_id}
    unwritten = [one for one in all_of_it if one.remote_id is None]
    for shown in theirs:
        held = ours.get(shown.id)
        if held is not None:
            look.meet(held, tidy(shown.values), completed.get(shown.id))
        elif not _is_ours(shown, unwritten):
            look.insert(shown)
    there = {one.id for one in theirs}
    for remote_id, held in ours.items():
        if remote_id not in there and not held.gone:
            look.gone(held)


def _is_ours(shown: Shown, unwritten: Iterable[ContactTask]) -> bool:
    """Whether a task of ours, whose answer we may have missed, is what we see; see their_notes."""
    seen = mark(shown.values)
    return any(seen == mark(one.values) or seen in one.past for one in unwritten if not one.gone)


@dataclass(frozen=True, slots=True)
class _Look:
    """One answer of the CRM on its way into the database."""

    tx: Tx
    job: Job
    contact: int
    now: float

    def meet(self, held: ContactTask, there: Values, completed_at: float | None) -> None:
        """One task on both sides, value by value: whoever moved it last decides."""
        agreed = held.agreed or {}
        ours: dict[str, Value | None] = {}
        for name in FIELDS:
            met = two_sides.meet(
                agreed.get(name),
                held.values[name],
                there.get(name),
                ours_at=held.moved_at.get(name),
                theirs_at=completed_at if name == "completed" else None,
            )
            keeps_theirs = met.keeps is Side.THEIRS and not held.deleted
            ours[name] = there.get(name) if keeps_theirs else held.values[name]
            if met.lost is not None:
                self._lose(held, name, there.get(name), met.lost)
        now_agreed = {name: there.get(name) for name in FIELDS}
        owed = held.deleted or ours != now_agreed
        same = ours == held.values and now_agreed == held.agreed
        if same and owed == held.owed and not held.gone:
            return
        moved = {name: v for name, v in ours.items() if v != held.values[name]}
        say_changed(self.tx, held, moved, What.TAKEN, now=self.now, job=self.job)
        state = {"agreed": now_agreed, "owed": owed, "gone_at": None, "settled_at": self.now}
        self._write(held, ours | state)
        if owed:
            lane, run = self.job.lane, self.job.run
            put(self.tx, self.contact, [held.id], lane=lane, run=run, now=self.now)

    def gone(self, held: ContactTask) -> None:
        """Somebody deleted it there, or our own deletion took effect."""
        self._write(held, {"gone_at": self.now, "owed": False})
        if not held.deleted:
            self._say({held.name: (held.title, None)})

    def insert(self, shown: Shown) -> None:
        """A task that is new to us, known by its id there."""
        values = {name: tidy(shown.values).get(name) for name in FIELDS}
        values |= {"title": values["title"] or "", "completed": values["completed"] is True}
        row: dict[str, Any] = {
            "contact": self.contact,
            "key": fingerprint(f"theirs {shown.id}"),
            "remote_id": shown.id,
            "agreed": values,
            "settled_at": self.now,
            "theirs": True,
            **values,
        }
        made = self.tx.execute(table.insert().returning(table.c.id), row).scalar_one()
        self._say({f"{TASK}{made}": (None, str(values["title"]))})

    def _write(self, held: ContactTask, values: Mapping[str, Any]) -> None:
        self.tx.execute(update(table).where(table.c.id == held.id).values(**values))

    def _say(self, changes: Mapping[str, Change]) -> None:
        timeline.note(self.tx, self.contact, What.TAKEN, changes, job=self.job, now=self.now)

    def _lose(self, held: ContactTask, name: str, there: Value | None, side: Side) -> None:
        lost, kept = there, held.values[name]
        if side is Side.OURS:
            lost, kept = kept, lost
        label = f"{held.name}.{name}"
        # A blank may be what lost; the timeline has no other word for it.
        loss = Loss(label, "" if lost is None else lost, side.value, "newest", self.now,
                    self.job.id, kept)  # fmt: skip
        history.keep(self.tx, self.contact, [loss])
