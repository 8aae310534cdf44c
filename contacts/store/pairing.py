"""Who of a file is on a page of the CRM's list: linked by it, or read first when it is pushed.

While the list is read, the pushes of people who are not linked wait. Each is let go when its
person was found, and all of them at the end, however it ends. So are all tags: after the last page
those who share a change are told by one call (1,000 people of whom a tenth lacks something: 32
calls became 10).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select, update

from contacts.cleaning import Value
from contacts.existence import SURE, Existence, Known, State, begins, thinks_again
from contacts.identity import IDENTITY
from contacts.jobs import Job, Kind
from contacts.policy import Policy
from contacts.ruling import rule_of
from contacts.store import ledger, meeting, policies, roster, walks
from contacts.store.database import Tx
from contacts.store.inserting import insert
from contacts.store.meeting import Seen
from contacts.store.prepared import Prepared
from contacts.store.tables import WAITING, contacts, jobs, links, pairs, runs
from contacts.store.tables import walks as walk_table
from contacts.store.walks import BACKFILL, Phase, Walk, Way

HOLD_S: Final = 7200.0
"""The pushes wait no longer than this, whatever becomes of the list: a process that is killed
while it reads the file tells nobody. In two hours 2,600,000 contacts of a list are read where that
finds nothing to do (0.27 s a page), 400,000 beside calls at the limit (1.8 s)."""

FRESH_S: Final = 3600.0
"""So long after it was begun a list that was read to its end counts as a look: who came into the
CRM since was told by a webhook."""

NAMES: Final = frozenset({"name", "first_name", "last_name"})
"""Lists may show them in lower case."""


# ---------------------------------------------------------------- beginning and ending


def begin(
    tx: Tx, run: int, location: str, *, asked: Existence, people: int, way: Way, now: float
) -> Known:
    """Begin to read the list for a run, or let its pushes go; in the transaction in which the file
    is read to its end.

    Args:
        people: of the file, who are not linked.
        way: which list there is.
    """
    going, why = begins(asked, people)
    known = Known(asked, people, a_page=500 if way is Way.SEARCH else 100)
    if not going:
        known = replace(known, state=State.EACH, why=why)
        let_go(tx, run, now=now)
    _keep(tx, run, known)
    if going:
        walks.insert_row(
            tx, run, location=location, way=way, phase=Phase.WALK, since=None, begun_at=now
        )
        ledger.put(tx, [walks.load_sure(tx, run).wish()], now=now)
    return known


def of(tx: Tx, run: int) -> Known:
    """What is known of the choice of a run that reads a list."""
    return Known.of(tx.execute(select(runs.c.existence).where(runs.c.id == run)).scalar_one())


def end(tx: Tx, walk: Walk, known: Known, *, now: float) -> None:
    """No further page is read: whoever was not found is pushed as one who is not there."""
    _keep(tx, walk.run, replace(known, over_at=now))
    walks.keep(tx, replace(walk, phase=Phase.DONE))
    let_go(tx, walk.run, now=now)


def go_on(tx: Tx, walk: Walk, known: Known, *, now: float) -> None:
    """The next page is read: its job is in the commit of this one's."""
    _keep(tx, walk.run, known)
    walks.keep(tx, walk)
    ledger.put(tx, [walk.wish()], now=now)


def _keep(tx: Tx, run: int, known: Known) -> None:
    tx.execute(update(runs).where(runs.c.id == run).values(existence=known.as_json()))


def let_go(tx: Tx, run: int, *, now: float, only: Collection[int] | None = None) -> int:
    """Let the jobs of a run that wait for the list be due; those that failed keep their backoff.

    Args:
        only: the pushes of these contacts; None: those of all, and tags.

    Returns:
        how many.
    """
    kinds = (Kind.PUSH, Kind.TAG) if only is None else (Kind.PUSH,)
    waits = update(jobs).where(_not_begun(run, *kinds), jobs.c.due_at > now)
    if only is not None:
        waits = waits.where(jobs.c.contact.in_(sorted(only)))
    return int(tx.execute(waits.values(due_at=now)).rowcount)


