"""The verbs of a job. Every move of a job between its states is in this file; those of several
jobs by one call are in ``ledger_together``.

    put ──► waiting ──release──► released ──claim──► (a worker has it) ──► done
              ▲                     │                     │
              ├──── withdraw ───────┤                     ├── later   nothing failed
              ├──── reclaim ────────┴─────────────────────┤── again   attempts + 1, backoff
              │                                           ├── step_back   last of its contact
              │   join: claimed with another one          │
              └──── unpark, put ────── parked ◄───────────┘── park    a person must look

* There is one resting job (waiting, parked or cancelled) for each kind, contact and subject; a
  new wish wakes it. While a job is held by a worker a new wish rests beside it; when the held one
  comes back, it takes the new wish over and keeps its place in line.
* The oldest open job of a contact goes first, and only one of a contact is out at once.
* ``release`` counts up with each release: whoever holds an older number holds nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from contacts import parcels
from contacts.jobs import Job, Kind, Lane, Ticket, Wish, lane_of, stored
from contacts.store import alike, turns
from contacts.store.database import Store, Tx
from contacts.store.matching import chunks
from contacts.store.prepared import Prepared
from contacts.store.tables import (
    OPEN,
    PARKED,
    RELEASED,
    RESTING,
    WAITING,
    contacts,
    jobs,
)

JOB: Final = tuple(jobs.c[field.name] for field in fields(Job))
"""The columns of a job as a worker knows it."""

LOST: Final = "worker-lost"
LOST_REASON: Final = "the worker that had it ended without an answer"


# ---------------------------------------------------------------- put


def put(tx: Tx, wishes: Sequence[Wish], *, now: float) -> int:
    """Write down what is owed. A resting job of the same key takes the wish in.

    The more urgent lane and the newer run win. A waiting job keeps its place, its attempts and its
    backoff; a parked or cancelled one starts anew. A live wish pulls the contact's other jobs into
    its lane, for they go first; also one that is out, for it may come back.

    Returns:
        how many wishes were written down.
    """
    if not wishes:
        return 0
    # In order of contacts: two writers that meet the same contacts do not lock crosswise.
    marks = alike.marks(tx, {wish.contact for wish in wishes if wish.kind is Kind.TAG})
    rows = sorted(
        (_row(wish, marks, now) for wish in wishes),
        key=lambda row: (row["location"], row["contact"]),
    )
    if tx.dialect.name == "postgresql":
        _put_arrays(tx, _united(rows))
    else:
        tx.execute(_waking(sqlite.insert(jobs)), rows)
    promoted = sorted({w.contact for w in wishes if w.lane is Lane.LIVE and w.contact})
    if promoted:
        tx.execute(
            update(jobs)
            .where(jobs.c.contact == bindparam("c"), text(OPEN), jobs.c.lane > 0)
            .values(lane=0),
            [{"c": contact} for contact in promoted],
        )
    return len(wishes)


def _row(wish: Wish, marks: Mapping[int, int], now: float) -> dict[str, Any]:
    return {
        "kind": wish.kind.value,
        "location": wish.location,
        "contact": wish.contact,
        "subject": wish.subject,
        "lane": stored(wish.kind, wish.lane),
        "alike": marks.get(wish.contact) if wish.kind is Kind.TAG else None,
        "run": wish.run,
        "state": "waiting",
        "put_at": now,
        "due_at": wish.due_at or now,
    }


def _put_arrays(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """One statement for all rows: twice as fast as one for each (PostgreSQL)."""
    columns = [jobs.c[name] for name in rows[0]]
    arrays = {column.name: [row[column.name] for row in rows] for column in columns}
    source = select(
        *(
            func.unnest(cast(bindparam(column.name), postgresql.ARRAY(column.type)))
            for column in columns
        )
    )
    insert = postgresql.insert(jobs).from_select([column.name for column in columns], source)
    tx.execute(_waking(insert), arrays)


def _united(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each key, as if one came after the other."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        first = found.setdefault(
            (row["kind"], row["location"], row["contact"], row["subject"]), row
        )
        if first is not row:
            first["lane"] = min(first["lane"], row["lane"])
            first["run"] = first["run"] if row["run"] is None else row["run"]
    return list(found.values())


def _waking(insert: Any) -> Any:
    """The insert, and what becomes of a resting job of the same key."""
    new = insert.excluded
    waits = jobs.c.state == "waiting"
    return insert.on_conflict_do_update(
        index_elements=["kind", "location", "contact", "subject"],
        index_where=text(RESTING),
        set_={
            "state": "waiting",
            "lane": case((and_(waits, jobs.c.lane < new.lane), jobs.c.lane), else_=new.lane),
            "run": func.coalesce(new.run, jobs.c.run),
            "alike": new.alike,
            "due_at": case((waits, jobs.c.due_at), else_=new.due_at),
            "attempts": case((waits, jobs.c.attempts), else_=0),
            "put_at": new.put_at,
        },
    )


# ---------------------------------------------------------------- a worker's verbs

# Built once: to build one and find it in SQLAlchemy's cache takes 0.4 ms, to run it 0.2.
_THIS: Final = and_(
    jobs.c.id == bindparam("ticket"),
    jobs.c.state == "released",
    jobs.c.release == bindparam("number"),
)
_CLAIM: Final = Prepared(
    update(jobs)
    .where(_THIS, jobs.c.kind == bindparam("what"), jobs.c.started_at.is_(None))
    .values(started_at=bindparam("now"), worker=bindparam("by"), lease_until=bindparam("until"))
    .returning(*JOB)
)
_DONE: Final = Prepared(
    update(jobs)
    .where(_THIS)
    .values(state="done", settled_at=bindparam("now"), lease_until=None, code=None, reason=None)
)


def claim(store: Store, ticket: Ticket, *, worker: str, lease_s: float) -> Job | None:
    """Take a released job. Of several deliveries of one release, one gets it.

    Args:
        worker: name of the process, for `rollbook status`.
        lease_s: seconds; after that it may be given to somebody else.

    Returns:
        the job, or None when the ticket is out of date.
    """
    now = store.clock()
    return store.commit(
        lambda tx: take(tx, ticket, worker=worker, lease_s=lease_s, now=now),
        is_urgent=ticket.lane is Lane.LIVE,
    )


def take(tx: Tx, ticket: Ticket, *, worker: str, lease_s: float, now: float) -> Job | None:
    """The same as :func:`claim`, within a transaction that also does something else."""
    values = {
        "ticket": ticket.job,
        "number": ticket.release,
        "what": ticket.kind,
        "now": now,
        "by": worker,
        "until": now + lease_s,
    }
    row = _CLAIM.first(tx, values)
    return None if row is None else job_of(row)


def job_of(row: Any) -> Job:
    """A row of :data:`JOB` as a worker knows it."""
    found = {column.name: getattr(row, column.name) for column in JOB}
    found |= {"kind": Kind(row.kind), "lane": lane_of(row.lane), "doubtful": bool(row.doubtful)}
    return Job(**found)


def done(tx: Tx, job: Job, *, now: float) -> bool:
    """The job is settled.

    Returns:
        False when it is no longer this worker's: then its effect must not be written either.
    """
    values = {"ticket": job.id, "number": job.release, "now": now}
    return _DONE.count(tx, values) == 1


def later(
    tx: Tx, job: Job, *, now: float, seconds: float, code: str, reason: str, doubtful: bool = False
) -> bool:
    """Nothing failed: wait for so many seconds; attempts stay as they are.

    Returns:
        False when the job is no longer this worker's.
    """
    return _return(
        tx,
        job,
        due_at=now + seconds,
        code=code,
        reason=reason,
        doubtful=doubtful or job.doubtful,
    )


def again(
    tx: Tx, job: Job, *, now: float, seconds: float, code: str, reason: str, doubtful: bool = False
) -> bool:
    """Failed for now: one attempt more, due after the backoff.

    Returns:
        False when the job is no longer this worker's.
    """
    return _return(
        tx,
        job,
        due_at=now + seconds,
        attempts=job.attempts + 1,
        code=code,
        reason=reason,
        doubtful=doubtful or job.doubtful,
    )


def held(tx: Tx, job: Job) -> bool:
    """Whether the job is still this worker's; until the end of the transaction it stays so."""
    query = select(jobs.c.id).where(_held(job)).with_for_update(of=jobs)
    return tx.execute(query).scalar_one_or_none() is not None


