"""`rollbook reconcile`: begin it, follow it, and answer when it asks."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.jobs import Kind
from contacts.store import runs, walks
from contacts.store.database import Store
from contacts.store.tables import walks as walk_table
from contacts.store.walks import Phase, Way
from producers.cli import walked

from .conftest import finish, take


def begun(rollbook: Any, *words: str) -> Any:
    return rollbook("reconcile", *words, "--no-wait")


def asking(store: Store, run: int) -> None:
    """The run has found more than it may do unasked."""
    (job,) = take(store)
    finish(store, job)
    counts = {"pages": 2, "rows": 90, "guarded": 60, "guarded:delete": 60, "missing": 60}
    with store.write() as tx:
        walk = walks.load_sure(tx, run)
        tx.execute(
            walk_table.update().where(walk_table.c.run == run).values(phase=Phase.ASKING.value)
        )
        runs.ask(tx, walk.run, counts, store.clock())


def test_it_begins_a_run_and_says_where_to_look(rollbook, location, book, alive) -> None:
    said = begun(rollbook)

    assert (said.code, said.out) == (0, "It goes on in the background: rollbook status 1\n")
    (job,) = take(book)
    assert (job.kind, job.subject, job.run) == (Kind.PAGE, 1, 1)


def test_for_a_machine_it_is_one_line(rollbook, location, book) -> None:
    assert begun(rollbook, "--json").lines == [{"event": "run", "run": 1}]


def test_while_one_is_under_way_no_second_one_begins(rollbook, location, book) -> None:
    begun(rollbook)

    said = begun(rollbook)

    assert said.code == 2
    assert "run 1 reconciles loc_here already" in said.err


def test_since_a_time_the_newest_are_read(rollbook, location, book) -> None:
    begun(rollbook, "--since", "2h")

    with book.read() as tx:
        walk = walks.load_sure(tx, 1)
    assert walk.way is Way.NEWEST
    assert walk.since == pytest.approx(book.clock() - 7200, abs=60)


@pytest.mark.parametrize("when", ["yesterday", "2x", "2099-01-01"])
def test_a_time_that_is_none_is_one_line(rollbook, location, book, when: str) -> None:
    said = begun(rollbook, "--since", when)

    assert said.code == 2
    assert len(said.err.splitlines()) == 1
    assert when in said.err


def test_what_does_not_ask_cannot_be_confirmed(rollbook, location, book) -> None:
    begun(rollbook)

    said = rollbook("reconcile", "--confirm", "1")

    assert said.code == 2
    assert "run 1 does not ask" in said.err


def test_a_run_that_asks_is_seen_everywhere_and_goes_on_when_told(
    rollbook, location, book, alive
) -> None:
    begun(rollbook)
    asking(book, 1)

    report = rollbook("report", "1").out
    assert "It asks first: 60 contacts, 60 would count as deleted." in report
    assert "rollbook reconcile --confirm 1" in report
    assert "asking" in rollbook("runs").out
    assert "asks" in rollbook("status").out

    said = rollbook("reconcile", "--confirm", "1", "--no-wait")

    assert said.code == 0
    (job,) = take(book)
    assert (job.kind, job.run) == (Kind.PAGE, 1)


def test_confirm_wants_nothing_beside_it(rollbook, location, book) -> None:
    assert rollbook("reconcile", "--confirm", "1", "--since", "2h").code == 2


def test_the_figures_name_the_fields_that_differ() -> None:
    counts = {
        "pages": 3,
        "rows": 250,
        "unchanged": 240,
        "differ": 10,
        "field:city": 7,
        "field:tags": 3,
        "owed:contact.push": 2,
        "incomplete": 4,
    }

    assert walked.figures(counts) == [
        ("3", "pages of the CRM's contacts"),
        ("250", "contacts seen"),
        ("240", "as agreed: no call"),
        ("10", "changed there: city 7, tags 3"),
        ("2", "jobs for what we owed: contact.push 2"),
    ]
    assert "4 contacts more" in walked.remarks(1, "finished", counts)[0]
