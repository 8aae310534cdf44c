"""`rollbook runs` and `rollbook cancel`."""

from __future__ import annotations

from contacts.store import ledger_view
from contacts.store.database import Store

from .conftest import take, work


def test_no_run_yet_names_the_command_that_makes_one(rollbook, book) -> None:
    assert rollbook("runs").out == "No run yet: rollbook backfill FILE\n"


def test_runs_are_listed_newest_first_with_their_jobs(rollbook, export, location, book) -> None:
    rollbook("backfill", str(export), "--no-wait")
    work(book)
    rollbook("backfill", str(export), "--no-wait")

    said = rollbook("runs")

    rows = [line.split() for line in said.out.splitlines()[2:]]
    assert [(row[0], row[2], *row[3:6]) for row in rows] == [
        ("2", "queued", "5", "0", "4"),
        ("1", "finished", "5", "4", "0"),
    ]


def test_cancel_begins_none_of_the_waiting_jobs(rollbook, export, location, book: Store) -> None:
    rollbook("backfill", str(export), "--no-wait")

    said = rollbook("cancel", "1")

    assert (said.code, said.out) == (0, "Run 1: 4 jobs cancelled.\n")
    assert take(book) == []
    assert [run["state"] for run in rollbook("runs", "--json").lines] == ["cancelled"]


def test_backfilling_again_takes_up_what_was_cancelled(rollbook, export, location, book) -> None:
    rollbook("backfill", str(export), "--no-wait")
    rollbook("cancel", "1")

    rollbook("backfill", str(export), "--no-wait")

    assert ledger_view.counts(book, run=2).waiting == 4


def test_cancel_of_an_unknown_run_is_one_line(rollbook, book) -> None:
    said = rollbook("cancel", "9")

    assert said.code == 2
    assert said.err == "rollbook: there is no run 9: `rollbook runs` lists them\n"