def step_back(
    tx: Tx, job: Job, *, now: float, seconds: float, code: str, reason: str, doubtful: bool = False
) -> bool:
    """The contact's other jobs go first: this one waits again as the last of its line.

    A line keeps its order by the ids of its jobs, so another row takes the place of this one; it
    keeps the attempts, one more of them, and whether the job is doubtful.

    Returns:
        False when the job is no longer this worker's.
    """
    over = {"settled_at": now, "run": None, "code": code, "reason": reason}
    if not _settle(tx, job, state="done", **over):
        return False
    # A wish that came in meanwhile is this job again; it would be first in the line.
    newer = _twins(tx, [job.id])
    tx.execute(delete(jobs).where(jobs.c.id.in_([row.twin for row in newer])))
    lane = min([stored(job.kind, job.lane), *(row.twin_lane for row in newer)])
    runs = [row.twin_run for row in newer if row.twin_run is not None]
    wish = Wish(
        job.kind, job.location, job.contact, job.subject, lane_of(lane), (runs or [job.run])[0]
    )
    put(tx, [wish], now=now)
    again = {
        "attempts": job.attempts + 1,
        "doubtful": doubtful or job.doubtful,
        "due_at": now + seconds,
        "code": code,
        "reason": reason,
    }
    tx.execute(
        update(jobs)
        .where(
            jobs.c.kind == job.kind.value,
            jobs.c.location == job.location,
            jobs.c.contact == job.contact,
            jobs.c.subject == job.subject,
            text(RESTING),
        )
        .values(**again)
    )
    return True


