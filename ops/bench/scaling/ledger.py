"""The ledger's verbs with many jobs and many locations: how their time grows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Final

from sqlalchemy import text

from contacts.jobs import Job, Kind, Wish
from contacts.store import ledger
from contacts.store.database import Store

ROOM: Final = 20
THREADS: Final = 16

ROUNDS: Final = 5

PUT: Final = 500


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds; the median of some rounds.

    Attributes:
        jobs, locations: how many wait, spread evenly.
        put: of 500 new jobs in one transaction.
        first: a round that hands a first batch to an empty belt.
        round: a round that tops up what 16 threads have done since.
        claim, done: of one job.
    """

    jobs: int
    locations: int
    put: float
    first: float
    round: float
    claim: float
    done: float


def measure(store: Store, jobs: int, locations: int) -> Times:
    """Fill the empty ledger, and time each verb."""
    seed(store, jobs, locations)
    several = range(1, ROUNDS + 1)
    puts = [_ms(partial(_put, store, jobs + n * PUT, locations)) for n in several]
    first = _ms(partial(_release, store, 5 * THREADS))
    rounds = [_ms(partial(_release, store, (5 + n) * THREADS)) for n in several]
    claims, dones = _work(store)
    return Times(
        jobs, locations, median(puts), first, median(rounds), median(claims), median(dones)
    )


def seed(store: Store, jobs: int, locations: int) -> None:
    """So many waiting jobs, the next one always of the next location."""
    is_sqlite = store.engine.dialect.name == "sqlite"
    place = "printf('loc_%05d', n % :locations)" if is_sqlite else _PLACE
    numbers = _COUNT if is_sqlite else "SELECT generate_series(1, :jobs) AS n"
    with store.write() as tx:
        tx.execute(text("DELETE FROM jobs"))
        tx.execute(
            text(
                "INSERT INTO jobs (kind, location, contact, subject, lane, state, put_at, due_at) "
                f"SELECT :kind, {place}, n, 0, 1, 'waiting', 0, 0 FROM ({numbers}) AS numbers"
            ),
            {"jobs": jobs, "locations": locations, "kind": Kind.PUSH.value},
        )
    with store.write() as tx:
        tx.execute(text("ANALYZE jobs"))


_PLACE: Final = "'loc_' || lpad((n % :locations)::text, 5, '0')"
_COUNT: Final = (
    "WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < :jobs) "
    "SELECT n FROM count"
)


def _put(store: Store, first: int, locations: int) -> None:
    wishes = [Wish(Kind.PUSH, f"loc_{n % locations:05}", n + 1) for n in range(first, first + PUT)]
    with store.write() as tx:
        ledger.put(tx, wishes, now=store.clock())


def _release(store: Store, out: int) -> None:
    """A round; so many jobs may be out after it."""
    ledger.release(store, room=ROOM, limit=500, bulk_limit=out, lease_s=3600)


def _work(store: Store) -> tuple[list[float], list[float]]:
    tickets = ledger.release(
        store, room=ROOM, limit=40, bulk_limit=(5 + ROUNDS) * THREADS + 40, lease_s=3600
    )
    claims, dones = [], []
    for ticket in tickets:
        began = time.perf_counter()
        job = ledger.claim(store, ticket, worker="bench", lease_s=60)
        claims.append((time.perf_counter() - began) * 1000)
        assert job is not None

        def settle(job: Job = job) -> None:
            with store.write() as tx:
                ledger.done(tx, job, now=store.clock())

        dones.append(_ms(settle))
    return claims, dones


def _ms(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return (time.perf_counter() - began) * 1000
