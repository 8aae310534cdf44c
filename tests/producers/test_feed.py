"""The feed asks by jobs: each platform that can tell, at its time, and none twice."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from contacts.platforms import Feed, Kind, Platform
from contacts.store import platforms, processes
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.store.tables import jobs, locations
from producers import feed
from producers.bell import Bell

KEY = b"Zm9yLWRvY3MtcGxlYXNlLW1ha2UtYS1uZXctb25lISE="
TABLE = Feed(key="id", updated="changed_at", table="students")


@pytest.fixture(autouse=True)
def connected(store: Store) -> None:
    """Two schools with a table, and one at OnlineCourseHost, which cannot be asked."""
    with store.write() as tx:
        for name in ("loc1", "loc2", "loc3"):
            tx.execute(locations.insert().values(id=name))
            kind = Kind.COURSEHOST if name == "loc3" else Kind.SQL
            one = Platform(kind, "sqlite:///x.db", feed=None if name == "loc3" else TABLE)
            platforms.connect(tx, name, one, secret=None, cipher=Cipher(KEY), now=0)


def rows(store: Store) -> list[Any]:
    with store.read() as tx:
        return list(tx.execute(select(jobs).order_by(jobs.c.id)).all())


def made(store: Store, every_s: float = 60.0) -> feed.Feed:
    return feed.Feed(store, Bell(None), every_s, "feed@test:1")


def test_each_platform_that_can_tell_is_asked(store: Store) -> None:
    assert feed.ask(store) == ["loc1", "loc2"]
    assert [(row.kind, row.location, row.contact, row.lane) for row in rows(store)] == [
        ("platform.feed", "loc1", 0, 0),
        ("platform.feed", "loc2", 0, 0),
    ]


def test_one_that_waits_already_is_not_asked_twice(store: Store) -> None:
    feed.ask(store)
    feed.ask(store)

    assert len(rows(store)) == 2


def test_one_that_is_parked_waits_for_a_person(store: Store) -> None:
    feed.ask(store)
    with store.write() as tx:
        tx.execute(update(jobs).where(jobs.c.location == "loc1").values(state="parked"))

    assert feed.ask(store) == ["loc2"]
    assert feed.ask(store, "loc1") == ["loc1"]


def test_it_asks_at_its_time_and_shows_its_pulse_between(store: Store, clock: Any) -> None:
    asked = []
    one = made(store, every_s=60.0)
    for _ in range(4):
        one.turn()
        asked.append(len(rows(store)))
        with store.write() as tx:
            tx.execute(jobs.delete())
        clock.tick(30)

    one.turn()

    assert asked == [2, 0, 2, 0]
    assert [process.kind for process in processes.living(store)] == ["feed"]


def test_it_ends_when_it_is_told_to(store: Store) -> None:
    one = made(store)
    one.wait = lambda _: True

    one.run()

    assert len(rows(store)) == 2
