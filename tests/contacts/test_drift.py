"""Whether a row of a list shows another contact than was agreed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import merge
from contacts.drift import Grave, Ours, Shown, differences, gravity
from contacts.policy import TABLE

NAMES = ("email", "first_name", "city", "website", "source", "dnd", "company_name")


def ours(agreed: dict[str, Any], **more: Any) -> Ours:
    return Ours(agreed, more.pop("fields", agreed), **more)


def shown(values: dict[str, Any], **more: Any) -> Shown:
    return Shown(values, more.pop("fields", {*NAMES, "last_name", "name"}), **more)


def test_a_row_that_shows_what_was_agreed_differs_in_nothing() -> None:
    held = {"email": "ada@example.com", "city": "London"}
    assert differences(ours(held), shown(held), TABLE) == ()


def test_another_value_is_a_difference() -> None:
    assert differences(ours({"city": "London"}), shown({"city": "Paris"}), TABLE) == ("city",)


def test_a_field_that_the_row_cannot_show_is_not_blank_in_it() -> None:
    held = {"city": "London", "website": "https://a.example"}
    row = shown({"city": "London"}, fields={"city"})
    assert differences(ours(held), row, TABLE) == ()


def test_a_field_that_it_can_show_and_does_not_have_was_emptied() -> None:
    found = differences(ours({"city": "London"}), shown({}), TABLE)
    assert found == ("city",)
    assert gravity(ours({"city": "London"}), shown({}), found, TABLE) is Grave.BLANK


def test_case_that_a_row_does_not_show_is_no_difference() -> None:
    row = shown({"first_name": "mcadam"}, caseless={"first_name"})
    assert differences(ours({"first_name": "McAdam"}), row, TABLE) == ()
    assert differences(ours({"first_name": "McAdam"}), shown({"first_name": "mcadam"}), TABLE)


def test_another_name_is_a_difference_in_any_case() -> None:
    row = shown({"first_name": "eve"}, caseless={"first_name"})
    assert differences(ours({"first_name": "Ada"}), row, TABLE) == ("first_name",)


def test_false_where_another_list_says_nothing_is_no_difference() -> None:
    assert differences(ours({}), shown({"dnd": False}), TABLE) == ()


def test_our_own_write_whose_answer_was_lost_is_no_difference() -> None:
    known = ours({"city": "London"}, unanswered={"city": ["Paris"]})
    assert differences(known, shown({"city": "Paris"}), TABLE) == ()


@pytest.mark.parametrize(
    ("known", "tags", "differ"),
    [
        pytest.param({"vip": True}, {"vip"}, False, id="as agreed"),
        pytest.param({"vip": True}, set(), True, id="taken off"),
        pytest.param({"vip": False}, {"vip"}, True, id="put on again"),
        pytest.param({}, {"new"}, True, id="never seen"),
        pytest.param({"vip": None}, set(), False, id="not told yet"),
        pytest.param({"vip": True}, None, False, id="the row shows none"),
    ],
)
def test_tags_are_compared_with_what_was_agreed(known: Any, tags: Any, differ: bool) -> None:
    one, row = ours({}, tags=known), shown({}, tags=tags)
    found = differences(one, row, TABLE)
    assert found == (("tags",) if differ else ())
    if differ:
        assert gravity(one, row, found, TABLE) is Grave.RETAG


def test_another_value_alone_is_not_grave() -> None:
    known, row = ours({"city": "London"}), shown({"city": "Paris"})
    assert gravity(known, row, ("city",), TABLE) is None


VALUES = st.dictionaries(st.sampled_from(NAMES[1:5]), st.sampled_from(["a", "b", "C", ""]))


@given(agreed=VALUES, fields=VALUES, theirs=VALUES)
def test_where_nothing_differs_a_look_would_change_nothing_here(
    agreed: dict[str, Any], fields: dict[str, Any], theirs: dict[str, Any]
) -> None:
    agreed, theirs = ({n: v for n, v in one.items() if v} for one in (agreed, theirs))
    known = Ours(agreed, fields)

    if differences(known, Shown(theirs, NAMES), TABLE):
        return

    merged = merge.merge(agreed, fields, theirs, shown=set(NAMES))
    assert all(not str(fields.get(name, "")) for name in merged.to_ours)