def _not_begun(run: int, *kinds: Kind) -> ColumnElement[bool]:
    return and_(
        WAITING,
        jobs.c.run == run,
        jobs.c.kind.in_([kind.value for kind in kinds]),
        jobs.c.attempts == 0,
        jobs.c.code.is_(None),
    )


_UNLINKED: Final = ~select(links.c.contact).where(links.c.contact == jobs.c.contact).exists()


def was_there(tx: Tx, run: int | None, *, now: float) -> None:
    """Somebody of a run was asked for by a push and was in the CRM: is the list worth it after all?

    The pushes that were not begun wait for it again.
    """
    query = select(runs.c.existence).where(runs.c.id == run).with_for_update()
    kept = None if run is None else tx.execute(query).scalar_one_or_none()
    known = None if kept is None else Known.of(kept)
    if run is None or known is None or known.state is not State.STOPPED:
        return
    known = replace(known, refused=known.refused + 1)
    if known.refused % SURE == 0:
        due = and_(_not_begun(run, Kind.PUSH), jobs.c.due_at <= now, _UNLINKED)
        waiting = tx.execute(select(func.count()).where(due)).scalar_one()
        known = replace(known, each=max(known.people - known.found - waiting, known.refused))
        known = thinks_again(known)
        if known.state is State.WALKING:
            tx.execute(update(jobs).where(due).values(due_at=now + HOLD_S))
            changed = update(walk_table).where(walk_table.c.run == run)
            tx.execute(changed.values(phase=Phase.WALK.value))
            ledger.put(tx, [walks.load_sure(tx, run).wish()], now=now)
    _keep(tx, run, known)


