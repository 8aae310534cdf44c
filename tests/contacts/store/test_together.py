"""Several threads, one commit: what each is told is true, and what it is not told is not."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, func, select

from contacts.store import together
from contacts.store.database import DatabaseDown, Store, Tx
from contacts.store.tables import processes


def note(name: str) -> Callable[[Tx], str]:
    """Write a row of this name; a second one of a name is refused by the database."""

    def deed(tx: Tx) -> str:
        row = {"name": name, "kind": "worker", "slots": 1, "started_at": 0, "seen_at": 0}
        tx.execute(processes.insert().values(**row))
        return name

    return deed


def names(store: Store) -> set[str]:
    with store.read() as tx:
        return set(tx.execute(select(processes.c.name)).scalars())


class Held:
    """The first deed holds the transaction open until so many others wait behind it."""

    def __init__(self, store: Store, waiting: int) -> None:
        assert store._together is not None
        self.together = store._together
        self.waiting = waiting

    def __call__(self, tx: Tx) -> str:
        deadline = time.monotonic() + 20
        while len(self.together._waiting) < self.waiting:
            assert time.monotonic() < deadline, "they never came"
            time.sleep(0.002)
        return "held"


def at_once(store: Store, deeds: list[Callable[[Tx], Any]]) -> list[Any]:
    """Each by a thread of its own, all behind one that is busy; what came of each, or its error."""

    def one(deed: Callable[[Tx], Any]) -> Any:
        try:
            return store.commit(deed)
        except Exception as error:  # noqa: BLE001
            return error

    with ThreadPoolExecutor(len(deeds) + 1) as pool:
        first = pool.submit(one, Held(store, len(deeds)))
        rest = [pool.submit(one, deed) for deed in deeds]
        assert first.result(20) == "held"
        return [one.result(20) for one in rest]


def test_those_who_wait_are_committed_at_once(sqlite_store: Store) -> None:
    commits: list[int] = []
    event.listen(sqlite_store.engine, "commit", lambda _: commits.append(1))
    asked = [str(number) for number in range(together.MOST)]
    assert at_once(sqlite_store, [note(name) for name in asked]) == asked
    assert names(sqlite_store) == set(asked)
    assert len(commits) == 2, "the one who was busy, and all the others"


def test_an_urgent_one_goes_before_all_that_wait(sqlite_store: Store) -> None:
    done: list[str] = []

    def deed(name: str) -> Callable[[Tx], None]:
        return lambda tx: done.append(name)

    many = 3 * together.MOST
    held = Held(sqlite_store, many)
    with ThreadPoolExecutor(many + 2) as pool:
        first = pool.submit(sqlite_store.commit, held)
        while not held.together._is_led:
            time.sleep(0.002)
        rest = [pool.submit(sqlite_store.commit, deed("bulk")) for _ in range(many - 1)]
        while len(held.together._waiting) < many - 1:
            time.sleep(0.002)
        urgent = pool.submit(lambda: sqlite_store.commit(deed("live"), is_urgent=True))
        for one in (first, urgent, *rest):
            one.result(20)

    assert len(done) == many
    assert done.index("live") <= 1, "but for the one that was to lead already"


def test_one_that_fails_fails_alone(sqlite_store: Store) -> None:
    def broken(tx: Tx) -> None:
        note("half")(tx)
        raise ValueError("mine")

    first, error, second, last = at_once(sqlite_store, [note("a"), broken, note("a"), note("b")])
    assert (str(error), last) == ("mine", "b")
    assert {type(first).__name__, type(second).__name__} == {"str", "IntegrityError"}
    assert names(sqlite_store) == {"a", "b"}


def test_a_commit_that_fails_is_told_to_all_of_them(sqlite_store: Store) -> None:
    class Away(Store):
        @contextmanager
        def write(self) -> Any:
            with super().write() as tx:
                yield tx
                if tx.execute(select(func.count()).select_from(processes)).scalar_one():
                    raise DatabaseDown("OperationalError")

    away = Away(sqlite_store.engine, sqlite_store.clock)
    told = at_once(away, [note("a"), note("b"), note("c")])
    assert [type(one) for one in told] == [DatabaseDown] * 3
    assert names(sqlite_store) == set()


def test_many_threads_and_many_failures_leave_exactly_what_was_told(store: Store) -> None:
    """On SQLite and on PostgreSQL: whoever was answered is in, whoever was not is out."""
    chance = random.Random(5)
    plans = [[chance.random() < 0.2 for _ in range(20)] for _ in range(12)]
    told: set[str] = set()
    lock = threading.Lock()

    def work(turn: int) -> None:
        for number, fails in enumerate(plans[turn]):
            name = f"{turn}.{number}"

            def deed(tx: Tx, name: str = name, fails: bool = fails) -> str:
                note(name)(tx)
                if fails:
                    raise ValueError(name)
                return name

            if fails:
                with pytest.raises(ValueError, match=name):
                    store.commit(deed)
            else:
                answer = store.commit(deed)
                with lock:
                    told.add(answer)

    with ThreadPoolExecutor(len(plans)) as pool:
        for done in [pool.submit(work, turn) for turn in range(len(plans))]:
            done.result(60)
    assert names(store) == told
    assert len(told) == sum(not fails for plan in plans for fails in plan)
