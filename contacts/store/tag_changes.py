"""What a change of tags leaves behind, for one contact or for many that one call changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from contacts import merge
from contacts.delta import Delta
from contacts.facts import Facts
from contacts.jobs import Job, Kind, Wish
from contacts.store import alike, ledger, roster, sightings, timeline, watching
from contacts.store.database import Tx
from contacts.store.inserting import insert
from contacts.store.matching import chunks
from contacts.store.prepared import Prepared
from contacts.store.tables import links
from contacts.store.tables import tags as table
from contacts.store.timeline import TAG, Change, What

_SOME: Final[Any] = bindparam("b_contacts", expanding=True)
_TAGS: Final = Prepared(
    select(table.c.contact, table.c.tag, table.c.wanted, table.c.agreed).where(
        table.c.contact.in_(_SOME)
    )
)
_TOLD: Final = Prepared(
    update(links).where(links.c.contact.in_(_SOME)).values(tags_at=bindparam("now"))
)
_ONE: Final = (table.c.contact == bindparam("b_contact"), table.c.tag == bindparam("b_tag"))
_AGREE: Final = Prepared(update(table).where(*_ONE).values(agreed=bindparam("has")))
_MEET: Final = Prepared(
    update(table).where(*_ONE).values(agreed=bindparam("has"), wanted=bindparam("want"))
)


@dataclass(frozen=True, slots=True)
class Told:
    """The CRM was told of a change of one contact's tags, and has it.

    Attributes:
        job: that told it.
        there: all its tags there now; None: the answer does not say.
        watched: the location has rules.
    """

    job: Job
    delta: Delta
    there: Collection[str] | None
    watched: bool = False


def settle(tx: Tx, told: Sequence[Told], *, now: float) -> None:
    """Both sides of the contacts' tags, and a job for those that are still owed some.

    The answer lists all tags of a contact: one that a person put on in the same moment would
    otherwise only be known by its webhook.
    """
    if not told:
        return
    roster.lock(tx, told[0].job.location)
    told = sorted(told, key=lambda one: one.job.contact)
    was = _before(tx, told, now)
    _AGREE.each(tx, [row for one in told for row in _agreed(one)])
    for part in chunks([one.job.contact for one in told]):
        _TOLD.count(tx, {"b_contacts": part, "now": now})
    entries = [_entry(one, What.SENT, _moves(one.delta), now) for one in told]
    owed, taken = _meet(tx, told)
    entries += [_entry(one, What.TAKEN, moves, now) for one, moves in taken]
    timeline.keep(tx, entries)
    for one in told:
        watching.after(tx, one.job, one.job.contact, was.get(one.job.contact), now=now)
    seen = {one.job.contact: one.there for one in told if one.there is not None}
    sightings.keep_tags(tx, seen, now=now)
    wishes = [
        Wish(Kind.TAG, one.location, one.contact, lane=one.lane, run=one.run)
        for one in (other.job for other in told)
        if one.contact in owed  # also what was changed here while this was sent
    ]
    ledger.put(tx, wishes, now=now)


def _before(tx: Tx, told: Iterable[Told], now: float) -> dict[int, Facts]:
    found = {}
    for one in told:
        facts = watching.before(tx, one.job.contact, watched=one.watched, now=now)
        if facts is not None:
            found[one.job.contact] = facts
    return found


def _agreed(one: Told) -> list[dict[str, Any]]:
    contact, has = one.job.contact, one.delta.adds
    return [{"b_contact": contact, "b_tag": tag, "has": has} for tag in sorted(one.delta.tags)]


def _moves(delta: Delta) -> dict[str, Change]:
    return {f"{TAG}{tag}": (not delta.adds, delta.adds) for tag in sorted(delta.tags)}


def _entry(one: Told, what: What, moves: Mapping[str, Change], now: float) -> timeline.Entry:
    job = one.job
    return timeline.Entry(job.contact, what, moves, now, None, job.id, job.run)


def _meet(tx: Tx, told: Sequence[Told]) -> tuple[set[int], list[tuple[Told, dict[str, Change]]]]:
    """Whom the CRM still owes us a call for, and what became ours."""
    there = {one.job.contact: one.there for one in told if one.there is not None}
    owed, taken = meet(tx, there)
    silent = [one.job.contact for one in told if one.there is None]
    owed |= alike.owed(tx, silent).keys()
    return owed, [(one, taken[one.job.contact]) for one in told if one.job.contact in taken]


def meet(
    tx: Tx, there: Mapping[int, Collection[str]]
) -> tuple[set[int], dict[int, dict[str, Change]]]:
    """Our tags and the CRM's, as sets.

    Args:
        there: all tags that the CRM shows, by contact.

    Returns:
        the contacts of which the CRM is owed some, and what became of ours, by contact.
    """
    known: dict[int, list[Any]] = {contact: [] for contact in there}
    for part in chunks(sorted(known)):
        for row in _TAGS.all(tx, {"b_contacts": part}):
            known[row.contact].append(row)
    owed: set[int] = set()
    taken: dict[int, dict[str, Change]] = {}
    moved: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    for contact, rows in known.items():
        wanted = {row.tag: bool(row.wanted) for row in rows}
        agreed = {row.tag: bool(row.agreed) for row in rows if row.agreed is not None}
        merged = merge.merge_tags(wanted, agreed, there[contact])
        after = {**wanted, **merged.to_ours}
        for tag, has in merged.agreed.items():
            values = {"b_contact": contact, "b_tag": tag, "has": has, "want": after[tag]}
            if tag not in wanted:
                new.append(values)
            elif after[tag] != wanted[tag] or agreed.get(tag) != has:
                moved.append(values)
        if merged.add or merged.remove:
            owed.add(contact)
        if merged.to_ours:
            moves = {tag: (wanted.get(tag), want) for tag, want in merged.to_ours.items()}
            taken[contact] = {f"{TAG}{tag}": change for tag, change in moves.items()}
    _write(tx, moved, new)
    return owed, taken


def _write(tx: Tx, moved: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    _MEET.each(tx, moved)
    if new:
        rows = [
            {"contact": r["b_contact"], "tag": r["b_tag"], "wanted": r["want"], "agreed": r["has"]}
            for r in new
        ]
        tx.execute(insert(tx, table).on_conflict_do_nothing(), rows)
