"""A copy of a location: all that decides over what happens to it, and nothing of anybody else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from contacts.contact import Person
from contacts.jobs import Kind, Lane, Wish
from contacts.store import copying, database, ledger, roster
from contacts.store.database import Store
from contacts.store.tables import contacts, jobs, locations, metadata, tags

HERE, ELSEWHERE = "loc1", "loc2"


@pytest.fixture
def copy(tmp_path: Path, empty_sqlite: Path) -> Iterator[Store]:
    """An empty database to copy into."""
    file = tmp_path / "copy.db"
    shutil.copyfile(empty_sqlite, file)
    opened = database.open_store(f"sqlite:///{file}")
    yield opened
    opened.close()


def has(store: Store, location: str, email: str) -> int:
    with store.write() as tx:
        if tx.execute(select(locations.c.id).where(locations.c.id == location)).first() is None:
            tx.execute(locations.insert().values(id=location))
        person = Person({"email": email}, frozenset({"vip"}), frozenset(), ("Called.",))
        (done,) = roster.upsert(tx, location, [person], now=store.clock())
        ledger.put(tx, roster.wishes(location, [done], lane=Lane.BULK), now=store.clock())
    return done.contact


def rows(store: Store, table: Any) -> list[Any]:
    with store.read() as tx:
        return [row._mapping for row in tx.execute(select(table))]


def test_every_table_is_copied_or_named_as_left() -> None:
    copied = copying.BY_CONTACT | copying.BY_LOCATION | copying.WHOLE
    named = [*copied, *copying.LEFT, "locations", "jobs", "webhooks"]

    assert sorted(named) == sorted(metadata.tables)


def test_a_location_is_copied_without_the_others(store: Store, copy: Store) -> None:
    ours = has(store, HERE, "ada@example.org")
    has(store, ELSEWHERE, "ben@example.org")

    copying.copy(store, copy, HERE)

    assert [row["email"] for row in rows(copy, contacts)] == ["ada@example.org"]
    assert {row["contact"] for row in rows(copy, tags)} == {ours}
    assert {row["location"] for row in rows(copy, jobs)} == {HERE}
    assert rows(copy, contacts)[0]["fields"] == {"email": "ada@example.org"}


def test_copying_changes_nothing_in_the_original(store: Store, copy: Store) -> None:
    has(store, HERE, "ada@example.org")
    before = {table.name: rows(store, table) for table in metadata.sorted_tables}

    copying.copy(store, copy, HERE)

    assert {table.name: rows(store, table) for table in metadata.sorted_tables} == before


def test_a_job_that_is_out_waits_in_the_copy(store: Store, copy: Store) -> None:
    has(store, HERE, "ada@example.org")
    ledger.release(store, room=9, limit=9, bulk_limit=9, lease_s=30)

    copying.copy(store, copy, HERE)

    assert {row["state"] for row in rows(copy, jobs)} == {"waiting"}
    assert {row["state"] for row in rows(store, jobs)} == {"waiting", "released"}


def test_a_job_that_is_out_and_was_wished_again_is_one(store: Store, copy: Store) -> None:
    contact = has(store, HERE, "ada@example.org")
    ledger.release(store, room=9, limit=9, bulk_limit=9, lease_s=30)
    with store.write() as tx:
        ledger.put(tx, [Wish(Kind.PUSH, HERE, contact)], now=store.clock())

    copying.copy(store, copy, HERE)

    kinds = [row["kind"] for row in rows(copy, jobs)]
    assert sorted(kinds) == sorted(set(kinds))


def test_who_comes_next_gets_an_id_of_its_own(store: Store, copy: Store) -> None:
    first = has(store, HERE, "ada@example.org")
    copying.copy(store, copy, HERE)

    assert has(copy, HERE, "ben@example.org") != first
