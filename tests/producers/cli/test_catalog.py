"""The catalogue: nothing in it that the code does not have, and each trigger exercised."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from contacts import belt, events, platform_events
from contacts.catalogue import OPERATIONS
from contacts.condition_words import parse
from contacts.conditions import SETS
from contacts.facts import NOBODY, Course, Facts, Happening, Stage
from contacts.jobs import Kind
from contacts.platforms import Event as Hook
from contacts.rule_reasons import DOES
from contacts.rule_words import WORKFLOW, Reading
from contacts.rules import Do, When, decide
from contacts.store import inbox
from contacts.store.database import Store
from contacts.store.tables import jobs, opportunities
from producers.cli import catalog_rows
from producers.cli.catalog_rows import ACTIONS, CONDITIONS, Group, entries
from producers.cli.codes import KINDS

ROOT = Path(__file__).parents[3]
LEAST = 126
HERE = "loc_here"

ENTRIES = entries()


def of(group: Group) -> list[str]:
    return [one.name for one in ENTRIES if one.group is group]


# ---------------------------------------------------------------- it is the code's own list


def test_it_has_at_least_as_many_actions_and_triggers_as_the_document_names() -> None:
    assert len(ENTRIES) >= LEAST
    assert max(Counter((one.group, one.name) for one in ENTRIES).values()) == 1


def test_every_row_of_every_table_is_in_it_and_says_what_it_does() -> None:
    ticks = {value for name, value in vars(belt).items() if name.startswith("TICK_")}
    tables: dict[Group, set[str]] = {
        Group.CALL: {one.name for one in OPERATIONS},
        Group.DEED: {kind.value for kind in Kind if kind is not Kind.CALL},
        Group.EFFECT: {do.value for do in Do},
        Group.WEBHOOK: set(events.HEEDED),
        Group.HOOK: {one.value for one in Hook},
        Group.SCHEDULE: ticks,
        Group.WHEN: {one.value for one in When},
    }

    assert {group: set(of(group)) for group in tables} == tables
    assert [one.name for one in ENTRIES if not one.does.endswith(".")] == []
    assert set(KINDS) - {Kind.CALL} == set(catalog_rows.DEED_NEEDS)
    assert set(DOES) == set(Do)


def test_what_it_says_is_needed_exists() -> None:
    from contacts.settings import Settings

    settings = {f"ROLLBOOK_{name.upper()}" for name in Settings.model_fields}
    named = {need.split("=")[0].split()[0] for one in ENTRIES for need in one.needs}

    assert {name for name in named if name.startswith("ROLLBOOK_")} - settings == set()


# ---------------------------------------------------------------- the command


def test_for_machines_it_is_a_line_for_each(rollbook: Any) -> None:
    said = rollbook("catalog", "--json")

    assert len(said.lines) == len(ENTRIES)
    note = next(one for one in said.lines if one["name"] == "contact.note.create")
    assert (note["is"], note["method"], note["scope"]) == ("action", "POST", "contacts.write")
    assert {field["name"] for field in note["body"] if field["needed"]} == {"body"}
    assert note["after_a_lost_answer"] == "look"


def test_for_people_it_says_how_many(rollbook: Any) -> None:
    actions = sum(one.group in ACTIONS for one in ENTRIES)

    said = rollbook("catalog")

    assert f"{actions} actions, {len(ENTRIES) - actions} triggers" in said.out
    assert "[[rules]]" in said.out


def test_a_whole_name_shows_all_of_a_call(rollbook: Any) -> None:
    said = rollbook("catalog", "contact.campaigns.clear")

    assert "DELETE /contacts/{contactId}/campaigns/removeAll" in said.out
    assert "in v3: /contacts/{contactId}/campaigns/remove-all" in said.out


def test_a_word_that_is_nowhere_suggests_one(rollbook: Any) -> None:
    said = rollbook("catalog", "contact.notez")

    assert said.code == 2
    assert 'did you mean "contact.note' in said.err


# ---------------------------------------------------------------- webhooks and hooks

JOB = {
    **dict.fromkeys(events.CONTACT, Kind.PULL),
    **dict.fromkeys(events.NOTE, Kind.NOTES),
    **dict.fromkeys(events.TASK, Kind.TASKS),
    events.INSTALL: Kind.FIELDS,
}


def payload(type: str) -> dict[str, Any]:
    body = {"type": type, "locationId": HERE, "webhookId": "w1", "id": "thing000000000000001"}
    if type not in events.CONTACT:
        body["contactId"] = "ada00000000000000001"
    if type in events.OPPORTUNITY:
        body |= {"pipelineId": "p1", "pipelineStageId": "won"}
    return body


@pytest.mark.parametrize("type", sorted(events.HEEDED - {events.WORKFLOW}))
def test_a_webhook_is_heard_and_has_its_job(type: str, book: Store, location: str) -> None:
    event = events.read(orjson.dumps(payload(type)), now=book.clock())

    with book.write() as tx:
        inbox.receive(tx, [event], now=book.clock())

    with book.read() as tx:
        put = [row.kind for row in tx.execute(select(jobs))]
        known = tx.execute(select(opportunities.c.id)).all()
    assert put == ([JOB[type].value] if type in JOB else [])
    assert bool(known) == (type in events.OPPORTUNITY)
    assert [tally.type for tally in inbox.tallies(book)] == [type]


def test_a_workflow_is_heard_and_has_its_job(book: Store, location: str) -> None:
    body = orjson.dumps({"contact_id": "ada00000000000000001", "event": "paid"})
    event = events.read_workflow(body, id="w1", location=HERE, now=book.clock())

    with book.write() as tx:
        inbox.receive(tx, [event], now=book.clock())

    with book.read() as tx:
        assert [row.kind for row in tx.execute(select(jobs))] == [Kind.PULL.value]


@pytest.mark.parametrize("hook", list(Hook))
def test_a_hook_of_the_platform_is_read(hook: Hook) -> None:
    body = orjson.dumps({"email": "ada@example.org", "courseId": "c1", "courseTitle": "Baking"})

    (found,) = platform_events.read(
        body, content_type="application/json", type=hook, location=HERE, now=1.0
    )

    assert (found.type, found.values["email"]) == (hook, "ada@example.org")


# ---------------------------------------------------------------- rules

ADA: dict[str, Any] = {
    "custom.score": "85",
    "city": "Turin",
    "tags": ["vip"],
    "courses": ["Baking"],
    "lists": ["buyers"],
    "stages": ["won"],
}
SO = {
    "FIELD = VALUE": "custom.score = 85",
    "FIELD != VALUE": "custom.score != 84",
    "FIELD < VALUE": "custom.score < 86",
    "FIELD <= VALUE": "custom.score <= 85",
    "FIELD > VALUE": "custom.score > 84",
    "FIELD >= VALUE": "custom.score >= 85",
    "FIELD contains TEXT": 'city contains "uri"',
    "FIELD in (TEXT, TEXT)": 'city in ("Turin", "Bonn")',
    "FIELD is blank": "phone is blank",
    "FIELD is not blank": "city is not blank",
    "… and …": "custom.score > 1 and city is not blank",
    "… or …": "custom.score > 99 or city is not blank",
    "not …": "not custom.score > 99",
    "tags contains TEXT": 'tags contains "vip"',
    "courses contains TEXT": 'courses contains "Baking"',
    "lists contains TEXT": 'lists contains "buyers"',
    "stages contains TEXT": 'stages contains "won"',
}


@pytest.mark.parametrize("words", of(Group.CONDITION))
def test_a_condition_can_be_asked(words: str) -> None:
    asked = parse(SO[words])

    assert asked.holds(ADA)
    assert words in CONDITIONS or words.split(maxsplit=1)[0] in SETS


AFTER = Facts(
    fields={"custom.score": "85"},
    tags=frozenset({"new"}),
    enrolments={"e1": Course("c1", "Baking")},
    stages={"o1": Stage("p1", "won")},
)
BEFORE = Facts(tags=frozenset({"old"}))
WAITS: dict[str, Any] = {
    "condition": "custom.score >= 80",
    "tag_added": {"tag_added": "new"},
    "tag_removed": {"tag_removed": "old"},
    "enrolled": {"enrolled": "Baking"},
    "stage": {"stage": "won"},
    "event": {"event": "newsletter"},
}


def fires(when: object, after: Facts, *, then: dict[str, str] | None = None) -> list[str]:
    reading = Reading()
    rule = reading.rule({"name": "r", "when": when, "then": then or {"add_tag": "done"}})
    assert rule is not None, reading.mistakes
    return [one.rule.name for one in decide([rule], BEFORE, after, seen="1")]


@pytest.mark.parametrize("when", of(Group.WHEN))
def test_a_rule_can_wait_for_it(when: str) -> None:
    heard = Facts(
        fields=AFTER.fields, tags=AFTER.tags, enrolments=AFTER.enrolments, stages=AFTER.stages,
        events=(Happening("k", "newsletter", 1.0),),
    )  # fmt: skip

    assert fires(WAITS[when], heard) == ["r"]


@pytest.mark.parametrize("name", of(Group.EVENT))
def test_a_rule_can_wait_for_the_event(name: str) -> None:
    wanted = name.replace("NAME", "paid") if name.startswith(WORKFLOW) else name

    assert fires({"event": wanted}, Facts(events=(Happening("k", wanted, 1.0),))) == ["r"]
    assert fires({"event": wanted}, NOBODY) == []


# ---------------------------------------------------------------- exercised elsewhere

WORKER = "tests/worker"
TRIED: dict[str, str] = {
    # what jobs do by themselves
    "contact.push": f"{WORKER}/test_push.py::test_a_new_contact_is_created_by_one_call",
    "contact.tag": f"{WORKER}/test_tags.py::test_tags_are_added_to_those_that_are_there",
    "contact.note": f"{WORKER}/test_notes.py::test_a_note_is_one_call_without_a_look",
    "contact.task": f"{WORKER}/test_contact_tasks.py::test_a_task_is_one_call_without_a_look",
    "location.fields": f"{WORKER}/test_fields.py"
    "::test_the_fields_are_kept_and_used_by_the_next_push",
    "contact.pull": f"{WORKER}/test_pull.py::test_a_persons_edit_becomes_ours",
    "contact.notes": f"{WORKER}/test_notes_both_ways.py"
    "::test_notes_that_people_write_are_kept_with_their_id_there",
    "contact.tasks": f"{WORKER}/test_contact_tasks.py"
    "::test_a_task_completed_there_is_completed_here_by_one_read",
    "location.task": f"{WORKER}/test_contact_tasks.py"
    "::test_an_event_without_a_contact_is_handed_over_by_one_search",
    "location.tasks": f"{WORKER}/test_contact_tasks.py::test_the_night_finds_what_no_event_tells",
    "location.page": f"{WORKER}/test_reconcile.py"
    "::test_an_edit_of_which_no_webhook_came_is_found_and_taken_in",
    "contact.doubt": f"{WORKER}/test_doubt.py"
    "::test_a_note_that_comes_late_beside_the_second_one_is_removed",
    "contact.rules": f"{WORKER}/test_rules.py"
    "::test_a_condition_that_becomes_true_gives_a_tag_and_a_note",
    "platform.enrol": f"{WORKER}/test_course_platform.py"
    "::test_an_enrolment_is_one_call_and_then_settled",
    "platform.list": f"{WORKER}/test_course_platform.py::test_a_list_is_a_column_of_yes_and_no",
    "platform.push": f"{WORKER}/test_course_platform.py::test_what_the_crm_decides_is_written_back",
    "platform.feed": f"{WORKER}/test_course_platform.py"
    "::test_what_changed_reaches_the_crm_with_its_tags",
    "platform.courses": f"{WORKER}/test_course_platform.py::test_the_courses_are_kept",
    "location.check": f"{WORKER}/test_check.py::test_each_look_is_one_call_and_keeps_no_contact",
    "location.probe": f"{WORKER}/test_probe.py::test_two_parts_tell_how_the_crm_counts",
    "access.exchange": f"{WORKER}/test_access.py"
    "::test_a_location_that_installs_is_worked_with_its_own_token",
    "access.locations": f"{WORKER}/test_access.py"
    "::test_an_agency_that_installs_brings_all_its_locations",
    "access.refresh": f"{WORKER}/test_access.py::test_a_token_near_its_end_is_renewed_by_the_clock",
    # what a rule may do
    "add_tag": f"{WORKER}/test_rules.py::test_a_condition_that_becomes_true_gives_a_tag_and_a_note",
    "note": f"{WORKER}/test_rules.py::test_a_condition_that_becomes_true_gives_a_tag_and_a_note",
    "remove_tag": f"{WORKER}/test_rules.py::test_a_file_does_not_undo_what_a_rule_took_off",
    "task": f"{WORKER}/test_rules.py::test_a_task_is_due_so_long_after_the_firing",
    "enrol": f"{WORKER}/test_rules.py::test_a_tag_that_somebody_gives_in_the_crm_enrols_and_lists",
    "put_on_list": f"{WORKER}/test_rules.py"
    "::test_a_tag_that_somebody_gives_in_the_crm_enrols_and_lists",
    "take_off_list": f"{WORKER}/test_rule_lists.py"
    "::test_a_rule_takes_somebody_off_a_list_that_another_put_her_on",
    # the clock
    "clock.reclaim": f"{WORKER}/test_tasks.py"
    "::test_the_clock_takes_lost_jobs_back_and_parks_what_kills_every_worker",
    "clock.prune": f"{WORKER}/test_tasks.py::test_the_clock_forgets_old_calls_and_jobs",
    "clock.heartbeat": f"{WORKER}/test_tasks.py"
    "::test_the_clock_shows_that_beat_redis_and_a_worker_are_one_chain",
    "clock.night": f"{WORKER}/test_reconcile.py"
    "::test_a_night_begins_once_for_each_location_at_its_own_moment",
    "clock.scan": f"{WORKER}/test_reconcile.py::test_a_scan_finds_what_changed_lately",
    "clock.renew": f"{WORKER}/test_access.py::test_a_token_near_its_end_is_renewed_by_the_clock",
    # the calls that give access
    "oauth.token": f"{WORKER}/test_access.py"
    "::test_a_location_that_installs_is_worked_with_its_own_token",
    "oauth.location_token": f"{WORKER}/test_access.py"
    "::test_an_agency_that_installs_brings_all_its_locations",
    "oauth.reconnect": f"{WORKER}/test_access.py"
    "::test_an_answer_that_was_lost_for_longer_is_healed_by_a_reconnect",
}
"""Where the others are exercised; the calls by name all are in tests/worker/test_every_call.py."""


def test_whatever_is_not_exercised_here_is_by_a_test_that_exists() -> None:
    access = {one.name for one in OPERATIONS if not one.by_name}
    elsewhere = {*of(Group.DEED), *of(Group.EFFECT), *of(Group.SCHEDULE), *access}

    assert set(TRIED) == elsewhere
    assert [where for where in TRIED.values() if not is_there(where)] == []


def is_there(where: str) -> bool:
    file, _, name = where.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return any(isinstance(one, ast.FunctionDef) and one.name == name for one in ast.walk(tree))
