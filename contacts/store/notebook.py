"""The notes of our contacts: what a source says, what a person here changes, what is still owed.

A note is known by its key, or by its first text where its source names none. The same key with
another text is the same note, changed. ``shown`` is what the CRM holds where that is not our text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from contacts.contact import fingerprint
from contacts.errors import GiveUp
from contacts.jobs import Kind, Lane, Wish
from contacts.store import ledger, timeline
from contacts.store.database import Tx
from contacts.store.inserting import insert
from contacts.store.matching import chunks
from contacts.store.tables import contacts
from contacts.store.tables import notes as table
from contacts.store.timeline import NOTE, What

PAST: Final = 20
"""Texts of a note that are remembered, by their fingerprints."""


@dataclass(frozen=True, slots=True)
class Said:
    """A note as its source says it.

    Attributes:
        key: by which the source knows it; None: by its text.
    """

    contact: int
    body: str = field(repr=False)
    key: str | None = field(default=None, repr=False)

    @property
    def mark(self) -> str:
        """What stands for its key."""
        return fingerprint(self.body) if self.key is None else fingerprint(f"key {self.key}")


@dataclass(frozen=True, slots=True)
class Page:
    """One note, as its row has it.

    Attributes:
        held: a mark of the text that the CRM holds, as far as we know; None: it never had the note.
        owed: the CRM has to be told.
        deleted: by somebody here. ``gone``: by somebody there.
        theirs: it was first seen in the CRM.
        moved_at: when somebody here last changed it; None: not since it was made.
        wrote_at: when our write put the text there; None: it was not us.
        past: marks of its former texts, and when each of them was no longer so.
    """

    id: int
    contact: int
    body: str = field(repr=False)
    remote_id: str | None
    held: str | None
    owed: bool
    deleted: bool
    gone: bool
    theirs: bool
    moved_at: float | None
    wrote_at: float | None
    past: Mapping[str, float]

    @property
    def name(self) -> str:
        """As the timeline calls it."""
        return f"{NOTE}{self.id}"


def mark(text: str) -> str:
    """What stands for a text; blanks around it do not count."""
    return fingerprint(text.strip())


def of(tx: Tx, contact: int) -> list[Page]:
    """All notes of a contact, oldest first; those that were deleted too."""
    query = select(table).where(table.c.contact == contact).order_by(table.c.id)
    return [page(row) for row in tx.execute(query)]


def load(tx: Tx, note: int) -> Page:
    """One note.

    Raises:
        GiveUp: there is no such note.
    """
    row = tx.execute(NOTE_ROW, {"b_note": note}).first()
    if row is None:
        raise GiveUp("the note is not in the roster any more", code="note-unknown")
    return page(row)


def page(row: Any) -> Page:
    """A note of its row."""
    held = None if row.remote_id is None else row.shown or mark(row.body)
    return Page(
        row.id,
        row.contact,
        row.body,
        row.remote_id,
        held,
        row.owed,
        row.deleted_at is not None,
        row.gone_at is not None,
        row.theirs,
        row.moved_at,
        row.wrote_at,
        dict(row.past),
    )


# ---------------------------------------------------------------- what is said here


def say(
    tx: Tx, said: Sequence[Said], *, now: float, run: int | None = None
) -> dict[tuple[int, str], int]:
    """Write down what a source says of notes that it knows by keys. The same again says nothing.

    Returns:
        our id of each that the CRM has to be told of, by contact and mark.
    """
    last = {(one.contact, one.mark): one.body for one in said}
    known = _known(tx, sorted({contact for contact, _ in last}))
    new = [(key, body) for key, body in last.items() if key not in known]
    if new:
        tx.execute(
            insert(tx, table).on_conflict_do_nothing(index_elements=["contact", "fingerprint"]),
            [
                {"contact": contact, "fingerprint": name, "body": body, "said": mark(body)}
                for (contact, name), body in new
            ],
        )
    for key, body in last.items():
        row = known.get(key)
        if row is not None and (row.said or row.fingerprint) != mark(body):
            _change(tx, page(row), body, said=mark(body), now=now, run=run)
    after = _known(tx, sorted({contact for contact, _ in last}))
    made = [
        timeline.Entry(
            key[0], What.SAID, {page(after[key]).name: (None, timeline.excerpt(body))}, now, run=run
        )
        for key, body in new
    ]
    timeline.keep(tx, made)
    return {key: after[key].id for key in last if key in after and _is_owed(page(after[key]))}


def want(
    tx: Tx, contact: int, *, body: str, key: str, now: float, lane: Lane = Lane.LIVE
) -> int | None:
    """A note of that key shall have that text; puts the job if the CRM has to be told.

    Idempotent: the same key and text again is no edit, whatever became of the note since.

    Returns:
        our id of the note; None where there is no such contact.
    """
    location = tx.execute(_LOCATION.where(contacts.c.id == contact)).scalar_one_or_none()
    if location is None:
        return None
    one = Said(contact, body.strip(), key)
    owed = say(tx, [one], now=now)
    for note in owed.values():
        ledger.put(tx, [Wish(Kind.NOTE, location, contact, note, lane)], now=now)
    return int(_known(tx, [contact])[contact, one.mark].id)


def edit(tx: Tx, note: int, body: str, *, now: float) -> bool:
    """A person here changes a note; the next file does not undo it.

    Returns:
        whether the CRM has to be told; the caller puts the job.
    """
    found = load(tx, note)
    _change(tx, found, body.strip(), said=None, now=now, run=None)
    return _is_owed(load(tx, note))


def delete(tx: Tx, note: int, *, now: float) -> bool:
    """A person here deletes a note. Its row stays, or the next file would write it again.

    Returns:
        whether the CRM has to be told; the caller puts the job.
    """
    found = load(tx, note)
    if found.deleted or found.gone:
        return False
    owed = found.remote_id is not None
    tx.execute(update(table).where(table.c.id == note).values(deleted_at=now, owed=owed))
    changes = {found.name: (timeline.excerpt(found.body), None)}
    timeline.note(tx, found.contact, What.SAID, changes, now=now)
    # One that was never written may be on its way: its own job finds that out.
    return True


def _change(
    tx: Tx, found: Page, body: str, *, said: str | None, now: float, run: int | None
) -> None:
    values: dict[str, Any] = {} if said is None else {"said": said}
    new, old = mark(body), mark(found.body)
    if new != old and not (found.deleted or found.gone):
        held = found.held
        values |= {
            "body": body,
            "moved_at": now,
            "past": remembered(found.past, {old: now}),
            "shown": None if held in (None, new) else held,
            "owed": held is not None and held != new,
        }
        changes = {found.name: (timeline.excerpt(found.body), timeline.excerpt(body))}
        timeline.note(tx, found.contact, What.SAID, changes, run=run, now=now)
    if values:
        tx.execute(update(table).where(table.c.id == found.id).values(**values))


def remembered(past: Mapping[str, float], more: Mapping[str, float]) -> list[tuple[str, float]]:
    """Marks of former texts with their times, each once, the newest last."""
    kept = {one: at for one, at in past.items() if one not in more}
    return [*kept.items(), *more.items()][-PAST:]


def _is_owed(one: Page) -> bool:
    if one.gone or (one.deleted and not one.remote_id):
        return False
    return one.remote_id is None or one.owed


def _known(tx: Tx, ids: Sequence[int]) -> dict[tuple[int, str], Any]:
    found: dict[tuple[int, str], Any] = {}
    for part in chunks(ids):
        query = select(table).where(table.c.contact.in_(part))
        found |= {(row.contact, row.fingerprint): row for row in tx.execute(query)}
    return found


# Built once: each note of a backfill reads its row.
NOTE_ROW: Final = select(table).where(table.c.id == bindparam("b_note"))
_LOCATION: Final = select(contacts.c.location)
