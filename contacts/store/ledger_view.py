"""The questions people ask of the ledger. Nothing here moves a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, select, text

from contacts.jobs import WRITING, Kind
from contacts.store.database import Store
from contacts.store.tables import OPEN_ALIKE, WAITING, jobs, links


@dataclass(frozen=True, slots=True)
class Parked:
    """A job that waits for a person.

    Attributes:
        code: short and stable; `rollbook parked retry --reason CODE`.
        reason: a sentence, no personal data.
        parked_at: seconds since the epoch.
        attempts: how often it was tried.
    """

    job: int
    kind: str
    location: str
    contact: int
    code: str
    reason: str
    parked_at: float
    attempts: int
    run: int | None


def parked(
    store: Store,
    *,
    code: str | None = None,
    location: str | None = None,
    run: int | None = None,
    kind: Kind | None = None,
    limit: int = 100,
) -> list[Parked]:
    """Parked jobs, oldest first."""
    query = (
        select(
            jobs.c.id.label("job"),
            jobs.c.kind,
            jobs.c.location,
            jobs.c.contact,
            jobs.c.code,
            jobs.c.reason,
            jobs.c.settled_at.label("parked_at"),
            jobs.c.attempts,
            jobs.c.run,
        )
        .where(jobs.c.state == "parked")
        .order_by(jobs.c.settled_at, jobs.c.id)
        .limit(limit)
    )
    if code is not None:
        query = query.where(jobs.c.code == code)
    if location is not None:
        query = query.where(jobs.c.location == location)
    if run is not None:
        query = query.where(jobs.c.run == run)
    if kind is not None:
        query = query.where(jobs.c.kind == kind.value)
    with store.read() as tx:
        return [Parked(**row._mapping) for row in tx.execute(query)]


def parked_reasons(store: Store, *, run: int | None = None) -> list[tuple[str, int, str]]:
    """Why jobs are parked: (code, how many, one of the sentences), most frequent first."""
    query = (
        select(jobs.c.code, func.count().label("n"), func.min(jobs.c.reason))
        .where(jobs.c.state == "parked")
        .group_by(jobs.c.code)
        .order_by(func.count().desc(), jobs.c.code)
    )
    if run is not None:
        query = query.where(jobs.c.run == run)
    with store.read() as tx:
        return [(code, n, reason) for code, n, reason in tx.execute(query)]


def writing(store: Store, *, run: int | None = None) -> int:
    """Waiting jobs that write to the CRM, and so wait for the end of the read-only mode."""
    query = select(func.count()).where(WAITING, jobs.c.kind.in_([kind.value for kind in WRITING]))
    if run is not None:
        query = query.where(jobs.c.run == run)
    with store.read() as tx:
        return int(tx.execute(query).scalar_one())


@dataclass(frozen=True, slots=True)
class Counts:
    """Jobs by state; ``retried`` is the number of failed attempts of all of them."""

    waiting: int = 0
    released: int = 0
    done: int = 0
    parked: int = 0
    cancelled: int = 0
    retried: int = 0

    @property
    def open(self) -> int:
        """Jobs that are not settled yet."""
        return self.waiting + self.released

    @property
    def total(self) -> int:
        """All jobs."""
        return self.open + self.done + self.parked + self.cancelled


def counts(store: Store, *, run: int | None = None, location: str | None = None) -> Counts:
    """Jobs by state, of a run, of a location or of all."""
    query: Select[Any] = select(
        jobs.c.state, func.count(), func.coalesce(func.sum(jobs.c.attempts), 0)
    ).group_by(jobs.c.state)
    if run is not None:
        query = query.where(jobs.c.run == run)
    if location is not None:
        query = query.where(jobs.c.location == location)
    with store.read() as tx:
        rows = tx.execute(query).all()
    states = {state: int(n) for state, n, _ in rows}
    return Counts(**states, retried=sum(int(attempts) for _, _, attempts in rows))


@dataclass(frozen=True, slots=True)
class OfKind:
    """Jobs of one kind.

    Attributes:
        linked: those whose contact is linked to one of the CRM.
        open, done: how many.
    """

    kind: str
    linked: bool
    open: int
    done: int


def by_kind(store: Store, run: int) -> list[OfKind]:
    """The jobs of a run by kind, and whether their contact is in the CRM."""
    linked = links.c.contact.is_not(None)
    is_open = jobs.c.state.in_(("waiting", "released"))
    query = (
        select(
            jobs.c.kind,
            linked.label("linked"),
            func.sum(case((is_open, 1), else_=0)),
            func.sum(case((jobs.c.state == "done", 1), else_=0)),
        )
        .select_from(jobs.outerjoin(links, links.c.contact == jobs.c.contact))
        .where(jobs.c.run == run)
        .group_by(jobs.c.kind, linked)
        .order_by(jobs.c.kind, linked)
    )
    with store.read() as tx:
        return [
            OfKind(kind, bool(there), int(n), int(m)) for kind, there, n, m in tx.execute(query)
        ]


def alike(store: Store, run: int) -> list[int]:
    """Of a run's open changes of tags of contacts that are in the CRM: how many say the same, for
    each that is said."""
    query = (
        select(func.count())
        .select_from(jobs.join(links, links.c.contact == jobs.c.contact))
        .where(jobs.c.run == run, jobs.c.kind == Kind.TAG.value, text(f"jobs.{OPEN_ALIKE}"))
        .group_by(jobs.c.alike)
        .order_by(jobs.c.alike)
    )
    with store.read() as tx:
        return [int(number) for number in tx.execute(query).scalars()]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What one location has before it.

    Attributes:
        live, bulk, sweep: waiting jobs by lane.
        oldest_at: when the oldest due one was put, seconds since the epoch; None if none is due.
    """

    location: str
    live: int
    bulk: int
    sweep: int
    released: int
    parked: int
    oldest_at: float | None


