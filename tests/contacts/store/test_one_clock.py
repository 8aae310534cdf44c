"""One clock for machines that do not agree what time it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.jobs import Kind, Lane, Wish
from contacts.store import ledger, processes
from contacts.store.database import DatabaseDown, Store, open_store
from contacts.store.one_clock import ASK_S, SURE_S, OneClock


class Machine:
    """A machine: its steady clock, and a database that is so far ahead and takes so long."""

    def __init__(self, ahead: float) -> None:
        self.now, self.ahead = 1000.0, ahead
        self.clock = OneClock(system=lambda: 7.0, steady=lambda: self.now)

    @property
    def true(self) -> float:
        return self.now + self.ahead

    def ask(self, *, there: float = 0.0, back: float = 0.0) -> None:
        def answer() -> float:
            self.now += there
            told = self.true
            self.now += back
            return told

        self.clock.measure(answer)


def test_before_the_first_transaction_it_is_the_machines_own() -> None:
    assert Machine(5.0).clock() == 7.0


@given(st.floats(-1e6, 1e9), st.floats(0, 3), st.floats(0, 3), st.floats(0, 1e5))
def test_it_is_wrong_by_half_the_way_at_most(
    ahead: float, there: float, back: float, later: float
) -> None:
    machine = Machine(ahead)
    machine.ask(there=there, back=back)
    machine.now += later
    assert abs(machine.clock() - machine.true) <= (there + back) / 2 + 1e-6


def test_a_slow_answer_does_not_spoil_what_is_known() -> None:
    machine = Machine(500.0)
    machine.ask(there=0.001, back=0.001)
    machine.now += 10
    machine.ask(there=2.0, back=0.0)
    assert machine.clock() == pytest.approx(machine.true, abs=0.001)


def test_after_long_enough_a_slow_answer_is_better_than_an_old_one() -> None:
    machine = Machine(500.0)
    machine.ask()
    machine.ahead += 50  # the database is another one now
    machine.now += 3600
    machine.ask(there=1.0, back=1.0)
    assert machine.clock() == pytest.approx(machine.true, abs=1.0)


def test_a_clock_that_was_set_is_followed_at_the_next_quick_answer() -> None:
    machine = Machine(500.0)
    machine.ask()
    machine.ahead -= 5
    machine.now += ASK_S
    machine.ask(there=SURE_S, back=SURE_S)
    assert machine.clock() == pytest.approx(machine.true, abs=SURE_S)


def test_one_caller_in_each_interval_asks() -> None:
    machine = Machine(0.0)
    assert [machine.clock.is_due(), machine.clock.is_due()] == [True, False]
    machine.now += ASK_S
    assert machine.clock.is_due()


def test_who_got_no_answer_asks_again_at_once() -> None:
    machine = Machine(0.0)

    def away() -> float:
        raise DatabaseDown("gone")

    assert machine.clock.is_due()
    with pytest.raises(DatabaseDown):
        machine.clock.measure(away)
    assert machine.clock.is_due()


# ---------------------------------------------------------------- two machines, ± 5 s

SKEW_S = 5.0


@pytest.fixture
def machines(empty_postgres: str) -> Iterator[tuple[Store, Store]]:
    """Two stores on one PostgreSQL, of machines whose clocks are 10 s apart."""

    def store(skew: float) -> Store:
        clock = OneClock(system=lambda: time.time() + skew)
        return open_store(empty_postgres, clock=clock, pool_size=1)

    with closing(store(-SKEW_S)) as behind, closing(store(SKEW_S)) as ahead:
        yield behind, ahead


def wish(contact: int = 7, **more: float) -> Wish:
    return Wish(Kind.PUSH, "loc1", contact, lane=Lane.LIVE, **more)


def put(store: Store, *wishes: Wish) -> None:
    with store.write() as tx:
        ledger.put(tx, wishes, now=store.clock())


def release(store: Store) -> list[int]:
    found = ledger.release(store, room=20, limit=100, bulk_limit=100, lease_s=8.0)
    return [ticket.contact for ticket in found]


def test_they_tell_the_same_time(machines: tuple[Store, Store]) -> None:
    for store in machines:
        with store.read():
            pass
    behind, ahead = machines
    assert behind.clock() == pytest.approx(ahead.clock(), abs=0.5)


def test_what_is_put_by_one_is_due_at_once_for_the_other(machines: tuple[Store, Store]) -> None:
    behind, ahead = machines
    put(ahead, wish(1))
    put(behind, wish(2))
    assert release(behind) == [1, 2]


def test_what_is_due_later_is_not_due_sooner_for_who_is_ahead(
    machines: tuple[Store, Store],
) -> None:
    behind, ahead = machines
    with behind.write() as tx:
        ledger.put(tx, [wish(due_at=behind.clock() + 8)], now=behind.clock())
    assert release(ahead) == []


def test_a_lease_is_not_broken_by_who_is_ahead(machines: tuple[Store, Store]) -> None:
    behind, ahead = machines
    put(behind, wish())
    (ticket,) = ledger.release(behind, room=20, limit=100, bulk_limit=100, lease_s=8.0)
    assert ledger.claim(behind, ticket, worker="w", lease_s=8.0)
    assert ledger.reclaim(ahead) == 0


def test_neither_takes_the_other_for_dead(machines: tuple[Store, Store]) -> None:
    behind, ahead = machines
    processes.beat(behind, "worker@a:1", "worker", 8)
    processes.beat(ahead, "worker@b:1", "worker", 8)
    for store in machines:
        assert processes.slots(store, "worker") == 16


def test_sqlite_goes_by_the_machines_clock(sqlite_url: str) -> None:
    with closing(open_store(sqlite_url)) as store:
        assert store.clock is time.time


def test_a_clock_that_is_handed_over_is_not_measured(empty_postgres: str) -> None:
    ticking: Callable[[], float] = count(1.0).__next__
    with closing(open_store(empty_postgres, clock=ticking)) as store, store.read():
        assert store.clock() == 1.0
