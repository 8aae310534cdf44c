"""`rollbook dropped`: what the CRM silently left out, and sending it again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from contacts.contact import Person, fingerprint
from contacts.store import cards, roster
from contacts.store.database import Store
from contacts.store.tables import jobs

from .conftest import HERE

SAID = {"city": "X", "custom.level": "1"}


@pytest.fixture
def two(book: Store, location: str) -> list[int]:
    """Two contacts of which the CRM left something out; our ids."""
    people = [Person({"email": f"{name}@example.org", **SAID}) for name in "ab"]
    with book.write() as tx:
        ids = [one.contact for one in roster.upsert(tx, HERE, people, now=1.0)]
        for id, names in zip(ids, (["city", "custom.level"], ["custom.level"]), strict=True):
            cards.settle(
                tx, id, location=HERE, remote_id=f"r{id}", agreed={}, now=1.0,
                refused={name: fingerprint(SAID[name]) for name in names},
            )  # fmt: skip
    return ids


def queued(book: Store) -> list[int]:
    with book.read() as tx:
        return list(tx.execute(select(jobs.c.contact).order_by(jobs.c.id)).scalars())


def test_nothing_left_out_is_said_in_words(rollbook, book) -> None:
    assert rollbook("dropped").out == "The CRM has left nothing out.\n"


def test_what_was_left_out_is_listed_by_name_and_no_value_is_shown(rollbook, two) -> None:
    said = rollbook("dropped")

    assert said.code == 0
    assert [line.split() for line in said.out.splitlines() if HERE in line] == [
        [str(two[0]), HERE, "city,", "custom.level"],
        [str(two[1]), HERE, "custom.level"],
    ]
    assert "rollbook dropped retry --field custom.level" in said.out
    assert "example.org" not in said.out


def test_one_field_can_be_asked_for(rollbook, two) -> None:
    said = rollbook("dropped", "--field", "city", "--json")

    made = {"city": "dropped", "custom.level": "dropped"}
    assert said.lines == [
        {"contact": two[0], "location": HERE, "fields": ["city", "custom.level"], "made": made}
    ]


def test_more_than_the_limit_are_hinted_at(rollbook, two) -> None:
    assert "There are more" in rollbook("dropped", "--limit", "1").out


def test_a_field_is_sent_again_for_whoever_lacks_it(rollbook, two, book) -> None:
    said = rollbook("dropped", "retry", "--field", "city")

    assert said.out == "1 contact will be sent again.\n"
    assert queued(book) == [two[0]]
    assert "city" not in rollbook("dropped", "--json").out


def test_all_are_sent_again(rollbook, two, book) -> None:
    assert rollbook("dropped", "retry", "--all").out == "2 contacts will be sent again.\n"
    assert queued(book) == two


@pytest.mark.parametrize("words", [[], ["--field", "state"]], ids=["none named", "none left out"])
def test_nothing_to_send_again_is_one_line(rollbook, two, words) -> None:
    said = rollbook("dropped", "retry", *words)

    assert said.code == 2
    assert len(said.err.splitlines()) == 1
