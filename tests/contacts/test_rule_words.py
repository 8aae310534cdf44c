"""A rule as people write it, and what is said of one that is wrong."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from contacts.rule_words import Anything, Reading
from contacts.rules import Do, Rule, When

GOOD = {"name": "r", "when": "score > 3", "then": {"note": "x"}}


def read(text: str, custom: Any = None) -> tuple[Rule | None, list[tuple[str, str]]]:
    reading = Reading(custom)
    (found,) = tomllib.loads(text)["rules"]
    return reading.rule(found), reading.mistakes


def test_a_rule_with_everything_is_read() -> None:
    found, mistakes = read(
        """
        [[rules]]
        name = "  new   student "
        when = { enrolled = "Baking Bread" }
        if = 'country = "us"'
        then.add_tag = ["Student", "course: {course}"]
        then.remove_tag = "prospect"
        then.note = "Enrolled in {course} on {date}"
        then.task = { title = "Call {first_name}", body = "{score}", due = "2 days" }
        then.enrol = "c9"
        then.put_on_list = "students"
        then.take_off_list = "prospects"
        """
    )

    assert mistakes == []
    assert found is not None
    assert (found.name, found.trigger.when) == ("new student", When.ENROLLED)
    assert [one.do for one in found.actions] == [Do.ADD_TAG, *Do]
    assert found.actions[0].text.text == "student"
    task = found.actions[4]
    assert (task.due_s, task.body and task.body.text) == (172_800.0, "{score}")


def test_a_task_may_be_a_title_alone_and_is_due_tomorrow() -> None:
    found, _ = read('[[rules]]\nname = "r"\nwhen = {event = "account"}\nthen.task = "Call"')

    assert found is not None
    assert (found.actions[0].text.text, found.actions[0].due_s) == ("Call", 86_400.0)


@pytest.mark.parametrize(
    ("change", "key", "what"),
    [
        ({"name": ""}, "name", "must be a text in quotes"),
        ({"name": "x" * 81}, "name", "of at most 80 characters"),
        ({"whn": "x"}, "whn", 'did you mean "when"?'),
        ({"when": 3}, "when", "must be a condition in quotes, or a table with one of"),
        ({"when": {"tag_added": "a", "enrolled": "b"}}, "when", "one of tag_added"),
        ({"when": {"tag_aded": "a"}}, "when", "one of tag_added"),
        ({"when": {"tag_added": 3}}, "when.tag_added", '"*" stands for anything'),
        ({"when": {"tag_added": "a", "pipeline": "p"}}, "when.pipeline", "means nothing here"),
        ({"when": {"event": "NoteCreated"}}, "when.event", 'did you mean "NoteCreate"?'),
        ({"when": {"event": "enrolment"}}, "when.event", "is a trigger of its own"),
        ({"when": {"event": "workflow:"}}, "when.event", "is no event"),
        ({"when": "score = x"}, "when", "needs quotes around a text"),
        ({"if": True}, "if", "must be a condition in quotes"),
        ({"if": "email >"}, "if", "needs a value after email"),
        ({"then": {}}, "then", "must be a table with some of add_tag"),
        ({"then": {"add_tags": "x"}}, "then.add_tags", 'did you mean "add_tag"?'),
        ({"then": {"note": ["x", 3]}}, "then.note", "must be a text in quotes"),
        ({"then": {"note": "a } b"}}, "then.note", "without its partner"),
        ({"then": {"note": "{course}"}}, "then.note", "neither a field nor one of"),
        ({"then": {"task": {"due": "1 day"}}}, "then.task.title", "must be a text"),
        ({"then": {"task": {"title": "x", "due": "soon"}}}, "then.task.due", '"2 days"'),
        ({"then": {"task": {"title": "x", "when": "1"}}}, "then.task.when", "means nothing here"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(change: dict[str, Any], key: str, what: str) -> None:
    reading = Reading({"score"})

    assert reading.rule(GOOD | change) is None

    assert [(k, what in text) for k, text in reading.mistakes] == [(key, True)], reading.mistakes


def test_a_workflow_of_the_crm_may_have_any_name() -> None:
    assert Reading().rule(GOOD | {"when": {"event": "workflow:paid"}}) is not None


def test_a_rule_that_was_checked_before_is_read_whatever_the_fields_are_called_now() -> None:
    odd = GOOD | {"when": "emails > 3", "then": {"note": "{emails}"}}

    assert Reading().rule(odd) is None
    assert Reading(Anything()).rule(odd) is not None
    assert Reading({"emails"}).rule(odd) is not None
    assert (len(Anything()), list(Anything())) == (0, [])
