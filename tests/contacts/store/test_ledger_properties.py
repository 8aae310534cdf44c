"""Whatever order the verbs come in, and from however many connections:

* no wish is lost: whatever was wished last is served by a job that began after the wish
* no job is held twice, and no two jobs of one contact are out at once
* a contact's jobs go out oldest first
* an attempt that may have taken effect is never forgotten: whoever has the job next is told
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from contacts.jobs import LANES, Job, Kind, Ticket, Wish
from contacts.store import database, ledger
from contacts.store.database import Store
from contacts.store.tables import jobs
from tests.conftest import examples

HERE = "loc_1"
KEYS = [(Kind.PUSH, 1, 0), (Kind.TAG, 1, 0), (Kind.NOTE, 1, 7), (Kind.PUSH, 2, 0)]

COMMON = ("put", "release", "claim", "done", "again", "tick")
RARE = (
    "deliver again", "later", "park", "withdraw", "reclaim", "forget", "cancel", "unpark",
)  # fmt: skip
# Most steps are the life of a job, or nearly every order would end before it began.
VERBS = COMMON * 4 + RARE * 2


@dataclass
class World:
    """The verbs, and beside them what must be true."""

    stores: list[Store]
    clock: Any
    wished: Counter[tuple[Kind, int, int]] = field(default_factory=Counter)
    served: dict[tuple[Kind, int, int], int] = field(default_factory=dict)
    set_aside: set[tuple[Kind, int, int]] = field(default_factory=set)
    tickets: list[Ticket] = field(default_factory=list)
    held: list[tuple[Job, int]] = field(default_factory=list)
    doubted: set[int] = field(default_factory=set)

    def do(self, verb: str, number: int) -> None:
        store = self.stores[number % len(self.stores)]
        getattr(self, verb.replace(" ", "_"))(store, number)
        self.check(store)

    def put(self, store: Store, number: int) -> None:
        kind, contact, subject = key = KEYS[number % len(KEYS)]
        lane = LANES[number // len(KEYS) % 3]
        with store.write() as tx:
            ledger.put(tx, [Wish(kind, HERE, contact, subject, lane)], now=store.clock())
        self.wished[key] += 1
        self.set_aside.discard(key)

    def release(self, store: Store, number: int) -> None:
        before = self.rows(store)
        found = ledger.release(store, room=4, limit=1 + number % 5, bulk_limit=3, lease_s=30)
        for ticket in found:
            open_ids = [
                row.id
                for row in before
                if row.contact == ticket.contact and row.state in ("waiting", "released")
            ]
            assert ticket.job == min(open_ids), "a contact's oldest open job goes first"
        self.tickets += found

    def claim(self, store: Store, number: int) -> None:
        if self.tickets:
            ticket = self.tickets[number % len(self.tickets)]
            job = ledger.claim(store, ticket, worker="w", lease_s=60)
            if job is not None:
                assert job.doubtful == (job.id in self.doubted), "doubt was lost, or made up"
                self.held.append((job, self.wished[(job.kind, job.contact, job.subject)]))

    deliver_again = claim

    def _take(self, number: int) -> tuple[Job, int] | None:
        return self.held.pop(number % len(self.held)) if self.held else None

    def done(self, store: Store, number: int) -> None:
        if taken := self._take(number):
            job, version = taken
            with store.write() as tx:
                if ledger.done(tx, job, now=store.clock()):
                    self.served[(job.kind, job.contact, job.subject)] = version

    def later(self, store: Store, number: int) -> None:
        self._back(store, number, ledger.later)

    def again(self, store: Store, number: int) -> None:
        self._back(store, number, ledger.again)

    def _back(self, store: Store, number: int, verb: Any) -> None:
        if taken := self._take(number):
            more = {"code": "x", "reason": "y", "doubtful": number % 2 == 1}
            with store.write() as tx:
                if verb(tx, taken[0], now=store.clock(), seconds=number % 9, **more):
                    self._doubt(taken[0], number)

    def _doubt(self, job: Job, number: int) -> None:
        if number % 2:
            self.doubted.add(job.id)

    def park(self, store: Store, number: int) -> None:
        if taken := self._take(number):
            job, version = taken
            key = (job.kind, job.contact, job.subject)
            more = {"code": "x", "reason": "y", "doubtful": number % 2 == 1}
            with store.write() as tx:
                if ledger.park(tx, job, now=store.clock(), **more):
                    self._doubt(job, number)
                    # Only the wish that was tried is set aside, not one that came after it.
                    if self.wished[key] == version:
                        self.set_aside.add(key)

    def withdraw(self, store: Store, number: int) -> None:
        if self.tickets:
            ledger.withdraw(store, [self.tickets[number % len(self.tickets)]])

    def reclaim(self, store: Store, number: int) -> None:
        self.doubted |= {
            row.id
            for row in self.rows(store)
            if row.state == "released" and row.started_at and row.lease_until < self.clock()
        }
        ledger.reclaim(store)

    def forget(self, store: Store, number: int) -> None:
        """Redis is emptied."""
        ledger.reclaim(store, unstarted=True)

    def cancel(self, store: Store, number: int) -> None:
        (kind, contact, subject) = KEYS[number % len(KEYS)]
        waiting = [
            row.id
            for row in self.rows(store)
            if (row.kind, row.contact, row.subject, row.state)
            == (kind.value, contact, subject, "waiting")
        ]
        if ledger.cancel(store, ids=waiting):
            self.set_aside.add((kind, contact, subject))

    def unpark(self, store: Store, number: int) -> None:
        with store.write() as tx:
            ledger.unpark(tx, everything=True, now=store.clock())

    def tick(self, store: Store, number: int) -> None:
        self.clock.tick(number % 40)

    def rows(self, store: Store) -> list[Any]:
        with store.read() as tx:
            return list(tx.execute(select(jobs)).all())

    def check(self, store: Store) -> None:
        rows = self.rows(store)
        out = Counter(row.contact for row in rows if row.state == "released")
        assert all(n == 1 for n in out.values()), "two jobs of one contact are out"
        resting = Counter(
            (row.kind, row.contact, row.subject)
            for row in rows
            if row.state in ("waiting", "parked", "cancelled")
        )
        assert all(n == 1 for n in resting.values()), "one resting job for each key"

    def drain(self) -> None:
        """Everything goes well from now on: nothing may be left, and nothing unserved."""
        store = self.stores[0]
        self.held.clear()
        for _ in range(100):
            if not [row for row in self.rows(store) if row.state in ("waiting", "released")]:
                break
            self.clock.tick(100)
            ledger.reclaim(store)
            for ticket in ledger.release(store, room=99, limit=99, bulk_limit=99, lease_s=30):
                job = ledger.claim(store, ticket, worker="w", lease_s=60)
                assert job is not None
                self.held.append((job, self.wished[(job.kind, job.contact, job.subject)]))
                self.done(store, 0)
        else:
            pytest.fail("jobs are left that nobody is given")
        unserved = {
            key: (wanted, self.served.get(key))
            for key, wanted in self.wished.items()
            if self.served.get(key) != wanted and key not in self.set_aside
        }
        assert not unserved, "a wish was lost"


@contextmanager
def new_world(store_url: str, clock: Any) -> Iterator[World]:
    stores = [database.open_store(store_url, clock=clock, pool_size=1) for _ in range(3)]
    with stores[0].write() as tx:
        tx.execute(delete(jobs))
    try:
        yield World(stores, clock)
    finally:
        for store in stores:
            store.close()


@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(VERBS), st.integers(0, 999)), min_size=30, max_size=80
    ),
)
def test_no_order_of_the_verbs_loses_a_wish(
    store_url: str, clock: Any, steps: list[tuple[str, int]]
) -> None:
    with new_world(store_url, clock) as world:
        for verb, number in steps:
            world.do(verb, number)
        world.drain()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_several_connections_at_once_lose_nothing_and_hold_nothing_twice(
    store_url: str, clock: Any, seed: int
) -> None:
    stores = [database.open_store(store_url, clock=clock, pool_size=2) for _ in range(4)]
    lock = threading.Lock()
    wished: Counter[int] = Counter()
    served: dict[int, int] = {}
    holding: Counter[int] = Counter()
    errors: list[BaseException] = []
    contacts = range(1, 9)

    def work(store: Store, rng: random.Random) -> None:
        try:
            for _ in range(60):
                with lock:
                    contact = rng.choice(contacts)
                    wished[contact] += 1
                with store.write() as tx:
                    ledger.put(tx, [Wish(Kind.PUSH, HERE, contact)], now=store.clock())
                for ticket in ledger.release(store, room=9, limit=9, bulk_limit=9, lease_s=30):
                    if rng.random() < 0.2:
                        ledger.withdraw(store, [ticket])
                        continue
                    one_job(store, rng, ticket)
        except BaseException as error:  # noqa: BLE001  shown by the assertion below
            errors.append(error)

    def one_job(store: Store, rng: random.Random, ticket: Ticket) -> None:
        job = ledger.claim(store, ticket, worker="w", lease_s=60)
        if job is None:
            return
        with lock:
            holding[job.contact] += 1
            version = wished[job.contact]
            assert holding[job.contact] == 1, "one contact was held twice at once"
        fate = rng.random()
        with lock:
            holding[job.contact] -= 1
        with store.write() as tx:
            if fate < 0.6:
                assert ledger.done(tx, job, now=store.clock())
                with lock:
                    served[job.contact] = max(served.get(job.contact, 0), version)
            else:
                ledger.again(tx, job, now=store.clock(), seconds=0, code="x", reason="y")

    threads = [
        threading.Thread(target=work, args=(store, random.Random(seed * 10 + n)))
        for n, store in enumerate(stores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    clock.tick(100)
    ledger.reclaim(stores[0])
    while tickets := ledger.release(stores[0], room=99, limit=99, bulk_limit=99, lease_s=30):
        for ticket in tickets:
            job = ledger.claim(stores[0], ticket, worker="w", lease_s=60)
            assert job is not None
            with stores[0].write() as tx:
                assert ledger.done(tx, job, now=clock())
            served[job.contact] = wished[job.contact]
    for store in stores:
        store.close()
    assert served == dict(wished), "a wish was lost"
