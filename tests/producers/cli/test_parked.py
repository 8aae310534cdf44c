"""`rollbook parked`: what waits for a person, what to do about it, and trying it again."""

from __future__ import annotations

import re

import pytest

from contacts.store import ledger_view
from contacts.store.database import Store

from .conftest import HERE, park, put, take


@pytest.fixture
def three(book: Store, location: str) -> list[int]:
    """Three parked jobs of two reasons; their ids."""
    put(book, 1, 2, 3, run=7)
    jobs = take(book)
    for job, code in zip(jobs, ("duplicate", "duplicate", "crm-refused"), strict=True):
        park(book, job, code, f"a sentence about {code}")
    return [job.id for job in jobs]


def test_nothing_parked_is_said_in_words(rollbook, book) -> None:
    assert rollbook("parked").out == "Nothing is parked.\n"


def test_parked_jobs_stand_under_their_code_with_what_to_do(rollbook, three) -> None:
    said = rollbook("parked")

    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0:2] == [
        "duplicate: a sentence about duplicate",
        "What to do: Merge the two in the CRM or correct the row, then retry.",
    ]
    assert lines[2].split() == ["Job", "Kind", "Contact", "Location", "Run", "Attempts", "When"]
    assert lines[4].split()[:6] == [str(three[0]), "contact.push", "1", HERE, "7", "1"]
    assert re.search(r" (just now|\d+ s ago)$", lines[4].rstrip())
    assert lines[5].split()[0] == str(three[1])
    assert lines[7] == "crm-refused: a sentence about crm-refused"


def test_who_it_is_is_shown_only_when_asked_for(rollbook, export, location, book: Store) -> None:
    rollbook("backfill", str(export), "--no-wait")
    for job in take(book):
        park(book, job)

    assert "ada@example.org" not in rollbook("parked").out
    assert "ada@example.org" in rollbook("parked", "--who").out
    people = [one["who"] for one in rollbook("parked", "--who", "--json").lines]
    assert people == ["ada@example.org", "bo@example.org"]


def test_parked_can_be_asked_for_one_reason(rollbook, three) -> None:
    said = rollbook("parked", "--reason", "crm-refused", "--json")

    assert [(one["job"], one["code"]) for one in said.lines] == [(three[2], "crm-refused")]


def test_more_than_the_limit_are_hinted_at(rollbook, three) -> None:
    said = rollbook("parked", "--limit", "2")

    assert "There are more: --limit N shows them" in said.out
    assert "crm-refused" not in said.out


@pytest.mark.parametrize(
    ("words", "left"),
    [
        pytest.param(["--reason", "duplicate"], ["crm-refused"], id="reason"),
        pytest.param(["--all"], [], id="all"),
        pytest.param(["--run", "7"], [], id="run"),
    ],
)
def test_retry_puts_the_chosen_jobs_back(rollbook, three, book, words, left) -> None:
    said = rollbook("parked", "retry", *words)

    assert (said.code, said.out) == (0, f"{3 - len(left)} jobs will be tried again.\n")
    assert [one.code for one in ledger_view.parked(book)] == left


def test_retry_by_ids_puts_those_back(rollbook, three, book: Store) -> None:
    said = rollbook("parked", "retry", str(three[0]), str(three[2]))

    assert said.out == "2 jobs will be tried again.\n"
    assert [one.job for one in ledger_view.parked(book)] == [three[1]]


def test_retry_of_nothing_in_particular_is_a_question(rollbook, three, book: Store) -> None:
    said = rollbook("parked", "retry")

    assert said.code == 2
    assert (
        said.err == "rollbook: which jobs? Name their ids, or --reason CODE, --run RUN or --all\n"
    )
    assert len(ledger_view.parked(book)) == 3


def test_retry_of_a_job_that_is_not_parked_is_one_line(rollbook, three) -> None:
    said = rollbook("parked", "retry", "4711")

    assert said.code == 2
    assert said.err == "rollbook: no such job is parked: `rollbook parked` lists them\n"
