"""The notes of a contact as the CRM has them: what people wrote, changed and deleted there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update

from contacts import two_sides
from contacts.contact import fingerprint
from contacts.echoes import SKEW_S
from contacts.jobs import Job, Kind, Wish
from contacts.ruling import Side
from contacts.store import history, ledger, notebook, timeline
from contacts.store.database import Tx
from contacts.store.history import Loss
from contacts.store.inserting import insert
from contacts.store.notebook import Page, mark, remembered
from contacts.store.tables import notes as table
from contacts.store.timeline import What


@dataclass(frozen=True, slots=True)
class Shown:
    """A note as an answer of the CRM shows it. ``user``: whether a user of the CRM wrote it."""

    id: str
    body: str = field(repr=False)
    user: bool


@dataclass(frozen=True, slots=True)
class Told:
    """An edit that a webhook told of: the note's id there, its text then, and when (its clock)."""

    id: str
    body: str = field(repr=False)
    at: float


def known(tx: Tx, contact: int) -> dict[str, Page]:
    """The notes of a contact that are, or were, in the CRM, by their id there."""
    return {one.remote_id: one for one in notebook.of(tx, contact) if one.remote_id}


def settle(
    tx: Tx, job: Job, contact: int, theirs: Sequence[Shown], told: Iterable[Told], *, now: float
) -> None:
    """Make ours and theirs agree; puts a job for each note that the CRM has to be told of.

    One that was deleted there stays here, marked, or the next file would write it again.

    Args:
        theirs: all of the contact's notes.
        told: edits that made us look.
    """
    look = _Look(tx, job, contact, now)
    pages = notebook.of(tx, contact)
    ours = {one.remote_id: one for one in pages if one.remote_id}
    unwritten = [one for one in pages if one.remote_id is None]
    in_order = sorted(told, key=lambda one: one.at)
    at = {one.id: one.at for one in in_order}
    there = {one.id: one for one in theirs}
    for shown in theirs:
        held = ours.get(shown.id)
        if held is not None:
            look.meet(held, shown, at.get(shown.id))
        elif not _is_ours(shown, unwritten):
            look.insert(shown)
    for remote_id, held in ours.items():
        if remote_id not in there and not held.gone:
            look.gone(held)
    for event in in_order:
        if event.id in there:
            look.restore(event, there[event.id])


