"""One page of a walk: what its rows tell that we do not know, and what is put for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import or_, select

from contacts import drift, identity
from contacts.drift import Ours, Shown
from contacts.identity import IDENTITY
from contacts.jobs import Kind, Lane
from contacts.store import inbox, policies, walk_book, walks
from contacts.store.database import Tx
from contacts.store.matching import chunks
from contacts.store.tables import contacts, links, tags
from contacts.store.walk_book import Finding
from contacts.store.walks import SCAN, Cursor, Phase, Walk, Way

LAG_S: Final = 120.0
"""A row may be from before our own last call. Where we have just compared a contact with an answer
that is newer than its row, the row says nothing."""

Row = tuple[str, Shown, float | None]
"""(the CRM's id, what the row shows, when it was last changed there)"""


@dataclass(frozen=True, slots=True)
class Known:
    """A contact that is linked to a row.

    Attributes:
        settled_at: when it was last compared with an answer, by our clock.
    """

    contact: int
    ours: Ours = field(repr=False)
    settled_at: float


@dataclass(frozen=True, slots=True)
class Told:
    """What a page told.

    Attributes:
        look: who has to be looked at, by the CRM's ids.
        findings: what is only done if it is not too many.
        counts: for the report.
    """

    look: tuple[str, ...]
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]


def read(tx: Tx, walk: Walk, rows: Sequence[Row], *, adopt: bool, now: float) -> Told:
    """Compare a page's rows with what was agreed; two queries, and one for strangers.

    Args:
        adopt: those whom we do not know are taken in.
    """
    policy = policies.of(tx, walk.location)
    known = _known(tx, walk.location, [row[0] for row in rows])
    doubles = _doubles(tx, walk.location, [row for row in rows if row[0] not in known])
    looks: list[str] = []
    found: list[Finding] = []
    counts: Counter[str] = Counter()
    for remote_id, shown, at in rows:
        one = known.get(remote_id)
        if one is None:
            fate = "doubles" if remote_id in doubles else "adopted" if adopt else "strangers"
            counts[fate] += 1
            if fate == "adopted":
                looks.append(remote_id)
            continue
        names = drift.differences(one.ours, shown, policy)
        if not names:
            counts["unchanged"] += 1
        elif at is not None and at < one.settled_at and now - one.settled_at < LAG_S:
            counts["late_rows"] += 1
        else:
            counts.update(["differ", *(f"field:{name}" for name in names)])
            grave = drift.gravity(one.ours, shown, names, policy)
            if grave is None:
                looks.append(remote_id)
            else:
                found.append(Finding(Kind.PULL, one.contact, grave, remote_id))
    return Told(tuple(looks), tuple(found), counts)


def keep(
    tx: Tx,
    walk: Walk,
    told: Told,
    *,
    remote_ids: Collection[str],
    cursor: Cursor | None,
    total: int | None,
    short: bool = False,
    now: float,
) -> Walk:
    """Put what a page told, and keep where the next one begins.

    Args:
        remote_ids: of all its rows.
        cursor: None: it was the last page.
        total: how many contacts the CRM says there are.
        short: it had fewer rows than were asked for. If as many were seen as there are, then no
            page is asked for only to see that it is empty. Not in the search: whoever is changed
            meanwhile comes last there, once more.
    """
    new = walk_book.see(tx, walk.run, remote_ids) if _all_of_it(walk) else remote_ids
    if short and walk.way is Way.LIST and total is not None:
        cursor = None if walk.counts.get("rows", 0) + len(new) >= total else cursor
    if told.look:
        inbox.look(tx, walk.location, told.look, now=now, lane=Lane.SWEEP, run=walk.run)
    walk_book.find(tx, walk.run, told.findings)
    counts = {**told.counts, "pages": 1, "rows": len(new), "looks": len(told.look)}
    after = replace(
        walk,
        cursor=cursor,
        first_total=total if walk.first_total is None else walk.first_total,
        last_total=total if total is not None else walk.last_total,
        counts=walks.counted(walk, counts),
    )
    if cursor is None:
        after = _ended(walk, after, now)
    return after


def _all_of_it(walk: Walk) -> bool:
    return walk.way is not Way.NEWEST


def _ended(walk: Walk, after: Walk, now: float) -> Walk:
    """What comes after the last page."""
    if walk.kind == SCAN:
        return replace(after, phase=Phase.PUTTING)
    if not _all_of_it(walk):
        # What was changed while several pages were read went to the front, behind our back.
        if walk.cursor is not None:
            since = walk.begun_at - walks.OVERLAP_S
            return replace(after, since=since, begun_at=now)
        return replace(after, phase=Phase.OWED)
    totals = [t for t in (after.first_total, after.last_total) if t is not None]
    rows = after.counts.get("rows", 0)
    if rows >= min(totals, default=0):
        return replace(after, phase=Phase.MISSING)
    counts = {**after.counts, "incomplete": min(totals) - rows}
    return replace(after, phase=Phase.OWED, counts=counts)


_LINKED: Final = (
    links.c.contact,
    links.c.remote_id,
    links.c.agreed,
    links.c.refused,
    links.c.unanswered,
    links.c.settled_at,
    contacts.c.fields,
)


def _known(tx: Tx, location: str, remote_ids: Sequence[str]) -> dict[str, Known]:
    found: list[Any] = []
    for part in chunks(remote_ids):
        query = (
            select(*_LINKED)
            .select_from(links.join(contacts, contacts.c.id == links.c.contact))
            .where(
                links.c.location == location,
                links.c.remote_id.in_(part),
            )
        )
        found += tx.execute(query).all()
    known_tags: dict[int, dict[str, bool | None]] = {row.contact: {} for row in found}
    query = select(tags.c.contact, tags.c.tag, tags.c.agreed).where(
        tags.c.contact.in_(list(known_tags))
    )
    for row in tx.execute(query) if known_tags else ():
        known_tags[row.contact][row.tag] = None if row.agreed is None else bool(row.agreed)
    return {
        row.remote_id: Known(
            row.contact,
            Ours(row.agreed, row.fields, row.refused, row.unanswered, known_tags[row.contact]),
            row.settled_at,
        )
        for row in found
    }


def _doubles(tx: Tx, location: str, strangers: Sequence[Row]) -> set[str]:
    """Strangers who are somebody of ours that is linked already: a double in the CRM.

    To look at them every night would find the same every night.
    """
    values = {
        name: sorted({str(shown.values[name]) for _, shown, _ in strangers if name in shown.values})
        for name in IDENTITY
    }
    if not any(values.values()):
        return set()
    query = (
        select(contacts.c.email, contacts.c.phone, links.c.contact)
        .select_from(contacts.outerjoin(links, links.c.contact == contacts.c.id))
        .where(
            contacts.c.location == location,
            or_(*(contacts.c[name].in_(some) for name, some in values.items() if some)),
        )
    )
    found = tx.execute(query).all()
    holders = {name: {getattr(row, name): row for row in found} for name in IDENTITY}
    doubles = set()
    for remote_id, shown, _ in strangers:
        for name in IDENTITY:
            row = holders[name].get(shown.values.get(name))
            ours = {one: getattr(row, one) for one in IDENTITY if getattr(row, one, None)}
            if row is not None and identity.same(ours, shown.values):
                if row.contact is not None:
                    doubles.add(remote_id)
                break
    return doubles