def park(tx: Tx, job: Job, *, now: float, code: str, reason: str, doubtful: bool = False) -> bool:
    """A person must look. If a new wish came in meanwhile, that one is tried instead.

    Args:
        doubtful: the last attempt may have taken effect; kept for the one that a person asks for.

    Returns:
        False when the job is no longer this worker's.
    """
    doubtful = doubtful or job.doubtful
    try:
        # A savepoint: on PostgreSQL the new wish may come in between the look and the write.
        with tx.begin_nested():
            if not _twins(tx, [job.id]):
                return _settle(
                    tx,
                    job,
                    state="parked",
                    settled_at=now,
                    attempts=job.attempts + 1,
                    code=code,
                    reason=reason,
                    doubtful=doubtful,
                )
    except IntegrityError:
        pass
    return _return(tx, job, due_at=now, attempts=0, code=code, reason=reason, doubtful=doubtful)


def _settle(tx: Tx, job: Job, **values: Any) -> bool:
    done = tx.execute(update(jobs).where(_held(job)).values(lease_until=None, **values))
    return done.rowcount == 1


def _return(tx: Tx, job: Job, **values: Any) -> bool:
    if not held(tx, job):
        return False
    rest(tx, [job.id], **values)
    return True


def _held(job: Job) -> ColumnElement[bool]:
    return and_(jobs.c.id == job.id, jobs.c.state == "released", jobs.c.release == job.release)


# ---------------------------------------------------------------- the dispatcher's verbs


def release(
    store: Store,
    *,
    room: int,
    limit: int,
    bulk_limit: int,
    lease_s: float,
    read_only: bool = False,
    gather: turns.Gather = turns.AT_ONCE,
) -> list[Ticket]:
    """Choose what may run now: live before bulk before sweep, fair over locations.

    Args:
        room: jobs of one location that may be out at once, in the live lane and in the other two
            each: a full bulk lane does not hold a live job up.
        limit: jobs of this round.
        bulk_limit: jobs of the bulk and sweep lanes that may be out at once, all locations
            together, so that a live job finds a free thread.
        lease_s: seconds in which a worker has to claim it.
        read_only: jobs that write to the CRM wait, and hold no other one up.
        gather: how long edits of one contact wait for more of them.
    """
    messages = release_packed(
        store,
        room=room,
        limit=limit,
        threads=bulk_limit,
        most=1,
        lease_s=lease_s,
        read_only=read_only,
        gather=gather,
    )
    return [ticket for (ticket,) in messages]


