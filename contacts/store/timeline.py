"""How each value came to be: what happened to a contact, in the order in which it happened here.

One row for each contact and change set, written in the transaction of the change itself, so that
what is told and what is so cannot differ. ``changes`` names what moved, from what to what:

    a field       email, custom.level
    a tag         tag:vip        whether it is on
    a note        note:12        the beginning of its text, by our id
    a task        task:7         its title, by our id
    the link      link           the CRM's id

A conflict has two more: whose value lost, and what decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Integer, bindparam, delete, select

from contacts.jobs import Job
from contacts.store.database import Store, Tx
from contacts.store.prepared import Prepared
from contacts.store.tables import timeline as table

EXCERPT: Final = 120
"""Characters of a text that a row keeps: enough to know it again."""

LINK: Final = "link"
TAG: Final = "tag:"
NOTE: Final = "note:"
TASK: Final = "task:"

Change = Sequence[Any]
"""(before, after); of a conflict (lost, kept, whose it was, what decided). None: there was none."""


class What(StrEnum):
    """What happened."""

    NEW = "new"
    """The contact came into being here."""
    SAID = "said"
    """A source said it, and ours became it."""
    SHOWN = "shown"
    """An answer of the CRM showed it: it is what is agreed now."""
    TAKEN = "taken"
    """The merge took the CRM's value: ours became it."""
    SENT = "sent"
    """Our write was answered, and the CRM has it."""
    NORMALISED = "normalised"
    """Our write was answered in another spelling: (what we sent, what the CRM made of it)."""
    REFUSED = "refused"
    """We sent it and the CRM did not take it: (what we sent, what it holds)."""
    CONFLICT = "conflict"
    """Both sides had changed it, or one that may not; one value lost."""
    LINKED = "linked"
    UNLINKED = "unlinked"
    GONE = "gone"
    """It was deleted in the CRM, and is marked here."""
    BACK = "back"
    """It is in the CRM again."""
    REMOVED = "removed"
    """It went here too. The one row that is left of it."""
    RULE = "rule"
    """A rule fired: what it put is in the changes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    Attributes:
        what: a :class:`What`, as text.
        cause: what led to it, in words without personal data: ``ContactUpdate 5f1c…`` for a
            webhook, ``rule welcome``, ``rollbook tag``; None: the run or job says it all.
        at: by our clock, seconds since the epoch.
        job: in which it was decided.
        run: of that job, or of the file that was read.
    """

    contact: int
    what: str
    changes: Mapping[str, Change] = field(repr=False)
    at: float
    cause: str | None = None
    job: int | None = None
    run: int | None = None


def note(
    tx: Tx,
    contact: int,
    what: What,
    changes: Mapping[str, Change],
    *,
    cause: str | None = None,
    job: Job | None = None,
    run: int | None = None,
    now: float,
) -> None:
    """Say what happened to one contact; nothing, if nothing changed.

    Args:
        changes: (before, after) by name, see the top of this file. Empty only for what says it all
            by its name: gone, back, removed.
        job: in which it happened; its run is kept with it.
        run: where there is no job: of the file that is read.
    """
    if changes or what in _WORDLESS:
        by = None if job is None else job.id
        run = run if job is None else job.run
        keep(tx, [Entry(contact, what, changes, now, cause, by, run)])


def keep(tx: Tx, entries: Iterable[Entry]) -> None:
    """Say what happened to many, by one statement."""
    rows = [
        {
            "contact": one.contact,
            "what": str(one.what),
            "changes": dict(one.changes),
            "at": one.at,
            "cause": one.cause,
            "job": one.job,
            "run": one.run,
        }
        for one in entries
    ]
    _KEEP.each(tx, rows)


def moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Change]:
    """What differs between two states, as changes."""
    names = [*after, *(name for name in before if name not in after)]
    return {
        name: (before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    }


def excerpt(text: str | None) -> str | None:
    """The beginning of a text."""
    return text if text is None or len(text) <= EXCERPT else f"{text[: EXCERPT - 1]}…"


def of(tx: Tx, contact: int, *, limit: int = 1000) -> list[Entry]:
    """What happened to a contact, oldest first; the newest ``limit`` of it."""
    rows = tx.execute(STORY, {"b_contact": contact, "b_limit": limit}).all()
    return [
        Entry(row.contact, row.what, row.changes, row.at, row.cause, row.job, row.run)
        for row in reversed(rows)
    ]


def forget(tx: Tx, contact: int) -> None:
    """Nothing is known any more of what happened to it."""
    tx.execute(delete(table).where(table.c.contact == contact))


def prune(store: Store, *, older_than_s: float) -> int:
    """Forget what happened long ago.

    Returns:
        how many rows.
    """
    return store.prune(table.c.at, older_than_s)


_WORDLESS: Final = frozenset({What.GONE, What.BACK, What.REMOVED})

# Built once: a bulk of jobs writes a row each.
_KEEP: Final = Prepared(table.insert())
STORY: Final = (
    select(table)
    .where(table.c.contact == bindparam("b_contact"))
    .order_by(table.c.id.desc())
    .limit(bindparam("b_limit", type_=Integer))
)
