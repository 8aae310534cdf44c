"""Which waiting jobs of a location are next, on SQLite and on PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from contacts.jobs import Kind, Lane, Wish
from contacts.store.database import Store

from .conftest import again, claim, done, put, release, take, wish


def test_the_next_page_of_a_walk_goes_before_the_work_that_the_last_one_found(store: Store) -> None:
    put(store, *[wish(n) for n in range(1, 10)])
    put(store, page())
    first, second, third = release(store, room=3)
    assert [one.contact for one in (first, second, third)] == [1, 0, 2], "work goes on beside it"
    done(store, claim(store, second))
    put(store, page())
    assert [one.contact for one in release(store, room=3)] == [0]
    done(store, claim(store, first))
    assert [one.contact for one in release(store, room=3)] == [3]


def test_no_page_takes_the_only_place_before_older_work(store: Store) -> None:
    put(store, wish(1), wish(2))
    put(store, page())
    for contact in (1, 2, 0):
        (ticket,) = release(store, room=1)
        assert ticket.contact == contact
        done(store, claim(store, ticket))


def test_a_page_waits_for_lanes_that_are_more_urgent(store: Store) -> None:
    put(store, page(lane=Lane.SWEEP), wish(1, lane=Lane.SWEEP), wish(2), wish(3, lane=Lane.LIVE))
    assert [ticket.contact for ticket in release(store)] == [3, 2, 0, 1]


def test_a_page_that_failed_keeps_its_backoff_and_holds_no_work_up(store: Store) -> None:
    put(store, page())
    again(store, take(store), seconds=10)
    put(store, wish(1), wish(2))
    assert [ticket.contact for ticket in release(store, room=1)] == [1]


def test_pages_are_found_by_the_index_of_keys(sqlite_store: Store) -> None:
    put(sqlite_store, wish(1), page())
    asked: list[tuple[str, Any]] = []
    event.listen(
        sqlite_store.engine, "before_cursor_execute", lambda *words: asked.append(words[2:4])
    )

    release(sqlite_store, room=1)

    ((statement, values),) = [one for one in asked if "jobs.contact = ?" in one[0]]
    with sqlite_store.read() as tx:
        (plan,) = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert plan.detail == "SEARCH jobs USING INDEX jobs_key (kind=? AND location=? AND contact=?)"


def page(lane: Lane = Lane.BULK) -> Wish:
    return wish(0, Kind.PAGE, subject=7, lane=lane)
