"""`push`, `tag` and `note`: one contact, now, ahead of any backfill."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from contacts.contact import Person
from contacts.store import cards, ledger_view, roster, tables
from contacts.store.database import Store

from .conftest import HERE, work


@pytest.fixture
def ada(book: Store, location: str) -> int:
    """A contact that the CRM has just as we have it."""
    fields = {"email": "ada@example.org", "phone": "+12022000001"}
    with book.write() as tx:
        (done,) = roster.upsert(tx, HERE, [Person(fields)], now=book.clock())
        cards.settle(tx, done.contact, location=HERE, remote_id="remote", agreed=fields,
                     refused={}, now=book.clock())  # fmt: skip
    return done.contact


def waiting(book: Store) -> tuple[int, int]:
    """Jobs in the live lane, and in the others."""
    found = ledger_view.waiting_by_location(book)
    return (found[0].live, found[0].bulk + found[0].sweep) if found else (0, 0)


@pytest.mark.parametrize("who", ["ada@example.org", " Ada@Example.org", "+1 202 200 0001", "1"])
def test_push_finds_a_contact_by_email_phone_or_id(rollbook, ada, book, who: str) -> None:
    said = rollbook("push", who)

    assert said.code == 0
    assert said.out == "1 job queued (contact.push), ahead of any backfill.\n"
    assert waiting(book) == (1, 0)


def test_a_wish_says_when_nobody_is_there_to_fulfil_it(rollbook, ada) -> None:
    said = rollbook("push", "1")

    assert said.err == "no dispatcher and no worker is alive: start them with `rollbook up`\n"


def test_a_wish_is_silent_when_everybody_is_alive(rollbook, ada, alive) -> None:
    assert rollbook("push", "1").err == ""


def test_push_of_somebody_unknown_is_one_line(rollbook, ada, book: Store) -> None:
    said = rollbook("push", "ada@example.org", "eve@example.org")

    assert said.code == 2
    assert said.err == (
        "rollbook: nobody in loc_here is known by eve@example.org: "
        "backfill a file with that row first\n"
    )
    assert waiting(book) == (0, 0)


def test_push_of_an_unknown_id_is_one_line(rollbook, ada) -> None:
    assert rollbook("push", "77").err == "rollbook: there is no contact 77\n"


def test_push_of_what_is_neither_email_nor_phone_is_one_line(rollbook, ada) -> None:
    said = rollbook("push", "Ada")

    assert said.code == 2
    assert said.err.startswith("rollbook: Ada is not a phone number")


def test_tag_puts_one_job_for_all_changes(rollbook, ada, book: Store) -> None:
    said = rollbook("tag", "ada@example.org", "--add", "VIP", "--add", "Alumni", "--remove", "new")

    assert said.out == "1 job queued (contact.tag), ahead of any backfill.\n"
    with book.read() as tx:
        owed = cards.load_tags(tx, ada)
    assert (owed.owed_add, owed.owed_remove) == ({"vip", "alumni"}, {"new"})


def test_a_tag_that_is_there_already_costs_nothing(rollbook, ada, book: Store) -> None:
    with book.write() as tx:
        roster.upsert(tx, HERE, [Person({"email": "ada@example.org"}, add_tags=frozenset({"vip"}))],
                      now=book.clock())  # fmt: skip
        tx.execute(
            update(tables.tags)
            .where(tables.tags.c.contact == ada)
            .values(agreed=tables.tags.c.wanted)
        )

    assert rollbook("tag", "1", "--add", "vip").out == "The CRM has it already: nothing to do.\n"
    assert waiting(book) == (0, 0)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "which tags? --add TAG puts one on, --remove TAG takes one off"),
        (("--add", "vip", "--remove", "VIP"), "--add and --remove both name vip"),
    ],
)
def test_tag_without_a_clear_wish_is_one_line(rollbook, ada, words, line) -> None:
    said = rollbook("tag", "1", *words)

    assert (said.code, said.err) == (2, f"rollbook: {line}\n")


def test_a_note_is_queued_once_however_often_it_is_wished(rollbook, ada, book: Store) -> None:
    rollbook("note", "1", "Called back.")
    work(book)
    with book.write() as tx:
        tx.execute(update(tables.notes).values(remote_id="remote-note"))

    said = rollbook("note", "ada@example.org", "Called back.")

    assert said.out == "The CRM has it already: nothing to do.\n"


def test_an_empty_note_is_one_line(rollbook, ada) -> None:
    assert rollbook("note", "1", "  ").err == "rollbook: the note is empty\n"
