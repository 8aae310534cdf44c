"""Every request of our client and every answer of the stand-in is as the official specification has
it, but for the deviations that are listed."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from rich.console import Console

from contacts.catalogue import OPERATIONS
from ops.conformance import deviations, report
from ops.conformance.deviations import Deviation
from ops.conformance.exchange import Exchange
from ops.conformance.findings import Findings, judge
from ops.conformance.specification import GENERATIONS, Specification


@pytest.fixture(scope="module")
def found(published: Specification, played: Sequence[Exchange]) -> Findings:
    return judge(published, deviations.load(), played)


def test_nothing_violates_the_specification(found: Findings) -> None:
    assert [str(one) for one in found.violations] == []


def test_every_operation_is_called_in_each_generation_that_has_it(found: Findings) -> None:
    assert [(one.operation.name, one.generation) for one in found.unasked] == []
    assert {(one.operation.name, one.generation) for one in found.checked} == {
        (one.name, generation)
        for one in OPERATIONS
        for generation in GENERATIONS
        if one.is_in(generation)
    }


def test_every_deviation_is_needed(found: Findings) -> None:
    assert [one.name for one in found.unneeded] == []
    assert found.good


def test_a_deviation_says_who_says_so() -> None:
    for one in deviations.load():
        assert min(map(len, (one.says, one.really, one.source))) > 2, one.name
        assert set(one.generations) <= set(GENERATIONS)


def test_what_is_refused_is_checked_too(found: Findings) -> None:
    statuses = {status for one in found.checked for status in one.statuses}
    assert statuses >= {400, 401, 403, 422, 429}


def test_machines_are_told_the_same(found: Findings) -> None:
    told = json.loads(report.as_json(found))
    assert (told["good"], told["violations"], told["unasked"]) == (True, [], [])
    assert {one["operation"] for one in told["checked"]} == {one.name for one in OPERATIONS}
    assert all(one["source"] and one["needed"] for one in told["deviations"])


def test_a_deviation_that_nothing_needs_is_an_error(
    published: Specification, played: Sequence[Exchange]
) -> None:
    some = [one for one in played if one.path.endswith("/notes")]
    made_up = Deviation(
        "made up", "nothing", "nothing either", "nobody", ("v3",), "contacts",
        ("components", "schemas", "GetNoteSchema", "properties", "mood"), {"type": "string"},
    )  # fmt: skip
    known = [one for one in deviations.load() if one.name in ("traceId", "403", "429")]

    found = judge(published, [*known, made_up], some)

    assert made_up in found.unneeded
    assert "not needed the deviation made up" in shown(found)


def test_what_is_wrong_comes_last_and_says_where(
    found: Findings, checker: object, played: Sequence[Exchange], published: Specification
) -> None:
    one = next(one for one in played if one.path.endswith("/tags") and one.ours)
    broken = replace(one, answer=b'{"tags":[7],"traceId":"t"}')

    told = shown(
        judge(published, [one for one in deviations.load() if one.app == "every"], [broken])
    )

    assert "answer at tags/*" in told
    assert "7 is not of type 'string'" in told
    assert told.rstrip().endswith("does not conform")


def shown(found: Findings) -> str:
    text = io.StringIO()
    report.show(found, Console(file=text, width=160))
    return text.getvalue()
