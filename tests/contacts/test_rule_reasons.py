"""Why a rule would fire, or not, in words."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.facts import Course, Facts, Happening, Stage
from contacts.rule_circles import circles
from contacts.rule_reasons import Reason, explain, when
from contacts.rule_words import Reading
from contacts.rules import Rule

ADA = Facts(
    fields={"city": "Bonn", "custom.score": "85", "dnd": True, "custom.langs": ["de", "fr"]},
    tags=frozenset(["vip", "lead"]),
    enrolments={"5": Course("c1", "Bread")},
    stages={"o1": Stage("p1", "won")},
    events=(Happening("w1", "NoteCreate", 50.0),),
)


def rule(trigger: object, name: str = "r", only_if: str | None = None, **then: Any) -> Rule:
    table = {"name": name, "when": trigger, "then": then or {"note": "x"}}
    found = Reading().rule(table | ({"if": only_if} if only_if else {}), since=10.0)
    assert found is not None
    return found


def why(trigger: object, **more: Any) -> tuple[bool, list[str]]:
    found = explain(rule(trigger, **more), ADA, at=0.0)
    return found.fires, [f"{'+' if one.speaks_for else '-'} {one.text}" for one in found.reasons]


@pytest.mark.parametrize(
    ("trigger", "fires", "reasons"),
    [
        ("score >= 80", True, ["+ custom.score is 85 (asked: >= 80)"]),
        ("score < 80.5", False, ["- custom.score is 85 (asked: < 80.5)"]),
        ("phone is blank", True, ["+ phone is blank (asked: blank)"]),
        ("city is not blank", True, ["+ city is Bonn (asked: not blank)"]),
        ("dnd = true", True, ["+ dnd is true (asked: = true)"]),
        ('langs contains "de"', True, ['+ custom.langs: de, fr (asked: contains "de")']),
        ('lists contains "x"', False, ['- lists: none (asked: contains "x")']),
        ('city in ("Köln", "Hamm")', False, ['- city is Bonn (asked: in ("Köln", "Hamm"))']),
        (
            'city = "Köln" or not tags contains "no"',
            True,
            [
                '- city is Bonn (asked: = "Köln")',
                '+ tags: lead, vip (asked: not contains "no")',
                "+ one of these is enough",
            ],
        ),
        ("date_of_birth < 2008-01-31", False, ["- date_of_birth is blank (asked: < 2008-01-31)"]),
        ({"tag_added": "v*"}, True, ["+ tag: vip"]),
        ({"tag_added": "no"}, False, ['- no tag "no"; there is lead, vip']),
        ({"tag_removed": "vip"}, True, ["+ tag: vip"]),
        ({"enrolled": "bread"}, True, ["+ course: Bread"]),
        ({"enrolled": "c2"}, False, ['- no course "c2"; there is Bread']),
        ({"stage": "won"}, True, ["+ stage: p1 / won"]),
        ({"stage": "won", "pipeline": "p2"}, False, ['- no stage "won"; there is p1 / won']),
        ({"event": "NoteCreate"}, True, ["+ event of the last week: NoteCreate"]),
        ({"event": "newsletter"}, False, None),
    ],
)
def test_what_speaks_for_it_and_what_against(
    trigger: object, fires: bool, reasons: list[str] | None
) -> None:
    found = why(trigger)

    assert found[0] is fires
    assert reasons is None or found[1] == reasons


def test_if_is_asked_too() -> None:
    fires, reasons = why({"tag_added": "vip"}, only_if='city = "Köln"')

    assert (fires, reasons) == (False, ["+ tag: vip", '- city is Bonn (asked: = "Köln")'])


def test_what_it_would_do_has_the_contacts_values() -> None:
    found = explain(
        rule({"enrolled": "*"}, add_tag="course: {course}", note=["{city}", "{phone}"]), ADA, at=0.0
    )

    assert found.then == (
        'add the tag "course: Bread"',
        'write the note "Bonn"',
        'write the note "{phone}": left out, for something in it is blank',
    )


def test_nobody_has_anything() -> None:
    found = explain(rule({"enrolled": "*"}, note="{course}"), Facts(), at=0.0)

    assert found.reasons == (Reason("no course", speaks_for=False),)
    assert found.then == ('write the note "{course}"',)


@pytest.mark.parametrize(
    ("trigger", "text"),
    [
        ("score > 3", "a condition becomes true"),
        ({"tag_added": "*"}, "any tag is added"),
        ({"tag_removed": "vip"}, 'tag "vip" goes'),
        ({"enrolled": "*"}, "enrolled in any course"),
        ({"stage": "won", "pipeline": "p"}, 'comes into stage "won" of pipeline "p"'),
        ({"event": "account"}, 'event "account"'),
    ],
)
def test_what_it_waits_for_in_words(trigger: object, text: str) -> None:
    assert when(rule(trigger).trigger) == text


def test_circles_are_found_once_and_chains_are_none() -> None:
    one = rule({"tag_added": "a"}, "one", add_tag="b")
    two = rule({"tag_added": "b*"}, "two", enrol="c1", add_tag="c")
    three = rule({"enrolled": "c1"}, "three", add_tag="a")
    own = rule({"tag_removed": "x"}, "own", remove_tag="x")

    assert circles([one, two]) == []
    assert circles([one, two, three, own]) == [("one", "two", "three", "one"), ("own", "own")]
