"""Several beats: each duty of the clock is done once in its interval."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from contacts.store import ticks
from contacts.store.database import Store, open_store

DAY_S = 86_400.0


def take(store: Store, tick: str, name: str = "clock.night") -> bool:
    return ticks.take(store, name, tick, every_s=DAY_S / 4)


def test_of_two_ticks_one_is_for_work(store: Store, clock: Any) -> None:
    assert take(store, "a")
    clock.tick(10)
    assert not take(store, "b")


def test_the_next_day_it_is_so_again(store: Store, clock: Any) -> None:
    taken = []
    for day in range(3):
        taken += [take(store, f"a{day}"), take(store, f"b{day}")]
        clock.tick(DAY_S)
    assert taken == [True, False] * 3


def test_a_tick_that_comes_again_after_its_worker_was_killed_is_still_for_work(
    store: Store, clock: Any
) -> None:
    assert take(store, "a")
    clock.tick(130)
    assert take(store, "a")
    assert not take(store, "b")


def test_duties_do_not_wait_for_each_other(store: Store) -> None:
    assert take(store, "a", "clock.night")
    assert take(store, "b", "clock.scan")


def test_of_ticks_at_the_same_moment_one_is_for_work(empty_postgres: str, clock: Any) -> None:
    with (
        closing(open_store(empty_postgres, clock=clock, pool_size=8)) as store,
        ThreadPoolExecutor(8) as threads,
    ):
        taken = list(threads.map(lambda n: take(store, str(n)), range(8)))
    assert sum(taken) == 1
