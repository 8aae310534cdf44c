"""`rollbook explain`: why does it say that?"""

from __future__ import annotations

from typing import Any

import pytest

from contacts.contact import Person
from contacts.jobs import Kind
from contacts.store import cards, meeting, newcomers, roster
from contacts.store.database import Store
from contacts.store.meeting import Seen
from producers.cli import screen

from .conftest import HERE, finish, park, put, take

ADA = "ada@example.org"


@pytest.fixture
def sent(rollbook, export, location, book: Store) -> int:
    """Ada came by a file and was pushed; then somebody moved her in the CRM. Returns our id."""
    rollbook("backfill", str(export), "--no-wait")
    (job,) = [job for job in take(book) if job.kind is Kind.PUSH and job.contact == 1]
    with book.read() as tx:
        fields = cards.load(tx, 1).fields
    finish(book, job)
    with book.write() as tx:
        answer = Seen("crmAda", fields, ["vip"], None, {})
        meeting.meet(tx, job, 1, answer, sent=fields, now=book.clock())
        moved = Seen("crmAda", {**fields, "city": "Hamm"}, ["vip"], None, {})
        meeting.meet(tx, job, 1, moved, now=book.clock(), why="webhook 77 ContactUpdate")
    return 1


def test_a_value_is_traced_to_the_file_the_job_and_the_call(rollbook, sent) -> None:
    out = rollbook("explain", ADA).out

    assert f"Contact 1 in {HERE}, {ADA}, is crmAda in the CRM" in out
    came, told = out.index("came in"), out.index("told the CRM")
    assert came < told
    assert "run 1, backfill of students.csv" in out[came:told]
    assert "contact.create answered 200 in 120 ms" in out[told:]


def test_a_field_shows_only_what_touches_it_and_who_decides(rollbook, sent) -> None:
    out = rollbook("explain", "1", "city").out

    assert "city is Hamm here; agreed with the CRM: Hamm" in out
    assert "Either side may change it; where both changed it, the later edit counts" in out
    assert "taken from the CRM  city  Hamm" in out
    assert "webhook 77 ContactUpdate" in out
    assert "came in" not in out


def test_on_a_narrow_terminal_what_led_to_a_change_stands_below_it(
    rollbook, sent, monkeypatch
) -> None:
    wide = rollbook("explain", ADA, "city").out
    monkeypatch.setattr(screen, "PLAIN_WIDTH", 80)
    narrow = rollbook("explain", ADA, "city").out

    (beside,) = [line for line in wide.splitlines() if "city  Hamm" in line]
    assert "city  Hamm  webhook 77 ContactUpdate" in beside
    first, second = narrow[narrow.index("city  Hamm") :].splitlines()[:2]
    assert first == "city  Hamm"
    assert second.strip().startswith("webhook 77 ContactUpdate")
    assert max(map(len, narrow.splitlines())) <= 80


def test_what_is_planned_is_said_with_what_differs(rollbook, sent, book: Store) -> None:
    with book.write() as tx:
        roster.upsert(tx, HERE, [Person({"email": ADA, "city": "Bonn"})], now=book.clock())
    put(book, 1)

    out = rollbook("explain", ADA, "city").out

    assert "contact.push, bulk lane: waits, due now" in out
    assert "city is Bonn here, Hamm agreed: the CRM will be told" in out


def test_a_parked_job_says_why_and_what_to_type(rollbook, sent, book: Store) -> None:
    put(book, 1, kind=Kind.NOTE)
    (job, *_) = [job for job in take(book) if job.contact == 1]
    park(book, job)

    out = rollbook("explain", "1").out

    assert "parked, duplicate: there is a twin" in out
    assert f"`rollbook parked retry {job.id}`" in out


def test_tags_are_explained_together_or_one_by_one(rollbook, sent) -> None:
    assert "tag:vip  on" in rollbook("explain", ADA, "tags").out
    assert "vip: wanted here, on in the CRM" in rollbook("explain", ADA, "tag:vip").out
    assert "No such tag is known." in rollbook("explain", ADA, "tag:none").out


def test_for_machines_there_is_one_object(rollbook, sent) -> None:
    (line,) = rollbook("explain", ADA, "city", "--json").lines

    assert (line["contact"], line["ours"], line["agreed"]) == (
        1,
        {"city": "Hamm"},
        {"city": "Hamm"},
    )
    (event,) = line["events"]
    assert (event["what"], event["changes"]) == ("taken", {"city": [None, "Hamm"]})
    assert [call["operation"] for call in event["calls"]] == ["contact.create"]


def test_only_the_newest_are_shown_if_there_are_many(rollbook, sent) -> None:
    out = rollbook("explain", ADA, "--limit", "1").out

    assert "earlier ones are not shown: --limit" in out
    assert "came in" not in out


def test_a_contact_of_which_nothing_is_left_says_that_it_went(rollbook, sent, book: Store) -> None:
    with book.write() as tx:
        newcomers.remove(tx, 1, cause="deleted", now=book.clock())

    out = rollbook("explain", "1").out

    assert "Contact 1 is not here any more" in out
    assert "removed here" in out
    assert ADA not in out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        pytest.param(
            ("cy@example.org",), "nobody in loc_here is known by cy@example.org", id="who"
        ),
        pytest.param((ADA, "shoe"), "there is no field shoe: email, phone,", id="field"),
        pytest.param(("99",), "there is no contact 99", id="id"),
        pytest.param(("not@an@email",), "not@an@email", id="neither"),
    ],
)
def test_a_mistake_is_one_line(rollbook, sent, words: Any, complaint: str) -> None:
    said = rollbook("explain", *words)

    assert (said.code, said.out) == (2, "")
    assert complaint in said.err
    assert said.err.count("\n") == 1
