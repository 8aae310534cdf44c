"""How soon a live job is on its way while many bulk jobs wait before it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from contacts.jobs import Kind, Lane
from contacts.store.database import Store
from contacts.store.tables import calls, jobs
from ops.bench.figures import Sample
from ops.bench.putting import people, put
from ops.bench.watching import Watcher
from ops.bench.world import Broken, Crm, Up
from producers.bell import Bell

MEAN_GAP_S: Final = 1.0
"""Live jobs come at random, one a second: a tenth of what the CRM allows."""

PATIENCE_S: Final = 60.0
"""How long the last live jobs may take; far above any bound."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Live:
    """What was seen.

    Attributes:
        delays_ms: for each live job, from just before its transaction began until its request
            left, by the audit of calls.
        waiting: bulk jobs that still waited at the end.
        put_s: seconds in which the bulk jobs were put, with their contacts.
    """

    delays_ms: list[float]
    waiting: int
    put_s: float
    samples: list[Sample]
    report: dict[str, Any]


def run(up: Up, crm: Crm, *, waiting: int, live: int, tell: Tell) -> Live:
    """Put so many bulk jobs, then so many live ones, one at a time at random moments.

    Raises:
        Broken: a live job was not sent within a minute.
    """
    tell(f"putting {waiting:,} bulk jobs")
    began = time.monotonic()
    for batch in people(waiting, "waiting"):
        put(up.store, crm.location, batch, Lane.BULK, (Kind.PUSH,))
    put_s = time.monotonic() - began
    bell = Bell(up.redis_url)
    rng = random.Random(1)
    put_at: dict[int, float] = {}
    with Watcher(crm.accepted, [up.pid]) as watcher:
        for number, person in enumerate(people(live, "live", batch=1, tagged=False)):
            time.sleep(rng.expovariate(1 / MEAN_GAP_S))
            tell(f"live job {number + 1} of {live}")
            at = time.time()
            (contact,) = put(up.store, crm.location, person, Lane.LIVE, (Kind.PUSH,))
            bell.ring()
            put_at[contact] = at
        sent = sent_at(up.store, set(put_at))
    bell.close()
    delays = [(sent[contact] - at) * 1000 for contact, at in put_at.items()]
    return Live(delays, _waiting(up.store), put_s, watcher.samples, crm.report())


def sent_at(store: Store, contacts: set[int]) -> dict[int, float]:
    """When the first call of each contact left, seconds since the epoch, by contact.

    The audit is written with the outcome, so it is there a little after the answer.

    Raises:
        Broken: one was not sent within a minute.
    """
    query = (
        select(jobs.c.contact, func.min(calls.c.at).label("at"))
        .join_from(calls, jobs, calls.c.job == jobs.c.id)
        .where(jobs.c.contact.in_(contacts))
        .group_by(jobs.c.contact)
    )
    give_up = time.monotonic() + PATIENCE_S
    while True:
        with store.read() as tx:
            sent = {row.contact: row.at for row in tx.execute(query)}
        if sent.keys() >= contacts:
            return sent
        if time.monotonic() > give_up:
            missing = len(contacts - sent.keys())
            raise Broken(f"{missing} live jobs were not sent within {PATIENCE_S:.0f} s")
        time.sleep(0.5)


def _waiting(store: Store) -> int:
    query = select(func.count()).where(jobs.c.state == "waiting", jobs.c.lane > 0)
    with store.read() as tx:
        return int(tx.execute(query).scalar_one())
