"""`rollbook forget`: a person is erased here, and it is said what remains elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from contacts.store import cards
from contacts.store.database import Store
from contacts.store.tables import contacts, metadata

from .conftest import HERE, take, work

ADA = "ada@example.org"


@pytest.fixture
def ada(rollbook, export, location, book: Store) -> int:
    """Ada, by a file, linked to a contact of the CRM; returns our id."""
    rollbook("backfill", str(export), "--no-wait")
    work(book)
    with book.write() as tx:
        cards.settle(tx, 1, location=HERE, remote_id="crmAda", agreed={}, refused={}, now=1.0)
    return 1


def everything(book: Store) -> str:
    with book.read() as tx:
        tables = metadata.sorted_tables
        return "\n".join(str(row) for table in tables for row in tx.execute(select(table)))


def test_what_was_erased_and_what_remains_is_said(rollbook, ada, book: Store) -> None:
    said = rollbook("forget", ADA, "--yes")

    assert said.code == 0
    assert f"Contact 1 in {HERE} is erased here:" in said.out
    assert "1  contact\n" in said.out
    assert f"in the CRM, location {HERE}: contact crmAda, with what it holds" in said.out
    assert ADA not in everything(book)
    assert "Ada Brown" not in everything(book)


def test_the_same_file_does_not_bring_them_back(rollbook, ada, export, book: Store) -> None:
    rollbook("forget", ADA, "--yes")

    rollbook("backfill", str(export), "--no-wait")

    with book.read() as tx:
        assert list(tx.execute(select(contacts.c.email)).scalars()) == ["bo@example.org"]
    assert {job.contact for job in take(book)} == {2}
    report = rollbook("report").out
    assert "1  of these of people who were forgotten on request" in report
    assert ADA not in Path("students.csv.rejects.csv").read_text(encoding="utf-8-sig")


def test_rejected_rows_of_theirs_go(rollbook, ada) -> None:
    rejects = Path("old.csv.rejects.csv")
    head = "line,column,reason,outcome,Name,Email,Phone\n"
    rejects.write_text(
        f"\ufeff{head}2,Level,is odd,left out,Ada Brown,ADA@example.org,\n"
        "3,Level,is odd,left out,Bo,bo@example.org,\n"
        "4,Email,is no email,left out,A. B.,?,202-200-0001\n",
        encoding="utf-8",
    )

    said = rollbook("forget", ADA, "--yes")

    assert "2 rows taken out of" in said.out
    assert rejects.read_text(encoding="utf-8-sig").splitlines() == [
        head.strip(),
        "3,Level,is odd,left out,Bo,bo@example.org,",
    ]


def test_without_yes_nobody_is_erased_where_nobody_can_be_asked(rollbook, ada, book) -> None:
    said = rollbook("forget", ADA)

    assert (said.code, said.out) == (2, "")
    assert said.err == "rollbook: nobody was asked whether to erase them: say --yes\n"
    assert ADA in everything(book)


def test_forgotten_is_not_unknown(rollbook, ada) -> None:
    rollbook("forget", ADA, "--yes")

    assert rollbook("forget", ADA, "--yes").err == (
        f"rollbook: {ADA} was forgotten before: nothing is left to erase\n"
    )
    assert "nobody here is known by cy@example.org" in rollbook("forget", "cy@example.org").err


def test_undo_lets_them_in_again(rollbook, ada, export, book: Store) -> None:
    rollbook("forget", ADA, "--yes")
    assert rollbook("forget", ADA, "--undo").out == f"{ADA} may come in again.\n"

    rollbook("backfill", str(export), "--no-wait")

    with book.read() as tx:
        assert ADA in list(tx.execute(select(contacts.c.email)).scalars())
    assert rollbook("forget", ADA, "--undo").err == f"rollbook: {ADA} was not forgotten here\n"


def test_for_machines(rollbook, ada) -> None:
    (line,) = rollbook("forget", "1", "--yes", "--json").lines

    assert (line["contact"], line["crm_ids"]) == (1, ["crmAda"])
    assert line["erased"]["contacts"] == 1