def release_packed(
    store: Store,
    *,
    room: int,
    limit: int,
    threads: int,
    lease_s: float,
    most: int = parcels.MOST,
    read_only: bool = False,
    gather: turns.Gather = turns.AT_ONCE,
) -> list[list[Ticket]]:
    """The same in messages: several jobs of one location in one, where threads are scarce.

    Args:
        limit: messages of this round.
        threads: messages of the bulk and sweep lanes that may be out at once: each keeps one busy.
        most: jobs in one message.
    """
    now = store.clock()
    try:
        with store.write() as tx:
            chosen = turns.choose(
                tx,
                now,
                room=room,
                limit=limit,
                threads=threads,
                most=most,
                read_only=read_only,
                gather=gather,
            )
            return _release(tx, chosen, now + lease_s) if chosen else []
    except IntegrityError:
        # Another dispatcher released a job of the same contact at this very moment. The index
        # forbade it; the next round sees what the other one did.
        return []


def _release(tx: Tx, messages: Sequence[Sequence[int]], lease_until: float) -> list[list[Ticket]]:
    chosen = [job for message in messages for job in message]
    found: dict[int, Ticket] = {}
    for part in chunks(chosen):
        values = {"chosen": part, "until": lease_until}
        found |= {row.id: _ticket(row) for row in _RELEASE.all(tx, values)}
    packed = [[found[job] for job in message if job in found] for message in messages]
    packed = [tickets for tickets in packed if tickets]
    more = [
        {"ticket": one.job, "first": tickets[0].job} for tickets in packed for one in tickets[1:]
    ]
    _TOGETHER.each(tx, more)
    return packed


_RELEASE: Final = Prepared(
    update(jobs)
    .where(jobs.c.id.in_(bindparam("chosen", expanding=True)), jobs.c.state == "waiting")
    .values(
        state="released",
        release=jobs.c.release + 1,
        message=jobs.c.id,
        lease_until=bindparam("until"),
        started_at=None,
        worker=None,
    )
    .returning(
        jobs.c.id,
        jobs.c.release,
        jobs.c.kind,
        jobs.c.location,
        jobs.c.contact,
        jobs.c.lane,
    )
)
_TOGETHER: Final = Prepared(
    update(jobs).where(jobs.c.id == bindparam("ticket")).values(message=bindparam("first"))
)


def _ticket(row: Row[Any]) -> Ticket:
    return Ticket(
        job=row.id,
        release=row.release,
        kind=Kind(row.kind),
        location=row.location,
        contact=row.contact,
        lane=lane_of(row.lane),
    )


def hasten(store: Store, code: str) -> int:
    """Let what waits for this reason be due now: it is so no longer.

    Returns:
        how many.
    """
    now = store.clock()
    waits = update(jobs).where(WAITING, jobs.c.code == code, jobs.c.due_at > now)
    with store.write() as tx:
        return int(tx.execute(waits.values(due_at=now)).rowcount)


def withdraw(store: Store, tickets: Iterable[Ticket]) -> int:
    """Take back released jobs whose message could not be sent.

    Returns:
        how many; those that a worker has claimed after all are left to it.
    """
    back = 0
    with store.write() as tx:
        for ticket in tickets:
            unclaimed = and_(
                jobs.c.id == ticket.job,
                jobs.c.state == "released",
                jobs.c.release == ticket.release,
                jobs.c.started_at.is_(None),
            )
            found = tx.execute(select(jobs.c.id).where(unclaimed).with_for_update(of=jobs)).all()
            back += rest(tx, [row.id for row in found])
    return back


def reclaim(store: Store, *, unstarted: bool = False, attempts_max: int | None = None) -> int:
    """Take back released jobs that nobody will bring back.

    A job that no worker had begun is as it was. One that was begun may have taken effect: it is
    doubtful, and the attempt counts.

    Args:
        unstarted: every job that no worker has claimed, whatever its lease: the belt is new and
            knows nothing of them. Otherwise those whose lease ran out.
        attempts_max: park a job that was lost in a worker's hands so often.

    Returns:
        how many.
    """
    now = store.clock()
    lost = and_(RELEASED, jobs.c.lease_until < now)
    if unstarted:
        lost = and_(RELEASED, jobs.c.started_at.is_(None))
    query = (
        select(*JOB, jobs.c.started_at)
        .where(lost)
        # By the index of what is out; by their ids SQLite would read all that were ever done.
        .order_by(jobs.c.lease_until)
        .with_for_update(of=jobs, skip_locked=True)
    )
    with store.write() as tx:
        rows = tx.execute(query).all()
        begun = [job_of(row) for row in rows if row.started_at is not None]
        spent = [j for j in begun if attempts_max is not None and j.attempts + 1 >= attempts_max]
        for ids in _apart([row for row in rows if row.started_at is None]):
            rest(tx, ids, due_at=now)
        for ids in _apart([job for job in begun if job not in spent]):
            rest(
                tx,
                ids,
                due_at=now,
                attempts=jobs.c.attempts + 1,
                code=LOST,
                reason=LOST_REASON,
                doubtful=True,
            )
        for job in spent:
            park(tx, job, now=now, code=LOST, reason=LOST_REASON, doubtful=True)
    return len(rows)


