"""``notes`` and ``tasks``: what is written of a contact, and changing it from here."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import update

from contacts.contact import Person
from contacts.store import contact_tasks, ledger_view, notebook, roster, tables
from contacts.store.database import Store

from .conftest import HERE

QUEUED = "1 job queued (contact.{}), ahead of any backfill.\n"


@pytest.fixture
def ada(book: Store, location: str) -> int:
    """A contact with a note and a task, which the CRM has."""
    with book.write() as tx:
        (done,) = roster.upsert(
            tx, HERE, [Person({"email": "ada@example.org"}, notes=("Called",))], now=book.clock()
        )
        contact_tasks.want(tx, done.contact, title="Call back", body="the invoice",
                           due_at=1_800_100_800.0, key="k", now=book.clock())  # fmt: skip
        there = dict(contact_tasks.of(tx, done.contact)[0].values)
        tx.execute(update(tables.notes).values(remote_id="n1"))
        tx.execute(update(tables.contact_tasks).values(remote_id="t1", agreed=there))
        tx.execute(update(tables.jobs).values(state="done"))
    return done.contact


def waiting(book: Store) -> int:
    return ledger_view.counts(book).waiting


def test_notes_are_listed(rollbook: Any, ada: int) -> None:
    out = rollbook("notes", "ada@example.org").out
    assert "Called" in out
    assert "in the CRM" in out


def test_notes_for_machines_are_lines_of_json(rollbook: Any, ada: int) -> None:
    assert json.loads(rollbook("notes", "1", "--json").out) == {
        "id": 1, "text": "Called", "where": "in the CRM", "remote_id": "n1", "theirs": False,
    }  # fmt: skip


def test_a_note_is_changed_and_queued(rollbook: Any, ada: int, book: Store) -> None:
    assert rollbook("notes", "1", "--change", "1", "--text", "Wrote").out == QUEUED.format("note")
    with book.read() as tx:
        assert notebook.load(tx, 1).body == "Wrote"
    assert waiting(book) == 1
    assert "changed, queued" in rollbook("notes", "1").out


def test_a_note_is_deleted_and_queued(rollbook: Any, ada: int, book: Store) -> None:
    assert rollbook("notes", "1", "--delete", "1").out == QUEUED.format("note")
    assert "deleted here, queued" in rollbook("notes", "1").out
    again = rollbook("notes", "1", "--delete", "1").out
    assert again == "The CRM has it already: nothing to do.\n"


def test_tasks_are_listed_with_their_day(rollbook: Any, ada: int) -> None:
    out = rollbook("tasks", "ada@example.org").out
    assert "Call back: the invoice" in out
    assert "2027-01-16 12:00" in out


def test_tasks_for_machines_are_lines_of_json(rollbook: Any, ada: int) -> None:
    found = json.loads(rollbook("tasks", "1", "--json").out)
    assert (found["title"], found["completed"], found["where"]) == (
        "Call back", False, "in the CRM",
    )  # fmt: skip


def test_a_task_is_completed_and_opened_again(rollbook: Any, ada: int, book: Store) -> None:
    assert rollbook("tasks", "1", "--complete", "1").out == QUEUED.format("task")
    with book.read() as tx:
        assert contact_tasks.load(tx, 1).completed
    rollbook("tasks", "1", "--open", "1")
    assert "in the CRM" in rollbook("tasks", "1").out


def test_a_task_is_added_once(rollbook: Any, ada: int, book: Store) -> None:
    words = ("tasks", "1", "--add", "Send the book", "--due", "2027-01-31 14:00")
    assert rollbook(*words).out == QUEUED.format("task")
    assert rollbook(*words).out == "The CRM has it already: nothing to do.\n"
    with book.read() as tx:
        assert len(contact_tasks.of(tx, 1)) == 2


def test_a_task_is_deleted(rollbook: Any, ada: int) -> None:
    assert rollbook("tasks", "1", "--delete", "1").out == QUEUED.format("task")


def test_nothing_to_list_is_said(rollbook: Any, ada: int, book: Store) -> None:
    with book.write() as tx:
        tx.execute(tables.notes.delete())
        tx.execute(tables.contact_tasks.delete())
    assert rollbook("notes", "1").out == "There is no note of this contact.\n"
    assert rollbook("tasks", "1").out == "There is no task of this contact.\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("notes", "1", "--change", "1"), "--change ID and --text TEXT belong together"),
        (("notes", "1", "--change", "1", "--text", " "), "the note is empty: --delete ID deletes"),
        (("notes", "1", "--delete", "9"), "the contact has no note 9: without an option"),
        (("tasks", "1", "--complete", "9"), "the contact has no task 9: without an option"),
        (("tasks", "1", "--add", "x"), "when is it due? --due 2027-01-31"),
        (("tasks", "1", "--add", " ", "--due", "2027-01-31"), "the task has no title"),
        (("tasks", "1", "--add", "x", "--due", "soon"), "--due is not a date"),
        (("tasks", "1", "--complete", "1", "--delete", "1"), "one of them, please"),
    ],
)
def test_an_unclear_wish_is_one_line(rollbook: Any, ada: int, words: Any, line: str) -> None:
    said = rollbook(*words)
    assert said.code == 2
    assert line in said.err
