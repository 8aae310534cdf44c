"""Every call to the CRM: when, where, what, how it ended. No personal data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, or_, select

from contacts.jobs import Kind
from contacts.store.database import Store, Tx
from contacts.store.matching import chunks
from contacts.store.prepared import Prepared
from contacts.store.tables import calls, contacts, jobs, links, past_links, remotes, shared_calls
from contacts.tempo import DAY_S


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        at: when the answer came, seconds since the epoch.
        status: HTTP status; 0 when no answer was seen.
        ms: milliseconds from sending to the answer.
        trace: the CRM's trace id, for its support.
        worker: the process that made it, ``role@host:pid``; None: not kept then.
        contacts: for how many it was made; it is one call all the same.
    """

    at: float
    location: str
    operation: str
    status: int
    ms: float
    job: int | None
    run: int | None
    trace: str | None
    worker: str | None = None
    contacts: int = 1


def record(tx: Tx, trail: Sequence[Call], *, shared: Collection[int] = ()) -> None:
    """Keep the calls of one job.

    Args:
        shared: other jobs for which they were made too.
    """
    rows = [{name: getattr(call, name) for name in _COLUMNS} for call in trail]
    if rows and shared:
        made = tx.execute(_RECORD.statement.returning(calls.c.id), rows).scalars().all()
        pairs = [{"job": job, "call": call} for call in made for job in shared]
        tx.execute(shared_calls.insert(), pairs)
    else:
        _RECORD.each(tx, rows)


_RECORD: Final = Prepared(calls.insert())
_COLUMNS: Final = tuple(field.name for field in fields(Call) if field.name in calls.c)


def made_for(tx: Tx, ids: Collection[int]) -> dict[int, list[Call]]:
    """The calls that were made for these jobs, by job: its own, and those of others that took it
    along. Not in order."""
    found: dict[int, list[tuple[int, Call]]] = {}
    for part in chunks(sorted(ids)):
        for statement in (_OWN, _ALONG):
            for row in tx.execute(statement, {"b_ids": part}):
                call = Call(*(getattr(row, name) for name in _COLUMNS))
                found.setdefault(row.for_job, []).append((row.id, call))
    many = [id for some in found.values() for id, call in some if call.operation == MANY]
    counts: dict[int, int] = {}
    for part in chunks(sorted(set(many))):
        counts |= {row.call: row.others for row in tx.execute(_OTHERS, {"b_ids": part})}
    return {
        job: [replace(call, contacts=1 + counts.get(id, 0)) for id, call in some]
        for job, some in found.items()
    }


MANY: Final = "contacts.bulk.tags"
"""The operation that is made for several jobs at once."""

_IDS: Final[Any] = bindparam("b_ids", expanding=True)
_SHOWN: Final = (calls.c.id, *(calls.c[name] for name in _COLUMNS))
# Not put in order here: PostgreSQL would rather read all calls by their ids than sort fifty.
_OWN: Final = select(*_SHOWN, calls.c.job.label("for_job")).where(calls.c.job.in_(_IDS))
_ALONG: Final = (
    select(*_SHOWN, shared_calls.c.job.label("for_job"))
    .select_from(shared_calls.join(calls, calls.c.id == shared_calls.c.call))
    .where(shared_calls.c.job.in_(_IDS))
)
_OTHERS: Final = (
    select(shared_calls.c.call, func.count().label("others"))
    .where(shared_calls.c.call.in_(_IDS))
    .group_by(shared_calls.c.call)
)
STATEMENTS: Final = {"own calls": _OWN, "calls of others": _ALONG, "for how many": _OTHERS}
"""What :func:`made_for` asks: for the test that no table is read as a whole."""


def prune(store: Store, *, older_than_s: float) -> int:
    """Forget old calls.

    Returns:
        how many.
    """
    gone = store.prune(calls.c.at, older_than_s)
    if gone:
        kept = select(func.coalesce(func.min(calls.c.id), 2**62)).scalar_subquery()
        with store.write() as tx:
            tx.execute(delete(shared_calls).where(shared_calls.c.call < kept))
    return gone


def rate(store: Store, *, location: str | None = None, seconds: float = 10.0) -> float:
    """Calls a second over the last seconds."""
    query = select(func.count()).where(calls.c.at > store.clock() - seconds)
    if location is not None:
        query = query.where(calls.c.location == location)
    with store.read() as tx:
        return int(tx.execute(query).scalar_one()) / seconds


def mean_ms(store: Store, location: str, *, seconds: float = DAY_S) -> float | None:
    """The mean time to an answer of a location's calls lately, milliseconds; None: none was made,
    or none was answered."""
    query = select(func.avg(calls.c.ms)).where(
        calls.c.at > store.clock() - seconds, calls.c.location == location, calls.c.status != 0
    )
    with store.read() as tx:
        found = tx.execute(query).scalar_one()
    return None if found is None else float(found)


STILL_S: Final = 2.0
"""So long a run may be silent before its pace falls: answers are late now and then."""


