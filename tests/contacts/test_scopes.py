"""Least privilege: what is needed is listed with what needs it, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from contacts import scopes
from contacts.catalogue import BY_NAME
from contacts.scopes import Enabled

ALL = Enabled("2021-07-28", custom_fields=True, tags=True, notes=True, tasks=True, agency=True)
NONE = Enabled("2021-07-28")
SWITCHES = ("read_only", "custom_fields", "tags", "notes", "tasks", "agency")
EVERY = [
    Enabled(version, **dict(zip(SWITCHES, on, strict=True)))
    for version in ("2021-07-28", "v3")
    for on in product((False, True), repeat=len(SWITCHES))
]


def names(enabled: Enabled) -> list[str]:
    return [need.scope for need in scopes.needed(enabled)]


@pytest.mark.parametrize(
    ("enabled", "expected"),
    [
        pytest.param(
            replace(NONE, read_only=True), ["contacts.readonly"], id="reports and drift alone"
        ),
        pytest.param(
            NONE, ["contacts.readonly", "contacts.write", "locations.readonly"], id="contacts"
        ),
        pytest.param(
            replace(NONE, read_only=True, custom_fields=True),
            ["contacts.readonly", "locations/customFields.readonly"],
            id="custom fields, read only",
        ),
        pytest.param(
            replace(NONE, tasks=True),
            ["contacts.readonly", "contacts.write", "locations.readonly",
             "locations/tasks.readonly"],
            id="tasks",
        ),
        pytest.param(
            replace(NONE, called=frozenset({"location.tag.create", "contact.get"})),
            ["contacts.readonly", "contacts.write", "locations.readonly", "locations/tags.write"],
            id="called by name",
        ),
    ],
)  # fmt: skip
def test_the_scopes_of_what_is_on(enabled: Enabled, expected: list[str]) -> None:
    assert names(enabled) == expected


def test_an_agency_needs_two_more_for_its_own_token() -> None:
    assert set(names(ALL)) - set(names(replace(ALL, agency=False))) == {
        "oauth.readonly", "oauth.write",
    }  # fmt: skip


@pytest.mark.parametrize("enabled", EVERY, ids=repr)
def test_each_scope_is_that_of_its_operations_and_each_of_them_is_in_this_version(
    enabled: Enabled,
) -> None:
    needs = scopes.needed(enabled)

    assert len({need.scope for need in needs}) == len(needs)
    for need in needs:
        assert need.operations
        assert len(set(need.operations)) == len(need.operations)
        for name in need.operations:
            assert BY_NAME[name].scope == need.scope
            assert BY_NAME[name].is_in(enabled.version)


@pytest.mark.parametrize("enabled", [one for one in EVERY if one.read_only], ids=repr)
def test_read_only_asks_for_no_scope_that_writes_to_the_location(enabled: Enabled) -> None:
    for need in scopes.needed(enabled):
        writes = {name for name in need.operations if BY_NAME[name].writes}
        assert writes <= {"oauth.location_token"}


def test_a_scope_that_something_cannot_go_on_without_is_not_called_dispensable() -> None:
    called = replace(NONE, called=frozenset({"location.get"}))
    (need,) = [one for one in scopes.needed(called) if one.scope == "locations.readonly"]

    assert need.without == ""
    assert need.operations == ("location.get",)


def test_a_list_is_compared_both_ways() -> None:
    needs = scopes.needed(NONE)
    has = ["contacts.readonly", "locations.readonly", "calendars.write"]

    assert [one.scope for one in scopes.missing(needs, has)] == ["contacts.write"]
    assert scopes.spare(needs, has) == ["calendars.write"]
