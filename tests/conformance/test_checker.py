"""The validator can fail: every way to be otherwise than specified is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ops.conformance.checker import Checker
from ops.conformance.deviations import Deviation, corrected
from ops.conformance.exchange import Exchange
from ops.conformance.specification import Specification


@pytest.fixture
def got(played: Sequence[Exchange]) -> Exchange:
    """A contact that was read."""
    return next(
        one
        for one in played
        if one.method == "GET" and one.path.count("/") == 2 and one.status == 200 and one.ours
    )


@pytest.fixture
def made(played: Sequence[Exchange]) -> Exchange:
    """A contact that was made, in v3."""
    return next(
        one
        for one in played
        if (one.method, one.path, one.status, one.generation, one.ours)
        == ("POST", "/contacts/", 201, "v3", True)
    )


def answering(one: Exchange, **changes: Any) -> Exchange:
    """The same with another contact in the answer."""
    told = json.loads(one.answer)
    told["contact"] = {**told["contact"], **changes}
    return replace(one, answer=json.dumps(told).encode())


def asking(one: Exchange, **changes: Any) -> Exchange:
    """The same with another body."""
    return replace(one, body=json.dumps({**json.loads(one.body), **changes}).encode())


def wrong(checker: Checker, one: Exchange) -> list[str]:
    return [f"{found.side} {found.where}: {found.what}" for found in checker.violations(one)]


def test_what_was_seen_is_well(checker: Checker, got: Exchange, made: Exchange) -> None:
    assert wrong(checker, got) == wrong(checker, made) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"mood": "good"}, "answer contact: 200: Additional properties are not allowed ('mood'"),
        ({"city": 7}, "answer contact/city: 200: 7 is not of type 'string'"),
        ({"tags": "vip"}, "answer contact/tags: 200: 'vip' is not of type 'array'"),
        ({"customFields": [{"key": "x", "value": 1}]}, "answer contact/customFields/*: 200: Addit"),
    ],
)
def test_an_answer_that_is_otherwise_is_told(
    checker: Checker, got: Exchange, changes: dict[str, Any], told: str
) -> None:
    (found,) = wrong(checker, answering(got, **changes))
    assert found.startswith(told)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"answer": b'{"traceId":"t"}'}, "'contact' is a required property"),
        ({"answer": b"[]"}, "is not of type 'object'"),
        ({"answer": b"<html>"}, "Failed to deserialize"),
        ({"kind": "text/html"}, "text/html"),
        ({"status": 204}, "204"),
    ],
    ids=lambda value: None if isinstance(value, str) else next(iter(value)),
)
def test_an_answer_that_is_none_is_told(
    checker: Checker, got: Exchange, changes: dict[str, Any], told: str
) -> None:
    (found,) = wrong(checker, replace(got, **changes))
    assert told in found


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"locationid": "x"}, "request : Additional properties are not allowed ('locationid'"),
        ({"dnd": "true"}, "request dnd: 'true' is not of type 'boolean'"),
        ({"dndSettings": {"SMS": {"status": "active"}}}, "request dndSettings: Additional"),
        ({"customFields": [{"id": "x", "value": "A"}]}, "request customFields/*: "),
    ],
)
def test_a_request_that_is_otherwise_is_told(
    checker: Checker, made: Exchange, changes: dict[str, Any], told: str
) -> None:
    (found,) = wrong(checker, asking(made, **changes))
    assert found.startswith(told)


def test_only_our_own_requests_are_checked(checker: Checker, made: Exchange) -> None:
    theirs = {**made.headers, "user-agent": "curl/8"}
    assert wrong(checker, replace(asking(made, mood="good"), headers=theirs)) == []


def test_a_value_of_the_query_that_is_not_described_is_told(
    checker: Checker, got: Exchange
) -> None:
    (found,) = wrong(checker, replace(got, query="fields=all"))
    assert found == "request : the query has fields, which is not described"


def test_a_call_that_the_specification_does_not_have_is_told(
    checker: Checker, got: Exchange
) -> None:
    (found,) = wrong(checker, replace(got, path="/contacts/a/b/c/d"))
    assert found == "request : the specification has no such call"


def test_the_list_is_no_call_of_v3(checker: Checker, played: Sequence[Exchange]) -> None:
    one = next(one for one in played if (one.method, one.path) == ("GET", "/contacts/"))
    assert wrong(checker, one) == []
    assert wrong(checker, replace(one, headers={**one.headers, "version": "v3"})) == [
        "request : the specification has no such call"
    ]


def test_names_come_before_ids(checker: Checker, got: Exchange) -> None:
    asked = replace(got, path="/contacts/search/duplicate")
    assert checker.operation(asked) == "GET /contacts/search/duplicate"


def test_a_place_that_is_not_there_is_an_error(published: Specification) -> None:
    nowhere = Deviation(
        "nowhere", "", "", "", ("v3",), "contacts", ("components", "schemas", "None", "type"), ""
    )
    with pytest.raises(ValueError, match="nowhere corrects a place that is not there"):
        corrected(published, "v3", [nowhere])