def pace(store: Store, run: int, *, seconds: float) -> float:
    """Calls a second of a run over the last seconds, between its first call then and its last.

    Not by the whole time: how long it took to begin says nothing of how fast it is. 0: fewer than
    two calls.
    """
    now = store.clock()
    query = select(func.count(), func.min(calls.c.at), func.max(calls.c.at)).where(
        calls.c.run == run, calls.c.at > now - seconds
    )
    with store.read() as tx:
        number, first, last = tx.execute(query).one()
    if number < 2:
        return 0.0
    took = max(last, now - STILL_S) - first
    return (int(number) - 1) / took if took > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Tally:
    """How one operation went.

    Attributes:
        mean_ms: mean time to an answer, milliseconds.
        statuses: calls by HTTP status.
    """

    operation: str
    calls: int
    mean_ms: float
    statuses: dict[int, int]


def by_operation(
    store: Store, *, run: int | None = None, location: str | None = None
) -> list[Tally]:
    """The calls of a run or location, by operation."""
    query: Select[Any] = select(
        calls.c.operation, calls.c.status, func.count(), func.sum(calls.c.ms)
    ).group_by(calls.c.operation, calls.c.status)
    if run is not None:
        query = query.where(calls.c.run == run)
    if location is not None:
        query = query.where(calls.c.location == location)
    found: dict[str, list[tuple[int, int, float]]] = {}
    with store.read() as tx:
        for operation, status, count, total in tx.execute(query):
            found.setdefault(operation, []).append((status, count, total))
    return [
        Tally(
            operation=operation,
            calls=sum(count for _, count, _ in rows),
            mean_ms=sum(total for _, _, total in rows) / sum(count for _, count, _ in rows),
            statuses={status: count for status, count, _ in sorted(rows)},
        )
        for operation, rows in sorted(found.items())
    ]


def recent(store: Store, *, job: int | None = None, limit: int = 20) -> list[Call]:
    """The newest calls, newest first."""
    query = select(calls).order_by(calls.c.at.desc(), calls.c.id.desc()).limit(limit)
    if job is not None:
        query = query.where(calls.c.job == job)
    with store.read() as tx:
        rows = [dict(row._mapping) for row in tx.execute(query)]
    return [Call(**{k: v for k, v in row.items() if k != "id"}) for row in rows]


# ---------------------------------------------------------------- who called what


@dataclass(frozen=True, slots=True)
class Access:
    """One call, with the process and the job that made it.

    Attributes:
        contacts: for how many it was made.
        kind, contact: of the job; None: the job is not kept any more, or there was none. Contact 0:
            the location itself, or somebody whom only the CRM's id named then.
    """

    at: float
    location: str
    operation: str
    status: int
    ms: float
    worker: str | None
    job: int | None
    kind: str | None
    contact: int | None
    run: int | None
    trace: str | None
    contacts: int = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls are asked for; None: any.

    Attributes:
        since: seconds since the epoch.
        operation: its name, or the first words of it: ``contact.note``.
        failed: only those that were not answered with success.
    """

    location: str | None = None
    since: float | None = None
    operation: str | None = None
    contact: int | None = None
    failed: bool = False


def accesses(store: Store, wanted: Wanted, limit: int) -> list[Access]:
    """The newest calls that are asked for, newest first."""
    query = (
        select(*_ACCESS)
        .select_from(calls.outerjoin(jobs, jobs.c.id == calls.c.job))
        .where(*_conditions(wanted))
        .order_by(calls.c.at.desc(), calls.c.id.desc())
        .limit(limit)
    )
    with store.read() as tx:
        return [Access(**row._mapping) for row in tx.execute(query)]


_OF_JOBS: Final = ("kind", "contact")
_ACCESS: Final = (
    *(
        jobs.c[one.name] if one.name in _OF_JOBS else calls.c[one.name]
        for one in fields(Access)
        if one.name != "contacts"
    ),
    (
        1
        + select(func.count())
        .where(shared_calls.c.call == calls.c.id)
        .correlate(calls)
        .scalar_subquery()
    ).label("contacts"),
)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.location is not None:
        found.append(calls.c.location == wanted.location)
    if wanted.since is not None:
        found.append(calls.c.at >= wanted.since)
    if wanted.operation is not None:
        deeper = calls.c.operation.startswith(f"{wanted.operation}.", autoescape=True)
        found.append(or_(calls.c.operation == wanted.operation, deeper))
    if wanted.failed:
        found.append(~calls.c.status.between(200, 299))
    if wanted.contact is not None:
        found.append(_about(wanted.contact))
    return found


_BY_REMOTE: Final = (Kind.PULL.value, Kind.NOTES.value, Kind.TASKS.value)
"""Jobs that a webhook asked for know a contact by the CRM's id of it."""


def _about(contact: int) -> ColumnElement[bool]:
    """Calls for one contact: of its jobs, by our id of it or by the CRM's, or those of another
    one's job that took it along."""
    mine = select(jobs.c.id).where(jobs.c.contact == contact)
    along = select(shared_calls.c.call).where(shared_calls.c.job.in_(mine))
    ids = select(links.c.remote_id).where(links.c.contact == contact)
    past = select(past_links.c.remote_id).where(past_links.c.contact == contact)
    here = select(contacts.c.location).where(contacts.c.id == contact).scalar_subquery()
    rows = select(remotes.c.id).where(
        remotes.c.location == here, remotes.c.remote_id.in_(ids.union(past))
    )
    return or_(
        jobs.c.contact == contact,
        calls.c.id.in_(along),
        and_(jobs.c.kind.in_(_BY_REMOTE), jobs.c.subject.in_(rows)),
        and_(jobs.c.kind == Kind.DOUBT.value, jobs.c.subject == contact),
    )
