"""Contacts: what is ours, what was agreed with the CRM, and what is still owed.

A contact is known by its email, else by its phone, within a location.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, text, update

from contacts import merge
from contacts.cleaning import Value
from contacts.contact import Person, fingerprint
from contacts.jobs import Kind, Lane, Wish
from contacts.policy import Policy
from contacts.store import forgotten, matching, policies, said, said_papers, timeline
from contacts.store.alike import TAG_OWED
from contacts.store.database import Tx
from contacts.store.matching import Entry, Known, chunks
from contacts.store.tables import contacts as table
from contacts.store.tables import links, tags
from contacts.store.timeline import Change, What


@dataclass(slots=True)
class Upserted:
    """What became of one person.

    Attributes:
        contact: our id.
        changed: one of our own values moved, or the contact is new.
        new: the contact was not known.
        linked: it is known which contact of the CRM this is.
        owes_push: the CRM lacks something of the fields.
        owes_tags: the CRM lacks a tag, or has one too many.
        note_ids: this person's notes that the CRM has to be told of.
        task_ids: the same of tasks.
        conflict: ``phone`` or ``email`` when it belongs to another contact of ours and was left
            out.
        forgotten: this person was forgotten on request: nothing was written, ``contact`` is 0.
    """

    contact: int
    changed: bool = False
    new: bool = False
    linked: bool = False
    owes_push: bool = False
    owes_tags: bool = False
    note_ids: tuple[int, ...] = ()
    task_ids: tuple[int, ...] = ()
    conflict: str | None = None
    forgotten: bool = False


def wishes(
    location: str, outcomes: Sequence[Upserted], *, lane: Lane, run: int | None = None
) -> list[Wish]:
    """The jobs that these people are owed, each once."""
    found: dict[tuple[Kind, int, int], Wish] = {}
    for one in outcomes:
        owed = [(Kind.PUSH, 0)] * one.owes_push + [(Kind.TAG, 0)] * one.owes_tags
        owed += [(Kind.NOTE, note) for note in one.note_ids]
        owed += [(Kind.TASK, task) for task in one.task_ids]
        for kind, subject in owed:
            wish = Wish(kind, location, one.contact, subject, lane, run)
            found[kind, one.contact, subject] = wish
    return list(found.values())


def upsert(
    tx: Tx,
    location: str,
    people: Sequence[Person],
    *,
    now: float,
    news: bool = False,
    cause: str | None = None,
    run: int | None = None,
) -> list[Upserted]:
    """Write down what a source says of these people; fields that it does not mention stay.

    A file says what it said the last time. What the CRM's people have changed since is not undone
    by that: only another value is an edit.

    Args:
        people: each with an email or a phone. Two of the same person merge, the later one wins.
        news: it is an edit whatever was said before, for a person typed it just now.
        cause, run: who says it, for the timeline; see :class:`contacts.store.timeline.Entry`.

    Returns:
        one answer for each person, in their order.
    """
    lock(tx, location)
    banned = forgotten.among(tx, location, [person.fields for person in people])
    if banned:
        rest = [person for place, person in enumerate(people) if place not in banned]
        done = iter(_upsert(tx, location, rest, now=now, news=news, cause=cause, run=run))
        return [
            Upserted(0, forgotten=True) if place in banned else next(done)
            for place in range(len(people))
        ]
    return _upsert(tx, location, people, now=now, news=news, cause=cause, run=run)


def _upsert(
    tx: Tx,
    location: str,
    people: Sequence[Person],
    *,
    now: float,
    news: bool,
    cause: str | None,
    run: int | None,
) -> list[Upserted]:
    known = matching.load(tx, location, people)
    outcomes = [_absorb(known, person, news=news) for person in people]
    ids = _write(tx, location, known, now)
    for outcome in outcomes:
        outcome.contact = ids[outcome.contact]
    entries = {ids[entry.id]: entry for entry in known.entries.values()}
    mentioned = sorted({outcome.contact for outcome in outcomes})
    old = {id for id, entry in entries.items() if entry.before is not None}
    pairs = [(outcome.contact, person) for outcome, person in zip(outcomes, people, strict=True)]
    moves = said.write_tags(tx, pairs, old=old, news=news)
    note_ids, noted = said.write_notes(tx, pairs, old=old)
    papers = said_papers.write(tx, pairs, now=now, run=run)
    timeline.keep(tx, _happened(entries, moves, noted, cause=cause, run=run, now=now))
    policy = policies.of(tx, location)
    ours = {contact: entries[contact].fields for contact in mentioned}
    owes_push, linked = _owing_push(tx, ours, policy)
    owes_tags = _owing_tags(tx, mentioned)
    gone = _gone(tx, mentioned)
    for outcome, person in zip(outcomes, people, strict=True):
        if outcome.contact in gone:
            continue
        outcome.linked = outcome.contact in linked
        outcome.owes_push = outcome.contact in owes_push
        outcome.owes_tags = outcome.contact in owes_tags
        marks = [fingerprint(body) for body in person.notes]
        found = (note_ids.get((outcome.contact, mark)) for mark in marks)
        more = papers.notes_of(outcome.contact, person)
        outcome.note_ids = tuple(dict.fromkeys([*(id for id in found if id is not None), *more]))
        outcome.task_ids = papers.tasks_of(outcome.contact, person)
    return outcomes


def owed(tx: Tx, ids: Sequence[int]) -> list[Upserted]:
    """What contacts are owed but for their notes; ids that are not known any more are left out."""
    found: dict[str, dict[int, Mapping[str, Value]]] = {}
    for part in chunks(sorted(set(ids))):
        query = select(table.c.id, table.c.location, table.c.fields).where(table.c.id.in_(part))
        for row in tx.execute(query):
            found.setdefault(row.location, {})[row.id] = row.fields
    known = sorted(id for ours in found.values() for id in ours)
    gone = _gone(tx, known)
    push: set[int] = set()
    linked: set[int] = set()
    for location, ours in found.items():
        owing, there = _owing_push(tx, ours, policies.of(tx, location))
        push, linked = push | owing, linked | there
    push, tag = push - gone, _owing_tags(tx, known) - gone
    return [
        Upserted(id, linked=id in linked, owes_push=id in push, owes_tags=id in tag) for id in known
    ]


def lock(tx: Tx, location: str) -> None:
    """One writer of a location's roster at a time, or two could make the same contact twice."""
    if tx.dialect.name == "postgresql":
        tx.execute(
            text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"roster:{location}"}
        )