def _is_ours(shown: Shown, unwritten: Iterable[Page]) -> bool:
    """Whether a note of ours, whose answer we may have missed, is what we see: its own job looks
    for it, and would write a second one if this were taken for somebody else's."""
    seen = mark(shown.body)
    return not shown.user and any(
        seen == mark(one.body) or seen in one.past for one in unwritten if not one.gone
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """One answer of the CRM on its way into the database."""

    tx: Tx
    job: Job
    contact: int
    now: float

    def meet(self, held: Page, shown: Shown, at: float | None) -> None:
        """One note on both sides: whoever moved last decides, the other text is kept.

        Args:
            at: when it was changed there; None: it is not known.
        """
        seen = mark(shown.body)
        if held.deleted:
            self._still_there(held, shown)
            return
        met = two_sides.meet(held.held, mark(held.body), seen, ours_at=held.moved_at, theirs_at=at)
        if held.held == seen and not held.gone and met.owed == held.owed:
            return
        values = self._seen(held, seen) | {"shown": seen if met.owed else None, "owed": met.owed}
        if met.keeps is Side.THEIRS:
            values |= {"body": shown.body, "past": remembered(held.past, self._until(held.body))}
            self._say(held.name, held.body, shown.body)
        elif met.lost is Side.THEIRS:
            values["past"] = remembered(held.past, {seen: self._covered(held, at)})
        if met.lost is Side.OURS:
            self._lose(held, held.body, shown.body, Side.OURS)
        elif met.lost is Side.THEIRS:
            self._lose(held, shown.body, held.body, Side.THEIRS)
        self._write(held, values)

    def _still_there(self, held: Page, shown: Shown) -> None:
        """We deleted it, and the CRM has it: that stays so, whatever it says there now."""
        seen = mark(shown.body)
        if seen != held.held:
            self._lose(held, shown.body, held.body, Side.THEIRS)
        elif held.owed and not held.gone:
            return
        self._write(held, self._seen(held, seen) | {"shown": seen, "owed": True})

    def restore(self, event: Told, shown: Shown) -> None:
        """A person's text that our own write covered before we had seen it: if it is the later
        edit it comes back, otherwise it is kept in the history."""
        held = known(self.tx, self.contact).get(event.id)
        if held is None or held.wrote_at is None or held.deleted or held.gone:
            return
        seen, ours = mark(event.body), mark(held.body)
        # A text that it had before may be an echo of that time, or somebody put it back since.
        is_news = seen not in (ours, held.held) and (
            seen not in held.past or event.at > held.past[seen] + SKEW_S
        )
        if not is_news or held.held != mark(shown.body) or event.at > held.wrote_at + SKEW_S:
            return
        if held.moved_at is not None and event.at > held.moved_at:
            self._lose(held, held.body, event.body, Side.OURS)
            past = remembered(held.past, self._until(held.body))
            changed = {"body": event.body, "moved_at": event.at, "past": past}
            self._write(held, changed | {"shown": held.held, "owed": True})
        else:
            self._lose(held, event.body, held.body, Side.THEIRS, history.OVERWRITTEN)
            self._write(held, {"past": remembered(held.past, {seen: event.at}), "owed": held.owed})

    def gone(self, held: Page) -> None:
        """Somebody deleted it there, or our own deletion took effect."""
        self._write(held, {"gone_at": self.now, "owed": False})
        if not held.deleted:
            self._say(held.name, held.body, None)

    def insert(self, shown: Shown) -> None:
        """A note that is new to us. It is known by its text, so that a file which says the same
        words says nothing new; a second one of those words is known by its id."""
        key = ["contact", "fingerprint"]
        statement = insert(self.tx, table).on_conflict_do_nothing(index_elements=key)
        row = {"contact": self.contact, "body": shown.body, "remote_id": shown.id, "theirs": True}
        for name in (fingerprint(shown.body), fingerprint(f"theirs {shown.id}")):
            values = row | {"fingerprint": name, "settled_at": self.now}
            made = self.tx.execute(statement.returning(table.c.id), values).scalar_one_or_none()
            if made is not None:
                self._say(f"{timeline.NOTE}{made}", None, shown.body)
                return

    def _covered(self, held: Page, at: float | None) -> float:
        """Until when a text of theirs that lost is taken for an echo. Where nothing told its time,
        only as far as ours would have won: its webhook may yet say that it is the later one."""
        if at is not None or held.moved_at is None:
            return self.now
        return held.moved_at - SKEW_S

    def _until(self, body: str) -> dict[str, float]:
        return {mark(body): self.now}

    def _seen(self, held: Page, seen: str) -> dict[str, Any]:
        found: dict[str, Any] = {"settled_at": self.now, "gone_at": None}
        return found if seen == held.held else found | {"wrote_at": None}

    def _write(self, held: Page, values: dict[str, Any]) -> None:
        self.tx.execute(update(table).where(table.c.id == held.id).values(**values))
        if values["owed"]:
            kind, lane = Kind.NOTE, self.job.lane
            wish = Wish(kind, self.job.location, held.contact, held.id, lane, self.job.run)
            ledger.put(self.tx, [wish], now=self.now)

    def _say(self, name: str, before: str | None, after: str | None) -> None:
        changes = {name: (timeline.excerpt(before), timeline.excerpt(after))}
        timeline.note(self.tx, self.contact, What.TAKEN, changes, job=self.job, now=self.now)

    def _lose(self, held: Page, lost: str, kept: str, side: Side, cause: str = "newest") -> None:
        loss = Loss(held.name, lost, side.value, cause, self.now, self.job.id, kept)
        history.keep(self.tx, self.contact, [loss])
