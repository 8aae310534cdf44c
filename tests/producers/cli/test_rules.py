"""rollbook rules: loading a file, looking at what holds, and asking why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from contacts.contact import Person
from contacts.jobs import Kind, Lane
from contacts.rules import Rule
from contacts.store import accounts, cards, firings, roster, rulesets, watching
from contacts.store.database import Store
from contacts.store.tables import jobs
from contacts.store.weighing import EXISTING

HERE = "loc_here"

RULES = """\
[[rules]]
name = "honours"
when = "score >= 80"
if = 'not tags contains "staff"'
then = { add_tag = "honours", note = "Scored {custom.score}" }

[[rules]]
name = "new student"
when = { enrolled = "*" }
then.add_tag = "course: {course}"
"""


@pytest.fixture
def file(folder: Path) -> Path:
    path = Path("rollbook.toml")
    path.write_text(RULES, encoding="utf-8")
    return path


@pytest.fixture
def ada(book: Store, location: str) -> int:
    """Somebody who is in the CRM."""
    fields = {"email": "ada@example.org", "custom.score": "85"}
    with book.write() as tx:
        (one,) = roster.upsert(tx, HERE, [Person(fields)], now=book.clock())
        link(tx, one.contact, fields)
    return one.contact


def link(tx: Any, contact: int, agreed: dict[str, Any]) -> None:
    cards.settle(
        tx, contact, location=HERE, remote_id=f"r{contact}", agreed=agreed, refused={}, now=1.0
    )


def fire(book: Store, contact: int, name: str) -> None:
    from contacts.rules import Firing, Trigger, When

    rule = Rule(name, Trigger(When.CONDITION), ())
    with book.write() as tx:
        firings.begin(tx, HERE, contact, Firing(rule, "became:7"), job=7, now=book.clock())


# ---------------------------------------------------------------- load and list


def test_a_location_without_rules_says_how_to_get_some(rollbook: Any, location: str) -> None:
    said = rollbook("rules")

    assert said.code == 0
    assert "rollbook rules load rollbook.toml" in said.out


def test_loading_says_what_changed_and_listing_shows_it(
    rollbook: Any, location: str, file: Path, book: Store, ada: int
) -> None:
    said = rollbook("rules", "load", str(file))
    assert said.out == f"Location {HERE} has 2 rules (2 new: honours, new student).\n"
    assert "(nothing changed)" in rollbook("rules", "load", str(file)).out
    fire(book, ada, "honours")

    said = rollbook("rules")

    assert re.search(
        r"^honours +fired 1 time for 1 contact, last (just now|\d+ s ago)$", said.out, re.M
    )
    assert '  when  score >= 80, if not tags contains "staff"' in said.out
    assert '  then  add the tag "honours"; write the note "Scored {custom.score}"' in said.out
    assert "new student  has not fired yet\n  when  enrolled in any course" in said.out


def test_as_json_each_rule_is_a_line(rollbook: Any, location: str, file: Path) -> None:
    rollbook("rules", "load", str(file))

    lines = rollbook("rules", "--json").lines

    assert [(one["name"], one["times"], one["last_at"]) for one in lines] == [
        ("honours", 0, None),
        ("new student", 0, None),
    ]


def test_a_file_without_rules_takes_nothing_away(rollbook: Any, location: str, file: Path) -> None:
    rollbook("rules", "load", str(file))
    file.write_text('[fields]\nemail = "Email"\n')

    said = rollbook("rules", "load", str(file))

    assert (said.code, said.err) == (
        2,
        "rollbook: rollbook.toml has no [[rules]]: see docs/rules.md\n",
    )
    file.write_text("rules = []\n")
    assert "has 0 rules (2 gone: honours, new student)" in rollbook("rules", "load", str(file)).out


def test_an_export_brings_its_mappings_rules(
    rollbook: Any, location: str, file: Path, export: Path
) -> None:
    file.write_text('[fields]\nemail = "Email"\n' + RULES)

    said = rollbook("backfill", str(export), "--no-wait")

    assert said.code == 0
    assert "has 2 rules (2 new: honours, new student)" in said.err
    assert "2 new" not in rollbook("backfill", str(export), "--no-wait").err


# ---------------------------------------------------------------- what is wrong


def test_every_mistake_is_told_with_its_line(rollbook: Any, file: Path) -> None:
    text = RULES.replace("score >= 80", "emial >= 80").replace("enrolled", "enroled")
    file.write_text(text)

    said = rollbook("rules", "check", str(file))

    assert said.code == 2
    first, second = said.err.splitlines()
    assert first.startswith('rollbook: rollbook.toml:3: rules[1].when names "emial", which')
    assert second.startswith("rollbook: rollbook.toml:9: rules[2].when must be a condition")


def test_two_rules_of_one_name_are_told(rollbook: Any, file: Path) -> None:
    file.write_text(RULES.replace("new student", "honours"))

    said = rollbook("rules", "check", str(file))

    assert "rollbook.toml:8: rules[2].name is that of rules[1] too" in said.err


def test_a_custom_field_that_the_location_does_not_have_is_told(
    rollbook: Any, location: str, file: Path, book: Store
) -> None:
    assert "custom fields are not known here" in rollbook("rules", "check", str(file)).err
    with book.write() as tx:
        field = accounts.CustomField("id1", "scores", "Scores", "NUMERICAL")
        accounts.save_fields(tx, HERE, [field], now=1.0)

    said = rollbook("rules", "load", str(file))

    assert said.code == 2
    assert 'names "score", which is no field of the location; did you mean "scores"?' in said.err


def test_rules_that_feed_each_other_and_a_missing_platform_are_warned_of(
    rollbook: Any, location: str, file: Path
) -> None:
    file.write_text(
        '[[rules]]\nname = "ping"\nwhen = { tag_added = "a" }\nthen = { remove_tag = "a" }\n'
        '[[rules]]\nname = "pong"\nwhen = { tag_removed = "a" }\n'
        'then = { add_tag = "a", enrol = "c1" }\n'
    )

    said = rollbook("rules", "load", str(file))

    assert said.code == 0
    assert "ping sets off pong sets off ping" in said.err
    assert "no course platform is connected, and pong would tell it" in said.err


def test_fire_existing_looks_at_everybody_who_is_in_the_crm(
    rollbook: Any, location: str, file: Path, book: Store, ada: int
) -> None:
    said = rollbook("rules", "load", str(file), "--fire-existing")

    assert "1 contact will be looked at" in said.out
    with book.read() as tx:
        (row,) = tx.execute(jobs.select()).all()
        found = rulesets.of(tx, HERE)
    assert (row.kind, row.contact, row.subject) == (Kind.RULES.value, ada, EXISTING)
    assert row.lane == 2, Lane.SWEEP
    assert found is not None
    assert found.existing == {"honours", "new student"}


# ---------------------------------------------------------------- why


def test_the_test_says_which_would_fire_and_why(
    rollbook: Any, location: str, file: Path, book: Store, ada: int
) -> None:
    rollbook("rules", "load", str(file))
    fire(book, ada, "honours")

    said = rollbook("rules", "test", "ada@example.org")

    assert said.out.startswith(
        f"Contact {ada} in {HERE}. Nothing has changed since rules last looked, so none fires now."
    )
    assert (
        "honours: would fire\n"
        "  + custom.score is 85 (asked: >= 80)\n"
        '  + tags: none (asked: not contains "staff")\n'
        '  > add the tag "honours"\n'
        '  > write the note "Scored 85"\n'
        "  fired 1 time, last "
    ) in said.out
    assert (
        'new student: would not fire\n  - no course\n  > add the tag "course: {course}"' in said.out
    )


def test_a_change_that_waits_is_told(
    rollbook: Any, location: str, file: Path, book: Store, ada: int
) -> None:
    rollbook("rules", "load", str(file))
    with book.write() as tx, watching.news(tx, ada, now=book.clock()):
        link(tx, ada, {"custom.score": "70"})
    assert "Something changed, but no rule fires for it." in rollbook("rules", "test", str(ada)).out

    with book.write() as tx:
        link(tx, ada, {"custom.score": "90", "city": "Bonn"})
    file.write_text(RULES.replace("score >= 80", "city contains 'onn'"))
    said = rollbook("rules", "test", str(ada), "--file", str(file), "--json")

    first, second = said.lines
    assert (first["rule"], first["would_fire"], first["fires_next"]) == ("honours", True, True)
    assert (second["would_fire"], second["reasons"][0]["speaks_for"]) == (False, False)


def test_somebody_who_is_not_in_the_crm_or_nobody_is_one_line(
    rollbook: Any, location: str, file: Path, book: Store
) -> None:
    with book.write() as tx:
        (one,) = roster.upsert(tx, HERE, [Person({"email": "bo@example.org"})], now=book.clock())
    said = rollbook("rules", "test", "bo@example.org")
    assert (said.code, "has no rules" in said.err) == (2, True)
    rollbook("rules", "load", str(file))

    said = rollbook("rules", "test", str(one.contact))

    assert said.code == 2
    assert f"contact {one.contact} is not in the CRM yet" in said.err
