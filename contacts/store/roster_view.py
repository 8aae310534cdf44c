"""The questions people and the night ask of the roster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, and_, cast, func, literal, or_, select

from contacts import merge
from contacts.cleaning import Value
from contacts.jobs import Kind, Lane, Wish
from contacts.policy import TABLE
from contacts.ruling import Made, blank, is_mark, made
from contacts.store import policies
from contacts.store.alike import TAG_OWED
from contacts.store.database import Store, Tx
from contacts.store.ledger_view import unsettled
from contacts.store.tables import contact_tasks, contacts, jobs, links, notes, tags


def find(
    store: Store, location: str, *, email: str | None = None, phone: str | None = None
) -> int | None:
    """Our id of the contact with that email, or else that phone; None when not known."""
    with store.read() as tx:
        for column, value in ((contacts.c.email, email), (contacts.c.phone, phone)):
            if value is None:
                continue
            query = select(contacts.c.id).where(contacts.c.location == location, column == value)
            found = tx.execute(query).scalar_one_or_none()
            if found is not None:
                return int(found)
    return None


def known_as(store: Store, location: str, name: str, value: str) -> int | None:
    """Our id of the contact with that email or phone, now or as a source last called it.

    Args:
        name: ``email`` or ``phone``.
    """
    with store.read() as tx:
        for column in (contacts.c[name], contacts.c[f"said_{name}"]):
            query = select(contacts.c.id).where(contacts.c.location == location, column == value)
            found = tx.execute(query.order_by(contacts.c.id)).scalars().first()
            if found is not None:
                return int(found)
    return None


def identity(store: Store, contact: int) -> tuple[str, dict[str, str]] | None:
    """Where a contact is, and by what it is known: (location, its email or else its phone)."""
    query = select(contacts.c.location, contacts.c.email, contacts.c.phone).where(
        contacts.c.id == contact
    )
    with store.read() as tx:
        row = tx.execute(query).first()
    if row is None:
        return None
    return row.location, {"email": row.email} if row.email else {"phone": row.phone}


def counts(store: Store, location: str | None = None) -> dict[str, int]:
    """How many contacts there are, and how many are linked to one in the CRM."""
    all_of = select(func.count()).select_from(contacts)
    linked = select(func.count()).select_from(links)
    if location is not None:
        all_of = all_of.where(contacts.c.location == location)
        linked = linked.where(links.c.location == location)
    with store.read() as tx:
        return {
            "contacts": int(tx.execute(all_of).scalar_one()),
            "linked": int(tx.execute(linked).scalar_one()),
        }


@dataclass(frozen=True, slots=True)
class Dropped:
    """A contact with fields that the CRM silently dropped or cut short, by our names.

    Attributes:
        made: what the CRM made of each, a :class:`contacts.ruling.Made` as text.
    """

    contact: int
    location: str
    fields: tuple[str, ...]
    made: Mapping[str, str]


def dropped(
    store: Store, location: str | None = None, *, field: str | None = None, limit: int = 100
) -> list[Dropped]:
    """Contacts with fields that the CRM silently dropped, of one location or of all."""
    query = (
        select(links.c.contact, links.c.location, links.c.refused, contacts.c.fields)
        .join_from(links, contacts, contacts.c.id == links.c.contact)
        .where(cast(links.c.refused, Text) != literal("{}"))
        .order_by(links.c.contact)
    )
    if location is not None:
        query = query.where(links.c.location == location)
    found: list[Dropped] = []
    with store.read() as tx:
        for row in tx.execute(query.execution_options(yield_per=500)):
            lost = _lost(row.refused, row.fields)
            if lost and (field is None or field in lost):
                found.append(Dropped(row.contact, row.location, tuple(lost), lost))
            if len(found) == limit:
                break
    return found


def _lost(refused: Mapping[str, str], ours: Mapping[str, Value]) -> dict[str, str]:
    """Fields of which the CRM did not take all; one that it spells otherwise has lost nothing, and
    nor has one of which ours says something else since: no push may be owed that would forget it.
    """
    all_of = {
        name: made(mark)
        for name, mark in sorted(refused.items())
        if is_mark(mark, ours.get(name, ""))
    }
    return {name: one.value for name, one in all_of.items() if one is not Made.RESPELLED}


def dropped_of_run(store: Store, run: int) -> dict[str, int]:
    """How many contacts of a run the CRM dropped a field of, by our name of the field."""
    query = (
        select(links.c.refused, contacts.c.fields)
        .select_from(
            links.join(jobs, jobs.c.contact == links.c.contact).join(
                contacts, contacts.c.id == links.c.contact
            )
        )
        .where(
            jobs.c.run == run,
            jobs.c.kind == Kind.PUSH.value,
            cast(links.c.refused, Text) != literal("{}"),
        )
    )
    with store.read() as tx:
        found = tx.execute(query)
        return dict(Counter(name for row in found for name in _lost(row.refused, row.fields)))


@dataclass(frozen=True, slots=True)
class OwedPage:
    """Who is owed something, among the contacts of one page.

    Attributes:
        last: the last contact of the page; None: nothing comes after it.
        blanking: whose push would empty a field of the CRM's.
    """

    last: int | None
    wishes: list[Wish]
    blanking: frozenset[int]


def owed(store: Store, *, batch: int = 1000) -> Iterator[list[Wish]]:
    """Whoever is owed something and has no job for it, in batches of wishes (sweep lane).

    A parked or cancelled job counts as a job: a person has said, or has to say, what is next.
    """
    after: int | None = 0
    while after is not None:
        with store.read() as tx:
            page = owed_page(tx, after, batch)
        after = page.last
        if page.wishes:
            yield page.wishes


def owed_page(
    tx: Tx, after: int, batch: int, *, location: str | None = None, run: int | None = None
) -> OwedPage:
    """One page of that.

    Args:
        after: the last contact of the page before.
        location: of this one only.
        run: for which the jobs are.
    """
    rows = tx.execute(_page(after, batch, location)).all()
    if not rows:
        return OwedPage(None, [], frozenset())
    last = rows[-1].id
    rules = policies.of_all(tx)
    wishes, blanking = [], set()
    for row in rows:
        if row.has_job:
            continue
        unsent = {}
        if row.remote_id is not None:
            policy = rules.get(row.location, TABLE)
            unsent = merge.unsent(row.fields, row.agreed, row.refused, linked=True, policy=policy)
        if row.remote_id is None or unsent:
            wishes.append(Wish(Kind.PUSH, row.location, row.id, 0, Lane.SWEEP, run))
        if any(blank(value) for value in unsent.values()):
            blanking.add(row.id)
    for query in (f(after, last) for f in (_tags_owed, _notes_owed, _tasks_owed)):
        wishes += [
            Wish(Kind(row.kind), row.location, row.contact, row.subject, Lane.SWEEP, run)
            for row in tx.execute(query)
            if location in (None, row.location)
        ]
    return OwedPage(last if len(rows) == batch else None, wishes, frozenset(blanking))


def _page(after: int, batch: int, location: str | None) -> Any:
    query = (
        select(
            contacts.c.id,
            contacts.c.location,
            contacts.c.fields,
            links.c.remote_id,
            links.c.agreed,
            links.c.refused,
            unsettled(Kind.PUSH, contacts.c.id, 0).label("has_job"),
        )
        .select_from(contacts.outerjoin(links, links.c.contact == contacts.c.id))
        .where(contacts.c.id > after, contacts.c.gone_at.is_(None))
        .order_by(contacts.c.id)
        .limit(batch)
    )
    # By the key, in its order; by the index of locations each page would sort them all.
    own = func.coalesce(contacts.c.location, "") == location
    return query if location is None else query.where(own)


def _tags_owed(after: int, last: int) -> Any:
    return (
        select(
            tags.c.contact,
            contacts.c.location,
            literal(Kind.TAG.value).label("kind"),
            literal(0).label("subject"),
        )
        .select_from(tags.join(contacts, contacts.c.id == tags.c.contact))
        .where(
            tags.c.contact > after,
            tags.c.contact <= last,
            TAG_OWED,
            contacts.c.gone_at.is_(None),
            ~unsettled(Kind.TAG, tags.c.contact, 0),
        )
        .distinct()
    )


def _notes_owed(after: int, last: int) -> Any:
    return (
        select(
            notes.c.contact,
            contacts.c.location,
            literal(Kind.NOTE.value).label("kind"),
            notes.c.id.label("subject"),
        )
        .select_from(notes.join(contacts, contacts.c.id == notes.c.contact))
        .where(
            notes.c.contact > after,
            notes.c.contact <= last,
            notes.c.gone_at.is_(None),
            or_(and_(notes.c.remote_id.is_(None), notes.c.deleted_at.is_(None)), notes.c.owed),
            contacts.c.gone_at.is_(None),
            ~unsettled(Kind.NOTE, notes.c.contact, notes.c.id),
        )
    )


def _tasks_owed(after: int, last: int) -> Any:
    task = contact_tasks.c
    return (
        select(
            task.contact,
            contacts.c.location,
            literal(Kind.TASK.value).label("kind"),
            task.id.label("subject"),
        )
        .select_from(contact_tasks.join(contacts, contacts.c.id == task.contact))
        .where(
            task.contact > after,
            task.contact <= last,
            task.gone_at.is_(None),
            or_(and_(task.remote_id.is_(None), task.deleted_at.is_(None)), task.owed),
            contacts.c.gone_at.is_(None),
            ~unsettled(Kind.TASK, task.contact, task.id),
        )
    )


def linked(store: Store, location: str, *, batch: int = 1000) -> Iterator[list[int]]:
    """Our ids of everybody of a location who is in the CRM, in batches."""
    after = 0
    while True:
        query = (
            select(links.c.contact)
            .where(links.c.location == location, links.c.contact > after)
            .order_by(links.c.contact)
            .limit(batch)
        )
        with store.read() as tx:
            found = [int(id) for id in tx.execute(query).scalars()]
        if not found:
            return
        yield found
        after = found[-1]