def _absorb(known: Known, person: Person, *, news: bool) -> Upserted:
    """Match one person and take in its fields. Pure but for ``known``."""
    fields = dict(person.fields)
    by_email, by_phone = known.who(person)
    conflict = None
    holder = known.by_email.get(person.email or "")
    if person.contact is not None and holder is not None and holder is not by_email:
        # Her email is now one that another contact of ours has: a person decides whose it is.
        del fields["email"]
        conflict = "email"
    entry = by_email
    if by_phone is not None and by_phone is not by_email:
        same_person = by_email is None and (person.email is None or by_phone.email is None)
        if same_person:
            entry = by_phone
        else:
            # Two people cannot have one phone in a CRM that finds people by it.
            del fields["phone"]
            conflict = "phone"
    new = entry is None
    if entry is None:
        entry = Entry(-1 - len(known.entries), {}, None)
    email, phone = entry.email, entry.phone
    moved = [entry.take(name, value, news=news) for name, value in fields.items()]
    if phone and entry.phone != phone:
        del known.by_phone[phone]
    if email and entry.email != email:
        del known.by_email[email]
    known.add(entry)
    return Upserted(entry.id, changed=new or any(moved), new=new, conflict=conflict)


def _write(tx: Tx, location: str, known: Known, now: float) -> dict[int, int]:
    """Insert and update; returns our id by the id in the making."""
    new = [entry for entry in known.entries.values() if entry.before is None]
    moved = [e for e in known.entries.values() if e.before is not None and e.changed]
    ids = {entry.id: entry.id for entry in known.entries.values() if entry.before is not None}
    if moved:
        # A phone may move from one contact to another within the batch: let go of it first.
        tx.execute(
            update(table).where(table.c.id == bindparam("b_id")).values(email=None, phone=None),
            [{"b_id": entry.id} for entry in moved],
        )
        tx.execute(
            update(table).where(table.c.id == bindparam("b_id")),
            [_row(location, entry, now) | {"b_id": entry.id} for entry in moved],
        )
    if new:
        inserted = tx.execute(
            table.insert().returning(table.c.id, sort_by_parameter_order=True),
            [_row(location, entry, now) for entry in new],
        ).scalars()
        ids |= {entry.id: id for entry, id in zip(new, inserted, strict=True)}
    return ids


def _row(location: str, entry: Entry, now: float) -> dict[str, Any]:
    return {
        "location": location,
        "email": entry.email,
        "phone": entry.phone,
        "fields": entry.fields,
        "changed_at": now,
        "moved_at": entry.moved(now),
    } | said_columns(entry.said)


def said_columns(said: Mapping[str, Value | None]) -> dict[str, Any]:
    """The columns of what a source said of fields that the CRM has changed since."""
    return {"said": dict(said), "said_email": said.get("email"), "said_phone": said.get("phone")}


def _happened(
    entries: Mapping[int, Entry],
    *moves: Mapping[int, Mapping[str, Change]],
    cause: str | None,
    run: int | None,
    now: float,
) -> Iterator[timeline.Entry]:
    """What changed of each contact, in one row."""
    for id, entry in entries.items():
        changes = timeline.moved(entry.before or {}, entry.fields)
        for more in moves:
            changes |= more.get(id, {})
        what = What.NEW if entry.before is None else What.SAID
        if changes:
            yield timeline.Entry(id, what, changes, now, cause, None, run)


def _owing_push(
    tx: Tx, ours: Mapping[int, Mapping[str, Value]], policy: Policy
) -> tuple[set[int], set[int]]:
    """Who is owed a push, and who is linked."""
    owing, known = set(ours), set[int]()
    for part in chunks(sorted(ours)):
        query = select(links.c.contact, links.c.agreed, links.c.refused, links.c.remote_id).where(
            links.c.contact.in_(part)
        )
        for row in tx.execute(query):
            linked = row.remote_id is not None
            known.add(row.contact)
            if not merge.unsent(
                ours[row.contact], row.agreed, row.refused, linked=linked, policy=policy
            ):
                owing.discard(row.contact)
    return owing, known


def _owing_tags(tx: Tx, ids: Sequence[int]) -> set[int]:
    owing: set[int] = set()
    for part in chunks(ids):
        query = select(tags.c.contact).where(tags.c.contact.in_(part), TAG_OWED).distinct()
        owing |= set(tx.execute(query).scalars())
    return owing


def _gone(tx: Tx, ids: Sequence[int]) -> set[int]:
    """Those that were deleted in the CRM: they are owed nothing until they are there again."""
    gone: set[int] = set()
    for part in chunks(ids):
        query = select(table.c.id).where(table.c.id.in_(part), table.c.gone_at.is_not(None))
        gone |= set(tx.execute(query).scalars())
    return gone