def waiting_by_location(store: Store) -> list[Backlog]:
    """Every location with an open or parked job."""

    def tally(*conditions: Any) -> Any:
        return func.sum(case((and_(*conditions), 1), else_=0))

    waits = jobs.c.state == "waiting"
    due = and_(waits, jobs.c.due_at <= store.clock())
    query = (
        select(
            jobs.c.location,
            tally(waits, jobs.c.lane == 0).label("live"),
            tally(waits, jobs.c.lane == 1).label("bulk"),
            tally(waits, jobs.c.lane >= 2).label("sweep"),
            tally(jobs.c.state == "released").label("released"),
            tally(jobs.c.state == "parked").label("parked"),
            func.min(case((due, jobs.c.put_at))).label("oldest_at"),
        )
        .where(jobs.c.state.in_(("waiting", "released", "parked")))
        .group_by(jobs.c.location)
        .order_by(jobs.c.location)
    )
    with store.read() as tx:
        return [Backlog(**row._mapping) for row in tx.execute(query)]


@dataclass(frozen=True, slots=True)
class Held:
    """A job that a worker has now.

    Attributes:
        since: when the worker took it, seconds since the epoch.
        reason: why the attempt before failed, if there was one.
    """

    job: int
    kind: str
    location: str
    contact: int
    worker: str
    since: float
    attempts: int
    reason: str | None


def held(store: Store, *, limit: int = 100) -> list[Held]:
    """Jobs in a worker's hands, the longest held first."""
    query = (
        select(
            jobs.c.id.label("job"),
            jobs.c.kind,
            jobs.c.location,
            jobs.c.contact,
            jobs.c.worker,
            jobs.c.started_at.label("since"),
            jobs.c.attempts,
            jobs.c.reason,
        )
        .where(jobs.c.state == "released", jobs.c.started_at.is_not(None))
        .order_by(jobs.c.started_at)
        .limit(limit)
    )
    with store.read() as tx:
        return [Held(**row._mapping) for row in tx.execute(query)]


def unsettled(kind: Kind, contact: Any, subject: Any) -> Any:
    """A condition: there is a job of that kind which is not done.

    A parked or cancelled one counts: a person has said, or has to say, what is next.

    Args:
        contact, subject: columns, or values.
    """
    return exists().where(
        jobs.c.contact == contact,
        jobs.c.kind == kind.value,
        jobs.c.subject == subject,
        jobs.c.state != "done",
    )
