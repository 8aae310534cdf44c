"""The report of a run: what a person wants to know at the end, and nothing that is not so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contacts.contact import Person, fingerprint
from contacts.store import cards, roster, runs
from contacts.store.database import Store
from producers.cli import report

from .conftest import HERE, put, work


@pytest.fixture
def run(book: Store, location: str) -> runs.Run:
    """A run of two contacts, all done; the CRM left a field of one out."""
    with book.write() as tx:
        id = runs.start(tx, location=HERE, kind="backfill", title="students.csv", now=book.clock())
        runs.read(tx, id, {"rows": 2, "people": 2, "new": 1, "pushes": 2}, book.clock())
    put(book, 1, 2, run=id)
    work(book)
    phone = "+12025550143"
    people = [Person({"email": f"{n}@example.org", "custom.level": "A"}) for n in range(2)]
    with book.write() as tx:
        roster.upsert(tx, HERE, [*people, Person({"phone": phone})], now=1.0)
        level, other = {"custom.level": fingerprint("A")}, {"phone": fingerprint(phone)}
        for contact, refused in ((1, {}), (2, level), (3, other)):
            cards.settle(tx, contact, location=HERE, remote_id=f"remote{contact}", agreed={},
                         refused=refused, now=book.clock())  # fmt: skip
    found = runs.get(book, id)
    assert found is not None
    return found


def said(book: Store, run: runs.Run, capsys: pytest.CaptureFixture[str], **more: Path) -> str:
    report.say(report.gather(book, run, **more), book.clock(), json=False)
    return capsys.readouterr().out


def test_what_is_nought_and_unusual_is_not_mentioned(run, book: Store, capsys) -> None:
    out = said(book, run, capsys)

    for word in ("merged", "left out:", "parked", "cancelled", "tried again", "queued"):
        assert word not in out


def test_a_field_that_the_crm_left_out_is_named_with_how_often(run, book: Store, capsys) -> None:
    out = said(book, run, capsys)

    assert "The CRM left out custom.level of 1 contact: `rollbook dropped` says more.\n" in out
    assert "phone" not in out  # of a contact that is not of this run


def test_the_rejects_are_named(run, book: Store, capsys) -> None:
    out = said(book, run, capsys, rejects=Path("students.csv.rejects.csv"))

    assert "students.csv.rejects.csv says which rows, and why" in out


def test_the_report_for_machines_is_one_line(run, book: Store, capsys) -> None:
    report.say(report.gather(book, run), book.clock(), json=True)

    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert found["event"] == "report"
    assert (found["state"], found["jobs"]["done"]) == ("finished", 2)
    assert (found["dropped"], found["rejects"]) == ({"custom.level": 1}, None)
