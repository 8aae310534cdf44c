"""Who is alive: each process writes its pulse, `rollbook status` and the dispatcher read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select, update

from contacts.store.database import Store, Tx
from contacts.store.tables import processes

ALIVE_S: Final = 20.0
"""A process that was silent for this long is taken for dead: four missed pulses of 5 s."""


@dataclass(frozen=True, slots=True)
class Process:
    """One living process.

    Attributes:
        name: ``role@host:pid``.
        kind: worker, dispatcher or beat.
        slots: jobs that it can hold at once; 0 if it holds none.
        started_at, seen_at: seconds since the epoch.
    """

    name: str
    kind: str
    slots: int
    started_at: float
    seen_at: float


def beat(store: Store, name: str, kind: str, slots: int) -> None:
    """Write down that a process is alive."""
    now = store.clock()
    with store.write() as tx:
        found = tx.execute(
            update(processes).where(processes.c.name == name).values(seen_at=now, slots=slots)
        )
        if not found.rowcount:
            tx.execute(
                processes.insert().values(
                    name=name, kind=kind, slots=slots, started_at=now, seen_at=now
                )
            )
            _forget_dead(tx, now)


def gone(store: Store, name: str) -> None:
    """Take a process that ends off the list."""
    with store.write() as tx:
        tx.execute(delete(processes).where(processes.c.name == name))


def slots(store: Store, kind: str) -> int:
    """How many jobs the living processes of that kind can hold at once."""
    query = select(func.coalesce(func.sum(processes.c.slots), 0)).where(
        processes.c.kind == kind, processes.c.seen_at >= store.clock() - ALIVE_S
    )
    with store.read() as tx:
        return int(tx.execute(query).scalar_one())


def living(store: Store) -> list[Process]:
    """Every living process, by kind and name."""
    query = (
        select(processes)
        .where(processes.c.seen_at >= store.clock() - ALIVE_S)
        .order_by(processes.c.kind, processes.c.name)
    )
    with store.read() as tx:
        return [Process(**row._mapping) for row in tx.execute(query)]


def _forget_dead(tx: Tx, now: float) -> None:
    tx.execute(delete(processes).where(processes.c.seen_at < now - 3600))
