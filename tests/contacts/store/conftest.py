"""The verbs of the ledger in short."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from contacts.jobs import Job, Kind, Ticket, Wish
from contacts.store import ledger
from contacts.store.database import Store
from contacts.store.tables import jobs

HERE = "loc_1"


def wish(contact: int = 1, kind: Kind = Kind.PUSH, **more: Any) -> Wish:
    return Wish(kind, more.pop("location", HERE), contact, **more)


def put(store: Store, *wishes: Wish) -> None:
    with store.write() as tx:
        assert ledger.put(tx, wishes, now=store.clock()) == len(wishes)


def release(
    store: Store, *, room: int = 10, limit: int = 100, bulk_limit: int = 100
) -> list[Ticket]:
    return ledger.release(store, room=room, limit=limit, bulk_limit=bulk_limit, lease_s=30)


def claim(store: Store, ticket: Ticket) -> Job:
    job = ledger.claim(store, ticket, worker="worker-1", lease_s=60)
    assert job is not None
    return job


def take(store: Store) -> Job:
    """Release and claim the only job that is due."""
    (ticket,) = release(store)
    return claim(store, ticket)


def done(store: Store, job: Job) -> bool:
    with store.write() as tx:
        return ledger.done(tx, job, now=store.clock())


def again(store: Store, job: Job, seconds: float = 5, **more: Any) -> bool:
    with store.write() as tx:
        return ledger.again(
            tx,
            job,
            now=store.clock(),
            seconds=seconds,
            code="crm-unavailable",
            reason="503",
            **more,
        )


def park(store: Store, job: Job) -> bool:
    with store.write() as tx:
        return ledger.park(tx, job, now=store.clock(), code="crm-refused", reason="field phone")


def rows(store: Store) -> list[Any]:
    with store.read() as tx:
        return list(tx.execute(select(jobs).order_by(jobs.c.id)).all())
