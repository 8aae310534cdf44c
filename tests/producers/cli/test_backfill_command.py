"""`rollbook backfill`: what a person sees of it, and how it ends."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from contacts.jobs import Kind
from contacts.store import accounts, ledger_view, roster, roster_view, runs
from contacts.store.accounts import CustomField
from contacts.store.database import Store
from contacts.store.tables import tags as tag_table
from producers import survey

from .conftest import HERE, work

MAPPING = '[fields]\nemail = "Email"\nphone = "Phone"\n"custom.level" = "Level"\n'


def test_no_wait_prints_the_run_and_nothing_else_on_stdout(
    rollbook, export, location, book
) -> None:
    said = rollbook("backfill", str(export), "--no-wait")

    assert said.code == 0
    assert said.out == "1\n"
    assert "5 rows read, 2 people, 2 rows left out; 4 jobs queued" in said.err
    assert ledger_view.counts(book, run=1).waiting == 4


def test_the_same_file_again_queues_nothing_once_it_is_agreed(
    rollbook, export, location, book: Store
) -> None:
    rollbook("backfill", str(export), "--no-wait")
    agree(book)

    said = rollbook("backfill", str(export))

    assert said.code == 0
    assert "0 jobs queued" in said.out
    assert "2  in step: people who need no call" in said.out
    assert "0  calls to the CRM" in said.out


def agree(book: Store) -> None:
    """The CRM has what we hold of everybody."""
    from contacts.store import cards

    work(book)
    with book.write() as tx:
        for contact in (1, 2):
            card = cards.load(tx, contact)
            cards.settle(tx, contact, location=HERE, remote_id=f"remote{contact}",
                         agreed=card.fields, refused={}, now=book.clock())  # fmt: skip
        tx.execute(update(tag_table).values(agreed=tag_table.c.wanted))


def test_rows_that_cannot_be_used_are_in_the_rejects_with_line_and_reason(
    rollbook, export, location
) -> None:
    rollbook("backfill", str(export), "--no-wait")

    with Path("students.csv.rejects.csv").open(encoding="utf-8-sig") as file:
        rows = [(row["line"], row["column"], row["outcome"]) for row in csv.DictReader(file)]
    assert rows == [("5", "Email and Phone", "left out"), ("6", "Email", "left out")]


def test_without_a_mapping_it_says_that_columns_are_taken_for_their_names(
    rollbook, export, location
) -> None:
    said = rollbook("backfill", str(export), "--no-wait")

    assert said.err.startswith("No rollbook.toml here")


def test_rollbook_toml_is_used_when_it_is_there(rollbook, export, location, book: Store) -> None:
    Path("rollbook.toml").write_text('[fields]\nemail = "Email"\n')

    said = rollbook("backfill", str(export), "--no-wait")

    assert "No rollbook.toml" not in said.err
    assert ledger_view.counts(book, run=1).total == 2  # no tags in this mapping


def test_check_touches_nothing_but_the_rejects(rollbook, export, folder: Path) -> None:
    said = rollbook("backfill", str(export), "--check")

    assert said.code == 0
    assert said.out.splitlines() == [
        "       5  rows",
        "       3  of them can be used",
        "       2  would be left out",
        "       0  would be sent without one of their values",
        "students.csv.rejects.csv says which rows, and why.",
        "Nothing was queued.",
    ]
    assert sorted(os.listdir(folder)) == ["students.csv", "students.csv.rejects.csv"]


def test_check_knows_the_custom_fields_that_were_read_before(
    rollbook, export, location, book: Store
) -> None:
    Path("rollbook.toml").write_text(MAPPING)
    with book.write() as tx:
        accounts.save_fields(tx, HERE, [CustomField("cf1", "levels", "Levels", "TEXT")], now=1.0)

    said = rollbook("backfill", str(export), "--check")

    assert 'does not have; did you mean "levels"?' in said.err
    assert "3  of them can be used" in said.out


def test_check_for_machines_is_one_json_line(rollbook, export) -> None:
    said = rollbook("backfill", str(export), "--check", "--json")

    assert said.lines == [
        {"event": "checked", "rows": 5, "usable": 3, "left_out": 2, "trimmed": 0,
         "rejects": "students.csv.rejects.csv"}
    ]  # fmt: skip


def test_a_check_that_is_interrupted_leaves_no_half_file(
    rollbook, export, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "TELL_ROWS", 5)

    def press(self: object, rows: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("producers.cli.reading.Reading.looked", press)

    said = rollbook("backfill", str(export), "--check")

    assert said.code == 130
    assert os.listdir(folder) == ["students.csv"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(None, "rollbook: no.csv does not exist\n", id="missing"),
        pytest.param("", "rollbook: no.csv is empty\n", id="empty"),
        pytest.param("Email\n", "rollbook: no.csv has a header and no rows\n", id="header only"),
    ],
)
def test_a_file_without_people_is_one_line(rollbook, location, text: str | None, line: str) -> None:
    if text is not None:
        Path("no.csv").write_text(text)

    said = rollbook("backfill", "no.csv")

    assert (said.code, said.out) == (2, "")
    assert said.err.endswith(line)
    assert "Traceback" not in said.err


def test_a_folder_is_one_line_and_makes_no_database(rollbook, folder: Path) -> None:
    Path("dir").mkdir()

    said = rollbook("backfill", "dir")

    assert said.code == 2
    assert said.err == "rollbook: dir is a folder: name a CSV or NDJSON file\n"
    assert not (folder / "home").exists()


def test_a_mapping_with_a_column_that_is_not_there_is_one_line(rollbook, export, location) -> None:
    Path("rollbook.toml").write_text('[fields]\nemail = "E-Mail"\nphone = "Fone"\n')

    said = rollbook("backfill", str(export))

    assert said.code == 2
    assert len(said.err.splitlines()) == 2
    assert all(
        line.startswith("rollbook: rollbook.toml: fields.") for line in said.err.splitlines()
    )


def test_without_a_location_it_says_how_to_name_one(rollbook, export, book) -> None:
    said = rollbook("backfill", str(export))

    assert said.code == 2
    assert "set ROLLBOOK_CRM_LOCATION and ROLLBOOK_CRM_TOKEN" in said.err


def test_a_location_without_a_token_is_warned_of(
    rollbook, export, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_CRM_LOCATION", "loc_new")

    said = rollbook("backfill", str(export), "--no-wait")

    assert said.code == 0
    assert "location loc_new has no token yet" in said.err


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], str]:
    """A file of 1,200 people; in its first batch of rows Ctrl-C is pressed so many times."""
    rows = "".join(f"p{number}@example.org\n" for number in range(1200))
    Path("many.csv").write_text("Email\n" + rows)
    upsert = roster.upsert

    def pressed(times: int) -> str:
        def press(*args: Any, **kwargs: Any) -> Any:
            done = upsert(*args, **kwargs)
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
            return done

        monkeypatch.setattr(roster, "upsert", press)
        return "many.csv"

    return pressed


def test_ctrl_c_while_reading_ends_after_the_batch_and_says_how_to_go_on(
    rollbook, location, book: Store, many
) -> None:
    said = rollbook("backfill", many(1))

    assert said.code == 130
    assert said.out.startswith("Run 1 interrupted: 100 rows read, 100 people; ")
    assert "the same command again reads the rest" in said.out
    assert runs.get(book, 1).state == "interrupted"


def test_a_second_ctrl_c_does_not_wait_for_the_batch(rollbook, location, book, many) -> None:
    said = rollbook("backfill", many(2))

    assert said.code == 130
    assert said.out.startswith("Run 1 interrupted: 0 rows read, 0 people; 0 jobs queued.")
    assert roster_view.counts(book, HERE)["contacts"] == 0


def test_ctrl_c_in_the_first_look_queues_nothing(
    rollbook, location, book: Store, export, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(survey, "survey", press)

    said = rollbook("backfill", str(export))

    assert said.code == 130
    assert said.err.endswith("Interrupted before anything was queued.\n")
    assert runs.latest(book) is None


def test_unknown_custom_fields_go_out_unchecked_when_no_worker_lives(
    rollbook, export, location, book: Store
) -> None:
    Path("rollbook.toml").write_text(MAPPING)

    said = rollbook("backfill", str(export), "--no-wait")

    assert said.code == 0
    assert "the custom fields of loc_here are not known: custom.level go out unchecked" in said.err
    assert ledger_view.parked(book, kind=Kind.FIELDS) == []


def test_a_custom_field_that_the_location_lacks_is_left_out_and_said_once(
    rollbook, export, location, book: Store
) -> None:
    Path("rollbook.toml").write_text(MAPPING)
    with book.write() as tx:
        accounts.save_fields(tx, HERE, [CustomField("cf1", "grade", "Level", "TEXT")], now=1.0)

    said = rollbook("backfill", str(export), "--no-wait")

    assert said.err.count('does not have; its key is "grade"') == 1
    with Path("students.csv.rejects.csv").open(encoding="utf-8-sig") as file:
        first = next(csv.DictReader(file))
    assert (first["line"], first["column"], first["outcome"]) == (
        "1", "Level", "sent without this value",
    )  # fmt: skip
    assert roster_view.counts(book, HERE)["contacts"] == 2


def test_the_rejects_of_a_run_can_be_corrected_and_backfilled(
    rollbook, export, location, book: Store
) -> None:
    rollbook("backfill", str(export), "--no-wait")
    rejects = Path("students.csv.rejects.csv")
    rejects.write_text(
        rejects.read_text("utf-8").replace("not an email", "cy@example.org"), "utf-8"
    )

    said = rollbook("backfill", str(rejects), "--no-wait")

    assert "2 rows read, 1 person, 1 row left out" in said.err
    assert roster_view.find(book, HERE, email="cy@example.org") is not None
