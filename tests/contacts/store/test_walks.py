"""How far a walk is, what it has seen and found: on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from contacts.drift import Grave
from contacts.errors import UsageError
from contacts.jobs import Kind
from contacts.settings import Reconcile
from contacts.store import runs, walk_book, walk_steps, walks
from contacts.store.tables import contacts, jobs, links, locations, tags
from contacts.store.walk_book import Finding
from contacts.store.walk_steps import Guard
from contacts.store.walks import Phase, Way

HERE = "loc1"
LOOSE = Guard(contacts=10**6, percent=100)


@pytest.fixture
def run(store: Any) -> int:
    with store.write() as tx:
        tx.execute(locations.insert().values(id=HERE))
        begun = walks.begin(tx, HERE, way=Way.LIST, title="night", now=store.clock())
    assert begun is not None
    return begun


def people(store: Any, number: int, *, seen: int, run: int) -> None:
    """So many linked contacts, of whom the first were on a page."""
    with store.write() as tx:
        for n in range(1, number + 1):
            tx.execute(contacts.insert().values(
                id=n, location=HERE, email=f"s{n}@x.org", fields={"email": f"s{n}@x.org"},
                changed_at=1.0))  # fmt: skip
            tx.execute(links.insert().values(
                contact=n, location=HERE, remote_id=f"r{n}", agreed={"email": f"s{n}@x.org"},
                refused={}, settled_at=1.0))  # fmt: skip
        walk_book.see(tx, run, [f"r{n}" for n in range(1, seen + 1)])


def at(store: Any, run: int, phase: Phase) -> None:
    """The walk has come so far."""
    with store.write() as tx:
        walks.keep(tx, replace(walks.load_sure(tx, run), phase=phase))


def step(store: Any, run: int, guard: Guard = LOOSE) -> walks.Walk:
    with store.write() as tx:
        after = walk_steps.go_on(tx, walks.load_sure(tx, run), guard, now=store.clock())
        walks.keep(tx, after)
    return after


def kinds(store: Any) -> list[str]:
    with store.read() as tx:
        return sorted(tx.execute(select(jobs.c.kind)).scalars())


def test_how_far_it_is_comes_back_as_it_was_kept(store: Any, run: int) -> None:
    with store.write() as tx:
        walk = replace(
            walks.load_sure(tx, run),
            cursor=(1_700_000_000_000, "abc"),
            since=5.0,
            first_total=7,
            place=3,
            shown=frozenset({"city", "email"}),
            counts={"pages": 1},
        )
        walks.keep(tx, walk)

    with store.read() as tx:
        assert walks.load(tx, run) == walk


def test_who_was_seen_before_is_not_new(store: Any, run: int) -> None:
    with store.write() as tx:
        assert walk_book.see(tx, run, ["a", "b"]) == {"a", "b"}
        assert walk_book.see(tx, run, ["b", "c"]) == {"c"}
        assert walk_book.see(tx, run, []) == frozenset()


def test_a_finding_is_kept_once_and_counted_by_contact(store: Any, run: int) -> None:
    found = [
        Finding(Kind.PULL, 1, Grave.DELETE, "r1"),
        Finding(Kind.PULL, 2, Grave.RETAG, "r2"),
        Finding(Kind.TAG, 2, Grave.RETAG),
    ]
    with store.write() as tx:
        walk_book.find(tx, run, found)
        walk_book.find(tx, run, found)

        assert walk_book.tally(tx, run) == (2, {"delete": 1, "retag": 1})
        assert walk_book.findings(tx, run, 10) == found
        walk_book.settle(tx, run, found[:2])
        assert walk_book.findings(tx, run, 10) == found[2:]


def test_what_was_seen_is_forgotten_in_parts(store: Any, run: int) -> None:
    with store.write() as tx:
        walk_book.see(tx, run, [str(n) for n in range(5)])

        assert [walk_book.forget(tx, run, seen=2) for _ in range(3)] == [True, True, False]
        assert walk_book.see(tx, run, ["0"]) == {"0"}


def test_missing_are_those_whom_no_page_showed(store: Any, run: int) -> None:
    people(store, 5, seen=3, run=run)
    at(store, run, Phase.MISSING)

    after = step(store, run)

    assert (after.phase, after.counts) == (Phase.DONE, {"missing": 2, "looks": 2})
    assert kinds(store) == ["contact.pull"] * 2 + ["location.page"]


def test_steps_are_taken_in_parts(store: Any, run: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(walk_steps, "BATCH", 2)
    people(store, 5, seen=3, run=run)
    at(store, run, Phase.MISSING)

    steps = [step(store, run) for _ in range(5)]

    assert steps[-1].phase is Phase.DONE
    assert steps[-1].counts == {"missing": 2, "looks": 2}
    assert [one.place for one in steps[:2]] == [2, 4]


def test_more_than_the_guard_allows_is_not_put(store: Any, run: int) -> None:
    people(store, 5, seen=3, run=run)
    at(store, run, Phase.MISSING)

    after = step(store, run, Guard(contacts=1, percent=100))

    assert after.phase is Phase.ASKING
    assert kinds(store) == ["location.page"]
    found = runs.get(store, run)
    assert found is not None
    assert (found.state, found.counts["guarded:delete"]) == ("asking", 2)


def test_tags_that_we_owe_count_as_well(store: Any, run: int) -> None:
    people(store, 3, seen=3, run=run)
    with store.write() as tx:
        for n in (1, 2):
            tx.execute(tags.insert().values(contact=n, tag="vip", wanted=True, agreed=False))
    at(store, run, Phase.OWED)

    assert step(store, run, Guard(contacts=1, percent=100)).phase is Phase.ASKING
    with store.write() as tx:
        walks.confirm(tx, run, now=store.clock())
    assert step(store, run).phase is Phase.DONE
    assert kinds(store) == ["contact.tag"] * 2 + ["location.page"]


def test_a_run_that_is_not_there_cannot_be_confirmed(store: Any, run: int) -> None:
    with store.write() as tx, pytest.raises(UsageError, match="run 99 does not ask"):
        walks.confirm(tx, 99, now=store.clock())


def test_a_location_begins_at_its_own_moment_always_the_same() -> None:
    moments = [walks.jitter_s(f"loc{n}", 600) for n in range(200)]

    assert moments == [walks.jitter_s(f"loc{n}", 600) for n in range(200)]
    assert all(0 <= one < 600 for one in moments)
    assert max(moments) - min(moments) > 500
    assert walks.jitter_s("loc1", 0) == 0


@pytest.mark.parametrize(
    ("linked", "limit"), [(100, 2.0), (1000, 20.0), (2500, 50.0), (100_000, 50.0)]
)
def test_of_the_two_bounds_the_smaller_holds(linked: int, limit: float) -> None:
    assert Guard(contacts=50, percent=2).limit(linked) == limit


@pytest.mark.parametrize(
    ("by", "version", "way"),
    [
        (Reconcile.LIST, "2021-07-28", Way.LIST),
        (Reconcile.LIST, "v3", Way.SEARCH),
        (Reconcile.SEARCH, "2021-07-28", Way.SEARCH),
        (Reconcile.OFF, "v3", None),
    ],
)
def test_where_there_is_no_list_the_search_is_read(
    by: Reconcile, version: str, way: Way | None
) -> None:
    assert walks.way_of(by, version) is way