def _apart(held: Sequence[Any]) -> list[list[int]]:
    """Ids of held jobs, so that no list has two of one key: those of a location itself may be out
    twice, and each that comes back takes over the one that rests."""
    turns: list[list[int]] = []
    seen: Counter[tuple[Any, ...]] = Counter()
    for one in held:
        key = (one.kind, one.location, one.contact, one.subject)
        if seen[key] == len(turns):
            turns.append([])
        turns[seen[key]].append(one.id)
        seen[key] += 1
    return turns


# ---------------------------------------------------------------- a person's verbs


def cancel(
    store: Store,
    *,
    run: int | None = None,
    location: str | None = None,
    ids: Sequence[int] | None = None,
) -> int:
    """Begin none of these waiting jobs any more; what runs already goes on.

    Returns:
        how many.

    Raises:
        ValueError: none of run, location and ids was given.
    """
    which = [
        jobs.c.run == run if run is not None else None,
        jobs.c.location == location if location is not None else None,
        jobs.c.id.in_(ids) if ids is not None else None,
    ]
    conditions = [condition for condition in which if condition is not None]
    if not conditions:
        raise ValueError("cancel what?")
    with store.write() as tx:
        return _cancel(tx, conditions, store.clock())


def cancel_run(tx: Tx, run: int, *, now: float) -> int:
    """The same for a run that must not go on, in the transaction of why. What somebody has asked
    for meanwhile, and so is in the live lane, is theirs: it goes on without the run.

    Returns:
        how many.
    """
    asked = update(jobs).where(WAITING, jobs.c.run == run, jobs.c.lane == 0)
    tx.execute(asked.values(run=None))
    return _cancel(tx, [jobs.c.run == run], now)


def _cancel(tx: Tx, conditions: Sequence[ColumnElement[bool]], now: float) -> int:
    found = update(jobs).where(WAITING, *conditions).values(state="cancelled", settled_at=now)
    return int(tx.execute(found).rowcount)


def unpark(
    tx: Tx,
    *,
    now: float,
    ids: Sequence[int] | None = None,
    code: str | None = None,
    run: int | None = None,
    everything: bool = False,
) -> int:
    """Try parked jobs again, from their first attempt. Conditions given must all hold.

    Returns:
        how many.

    Raises:
        ValueError: no condition, and not everything.
    """
    which = [
        jobs.c.id.in_(ids) if ids is not None else None,
        jobs.c.code == code if code is not None else None,
        jobs.c.run == run if run is not None else None,
    ]
    conditions = [condition for condition in which if condition is not None]
    if not conditions and not everything:
        raise ValueError("unpark what?")
    found = tx.execute(update(jobs).where(PARKED, *conditions).values(due_at=now, **_UNPARK))
    return int(found.rowcount)


_UNPARK: Final = {"state": "waiting", "attempts": 0, "settled_at": None}

# All that the index ``jobs_key`` needs: each push asks this, and there may be a million jobs.
_UNPARK_CONTACT: Final = Prepared(
    update(jobs)
    .where(
        jobs.c.kind.in_([kind.value for kind in Kind]),
        jobs.c.location == bindparam("where"),
        jobs.c.contact == bindparam("whose"),
        text(RESTING),
        PARKED,
        jobs.c.code == bindparam("why"),
    )
    .values(due_at=bindparam("now"), **_UNPARK)
)


def unpark_contact(tx: Tx, location: str, contact: int, *, code: str, now: float) -> int:
    """Try the parked jobs of one contact again that were parked for that reason.

    Returns:
        how many.
    """
    values = {"where": location, "whose": contact, "why": code, "now": now}
    return _UNPARK_CONTACT.count(tx, values)


