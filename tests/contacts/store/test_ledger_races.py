"""Two writers of one job at the same moment, on PostgreSQL, where they do not take turns."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select, text

from contacts.jobs import Job, Kind, Wish
from contacts.store import database, ledger, turns
from contacts.store.database import Store, Tx
from contacts.store.tables import jobs

WISH = Wish(Kind.PUSH, "loc_1", 1)

pytestmark = pytest.mark.postgres


@pytest.fixture
def store(empty_postgres: str, clock: Any) -> Iterator[Store]:
    opened = database.open_store(empty_postgres, clock=clock)
    yield opened
    opened.close()


def held_job(store: Store) -> Job:
    with store.write() as tx:
        ledger.put(tx, [WISH], now=store.clock())
    (ticket,) = ledger.release(store, room=1, limit=1, bulk_limit=1, lease_s=30)
    job = ledger.claim(store, ticket, worker="w", lease_s=60)
    assert job is not None
    return job


def while_a_wish_is_on_its_way(store: Store, verb: Callable[[Tx], object]) -> None:
    """A new wish is written but not committed; the verb runs into it; then it is committed."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with store.write() as tx:
                verb(tx)
        except BaseException as error:  # noqa: BLE001  shown by the assertion below
            failed.append(error)

    with store.write() as tx:
        ledger.put(tx, [WISH], now=store.clock())
        other = threading.Thread(target=run)
        other.start()
        until_somebody_waits(store)
    other.join(20)
    assert failed == []


def until_somebody_waits(store: Store) -> None:
    give_up = time.monotonic() + 20
    query = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while time.monotonic() < give_up:
        with store.read() as tx:
            if tx.execute(query).scalar_one():
                return
        time.sleep(0.01)
    raise AssertionError("the verb did not meet the wish")


def states(store: Store) -> list[tuple[str, bool]]:
    with store.read() as tx:
        return [(r.state, r.doubtful) for r in tx.execute(select(jobs.c.state, jobs.c.doubtful))]


def test_a_wish_that_comes_in_while_its_job_is_parked_is_tried_instead(store: Store) -> None:
    job = held_job(store)

    def park(tx: Tx) -> None:
        ledger.park(tx, job, now=store.clock(), code="x", reason="y", doubtful=True)

    while_a_wish_is_on_its_way(store, park)
    assert states(store) == [("waiting", True)]


def test_a_wish_that_comes_in_while_its_job_comes_back_is_taken_over(store: Store) -> None:
    job = held_job(store)

    def again(tx: Tx) -> None:
        ledger.again(tx, job, now=store.clock(), seconds=5, code="x", reason="y")

    while_a_wish_is_on_its_way(store, again)
    assert states(store) == [("waiting", False)]


def test_a_wish_that_comes_in_while_its_job_is_done_is_kept(store: Store) -> None:
    job = held_job(store)
    with store.write() as tx:
        ledger.put(tx, [WISH], now=store.clock())
        other = threading.Thread(target=lambda: done(store, job))
        other.start()
        other.join(20)
    assert sorted(states(store)) == [("done", False), ("waiting", False)]


def done(store: Store, job: Job) -> None:
    with store.write() as tx:
        assert ledger.done(tx, job, now=store.clock())


def test_two_dispatchers_together_fill_no_location_beyond_its_room(
    store: Store, empty_postgres: str, clock: Any
) -> None:
    with store.write() as tx:
        wishes = [Wish(Kind.PUSH, f"loc_{n % 5}", n + 1) for n in range(500)]
        ledger.put(tx, wishes, now=store.clock())
    both = threading.Barrier(2)
    found: list[str] = []

    def dispatch(own: Store) -> None:
        for _ in range(10):
            both.wait(20)
            tickets = ledger.release(own, room=10, limit=15, bulk_limit=42, lease_s=30)
            found.extend(ticket.location for ticket in tickets)

    other = database.open_store(empty_postgres, clock=clock)
    thread = threading.Thread(target=dispatch, args=(other,))
    thread.start()
    dispatch(store)
    thread.join(20)
    other.close()

    assert len(found) == 42
    assert sorted(Counter(found).values()) == [8, 8, 8, 9, 9]


def test_a_dispatcher_that_vanished_in_the_middle_holds_nobody_up_for_hours(store: Store) -> None:
    with store.write() as tx:
        turns.choose(tx, store.clock(), room=1, limit=1, threads=1)
        shown = tx.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
    assert shown == "20s"
    with store.read() as tx:  # the same connection, for other work
        assert tx.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "0"