# ---------------------------------------------------------------- one page


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of a list.

    Attributes:
        seen: what it shows.
        fields: those that it can show.
        caseless: fields of which it does not show the case that was typed.
    """

    seen: Seen = field(repr=False)
    fields: frozenset[str]
    caseless: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pair:
    """A contact of ours and the row that is it.

    Attributes:
        sure: the row tells all that a read would tell of what we have to say.
    """

    contact: int
    row: Listed = field(repr=False)
    sure: bool


def match(tx: Tx, location: str, rows: Sequence[Listed]) -> list[Pair]:
    """Who of us is on a page and is not linked; three queries.

    By the email, or by the phone where we know no email. Whoever has another email there than here
    is left to ``worker.linking``, which reads before it decides.
    """
    unlinked = _unlinked(tx, location, rows)
    taken = _taken(tx, location, [row.seen.remote_id for row in rows])
    policy = policies.of(tx, location)
    found: dict[int, Pair] = {}
    for row in rows:
        if row.seen.remote_id in taken:
            continue
        for name in IDENTITY:
            ours = unlinked[name].get(str(row.seen.values.get(name) or ""))
            if ours is None or (name == "phone" and ours.email):
                continue
            sure = _is_sure(ours.fields, row, policy)
            found.setdefault(int(ours.id), Pair(int(ours.id), row, sure))
            break
    return list(found.values())


def _unlinked(tx: Tx, location: str, rows: Sequence[Listed]) -> dict[str, dict[str, Any]]:
    """Ours by email and by phone."""
    values = {
        name: sorted({str(row.seen.values[name]) for row in rows if row.seen.values.get(name)})
        for name in IDENTITY
    }
    at_work = select(jobs.c.id).where(jobs.c.contact == contacts.c.id, jobs.c.state == "released")
    query = (
        select(contacts.c.id, contacts.c.email, contacts.c.phone, contacts.c.fields)
        .select_from(contacts.outerjoin(links, links.c.contact == contacts.c.id))
        .where(
            contacts.c.location == location,
            contacts.c.gone_at.is_(None),
            links.c.contact.is_(None),
            or_(*(contacts.c[name].in_(some) for name, some in values.items())),
            # A job that is out may be making it, or linking it.
            ~at_work.exists(),
        )
    )
    found = tx.execute(query).all()
    return {name: {getattr(one, name): one for one in found} for name in IDENTITY}


def _taken(tx: Tx, location: str, remote_ids: Sequence[str]) -> set[str]:
    query = select(links.c.remote_id).where(
        links.c.location == location, links.c.remote_id.in_(remote_ids)
    )
    return set(tx.execute(query).scalars())


def _is_sure(ours: Mapping[str, Value], row: Listed, policy: Policy) -> bool:
    """Whether the row shows each field that we have to say something of, and the tags."""
    if row.seen.tags is None:
        return False
    values, _ = row.seen.of(ours)
    for name, value in ours.items():
        rule = rule_of(policy, name, ours)
        if not (rule.sends or rule.takes):
            continue
        if name not in row.fields or name in row.caseless:
            return False
        theirs = values.get(name, "")
        if name in NAMES and theirs != value and str(theirs).lower() == str(value).lower():
            return False  # perhaps only the list spells it so
    return True


def link(tx: Tx, job: Job, walk: Walk, found: Sequence[Pair], *, now: float) -> list[Pair]:
    """Link those of whom enough is known, keep of the others whom to read, and let them go.

    Returns:
        those who are still not linked otherwise.
    """
    roster.lock(tx, walk.location)
    left = match(tx, walk.location, [one.row for one in found])
    for one in left:
        if not one.sure:
            continue
        met = meeting.meet(
            tx, job, one.contact, one.row.seen, now=now, why=f"list {walk.run}",
            row_shows=one.row.fields,
        )  # fmt: skip
        mine = replace(job, contact=one.contact)
        if not met.owes_push:
            ledger.served(tx, mine, Kind.PUSH, now=now)
        if not met.owes_tags:
            ledger.served(tx, mine, Kind.TAG, now=now)
        ledger.unpark_contact(tx, walk.location, one.contact, code="not-linked", now=now)
    _remember(tx, [one for one in left if not one.sure])
    if left:
        let_go(tx, walk.run, now=now, only=[one.contact for one in left])
    return left


def _remember(tx: Tx, unsure: Sequence[Pair]) -> None:
    if unsure:
        rows = [{"contact": one.contact, "remote_id": one.row.seen.remote_id} for one in unsure]
        statement = insert(tx, pairs)
        tx.execute(
            statement.on_conflict_do_update(
                index_elements=["contact"], set_={"remote_id": statement.excluded.remote_id}
            ),
            rows,
        )


# ---------------------------------------------------------------- what a push asks


def shown(tx: Tx, contact: int) -> str | None:
    """The CRM's id of a contact that is not linked, as a list showed it."""
    row = _SHOWN.first(tx, {"b_contact": contact})
    return None if row is None else str(row.remote_id)


_SHOWN: Final = Prepared(select(pairs.c.remote_id).where(pairs.c.contact == bindparam("b_contact")))


def settle(tx: Tx, contact: int) -> None:
    """It was read, or is not that one."""
    tx.execute(delete(pairs).where(pairs.c.contact == contact))


def is_absent(tx: Tx, location: str, contact: int, *, now: float) -> bool:
    """Whether a list that was read to its end lately would have shown the contact.

    It was here, with the email and phone that it has, before the list was begun.
    """
    query = (
        select(runs.c.existence, walk_table.c.begun_at)
        .select_from(walk_table.join(runs, runs.c.id == walk_table.c.run))
        .where(
            walk_table.c.location == location,
            walk_table.c.phase == Phase.DONE.value,
            walk_table.c.begun_at > now - FRESH_S,
            runs.c.kind == BACKFILL,
        )
        .order_by(walk_table.c.run.desc())
    )
    begun = [
        row.begun_at for row in tx.execute(query) if row.existence and Known.of(row.existence).whole
    ]
    if not begun:
        return False
    changed = select(func.max(contacts.c.changed_at)).where(contacts.c.id == contact)
    at = tx.execute(changed).scalar_one_or_none()
    return at is not None and at <= max(begun)