# As above: by the index ``jobs_key``.
_SERVED: Final = Prepared(
    update(jobs)
    .where(
        jobs.c.kind == bindparam("what"),
        jobs.c.location == bindparam("where"),
        jobs.c.contact == bindparam("whose"),
        text(RESTING),
        jobs.c.state == "waiting",
    )
    .values(state="done", settled_at=bindparam("now"), code=None, reason=None)
)


def served(tx: Tx, job: Job, kind: Kind, *, now: float) -> int:
    """What waits of that kind for the job's contact was done by this job's own call.

    The caller holds ``roster.lock`` and has seen that nothing is owed: whoever wants more of the
    contact waits for the lock, and puts a new job.

    Returns:
        how many jobs are settled with it.
    """
    values = {"where": job.location, "whose": job.contact, "what": kind, "now": now}
    return _SERVED.count(tx, values)


def drop(tx: Tx, contact: int) -> int:
    """Forget the resting jobs of a contact of the roster: nothing is owed to it any more.

    Returns:
        how many.
    """
    whose = select(contacts.c.location).where(contacts.c.id == contact).scalar_subquery()
    resting = delete(jobs).where(
        jobs.c.kind.in_([kind.value for kind in Kind]),
        jobs.c.location == whose,
        jobs.c.contact == contact,
        text(RESTING),
    )
    return int(tx.execute(resting).rowcount)


def prune(store: Store, *, older_than_s: float) -> int:
    """Forget jobs that were done long ago.

    Parked and cancelled ones stay: there is one for each contact at most, and forgetting it would
    make the nightly check put it again.

    Returns:
        how many.
    """
    with store.write() as tx:
        found = tx.execute(
            delete(jobs).where(
                jobs.c.state == "done", jobs.c.settled_at < store.clock() - older_than_s
            )
        )
    return int(found.rowcount)


# ---------------------------------------------------------------- coming back to rest


def rest(tx: Tx, ids: Sequence[int], **values: Any) -> int:
    """Let held jobs wait again. Each takes over the wish that came in meanwhile, if any.

    On PostgreSQL a wish may come in between looking and writing; the index refuses that, and we
    look again. Three times: each needs another writer of the same contact within a millisecond.
    """
    if not ids:
        return 0
    for turn in range(3):
        try:
            with tx.begin_nested():
                return _rest_once(tx, ids, values)
        except IntegrityError:
            if turn == 2:
                raise
    raise AssertionError


def _rest_once(tx: Tx, ids: Sequence[int], values: dict[str, Any]) -> int:
    twins = _twins(tx, ids)
    if twins:
        tx.execute(delete(jobs).where(jobs.c.id.in_([row.twin for row in twins])))
    back = 0
    for part in chunks(ids):
        found = tx.execute(
            update(jobs)
            .where(jobs.c.id.in_(part))
            .values(state="waiting", lease_until=None, started_at=None, worker=None, **values)
        )
        back += found.rowcount
    for row in twins:
        tx.execute(
            update(jobs)
            .where(jobs.c.id == row.id)
            .values(
                lane=min(row.lane, row.twin_lane),
                alike=row.twin_alike,
                run=row.twin_run if row.twin_run is not None else row.run,
            )
        )
    return back


def _twins(tx: Tx, ids: Sequence[int]) -> list[Any]:
    """Resting jobs of the same key as these: what was wished while they were held."""
    twin = jobs.alias("twin")
    found: list[Any] = []
    for part in chunks(ids):
        query = select(
            jobs.c.id,
            jobs.c.lane,
            jobs.c.run,
            twin.c.id.label("twin"),
            twin.c.lane.label("twin_lane"),
            twin.c.run.label("twin_run"),
            twin.c.alike.label("twin_alike"),
        ).where(
            jobs.c.id.in_(part),
            twin.c.id != jobs.c.id,
            twin.c.kind == jobs.c.kind,
            twin.c.location == jobs.c.location,
            twin.c.contact == jobs.c.contact,
            twin.c.subject == jobs.c.subject,
            text("twin.state IN ('waiting', 'parked', 'cancelled')"),
        )
        found += tx.execute(query).all()
    return found
