"""What a person sees of read-only mode: what waits, why, and what ends it."""

from __future__ import annotations

import pytest

from contacts.contact import Person
from contacts.jobs import Kind
from contacts.store import roster, runs
from contacts.store.database import Store

from .conftest import HERE, put, work


@pytest.fixture(autouse=True)
def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_READ_ONLY", "true")


def queued(book: Store) -> int:
    """A run that wants three contacts pushed."""
    with book.write() as tx:
        run = runs.start(tx, location=HERE, kind="backfill", title="x.csv", now=book.clock())
        runs.read(tx, run, {"rows": 3}, now=book.clock())
    put(book, 1, 2, 3, run=run)
    return run


def test_status_says_how_much_waits_for_the_end_of_it(rollbook, location, book: Store) -> None:
    put(book, 1)
    put(book, 2, kind=Kind.PULL)

    lines = rollbook("status").out.splitlines()
    (told,) = rollbook("status", "--json").lines

    assert (
        "read-only: 1 job that would write to the CRM waits until ROLLBOOK_READ_ONLY is off"
    ) in lines
    assert (told["read_only"], told["held_read_only"]) == (True, 1)


def test_following_a_run_ends_where_only_what_would_write_is_left(
    rollbook, location, alive, book: Store
) -> None:
    run = queued(book)

    said = rollbook("status", str(run), "--watch")

    assert said.code == 0
    assert "read-only: 3 jobs that would write to the CRM wait until" in said.out


def test_the_mode_off_again_a_run_is_over_when_its_jobs_are(
    rollbook, location, alive, book: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queued(book)
    monkeypatch.setenv("ROLLBOOK_READ_ONLY", "false")
    work(book)

    said = rollbook("status", str(run), "--watch")

    assert "finished" in said.out
    assert "read-only" not in said.out


def test_a_call_by_name_that_writes_is_refused_in_one_line(rollbook, location) -> None:
    said = rollbook("call", "contact.delete", "contactId=abc123")

    assert (said.code, said.err) == (
        2,
        "rollbook: contact.delete writes, and ROLLBOOK_READ_ONLY is on\n",
    )


def test_who_asks_for_a_push_is_told_that_it_waits(rollbook, location, alive, book: Store) -> None:
    with book.write() as tx:
        roster.upsert(tx, HERE, [Person({"email": "ada@example.org"})], now=book.clock())

    said = rollbook("push", "ada@example.org")

    assert said.code == 0
    assert "read-only: 1 job that would write to the CRM waits until" in said.err
