"""What a condition asks, and what is said of one that cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import conditions
from contacts.condition_words import BadCondition, parse

ADA: dict[str, Any] = {
    "email": "ada@example.org",
    "city": "Köln",
    "date_of_birth": "1990-05-01",
    "dnd": False,
    "custom.score": "85",
    "custom.ratio": 7.5,
    "custom.languages": ["German", "French"],
    "custom.exam": "2026-03-02T00:00:00.000Z",
    "tags": ["course: bread", "vip"],
    "courses": ["Baking", "c1"],
    "lists": [],
    "stages": ["won"],
}


@pytest.mark.parametrize(
    "text",
    [
        "custom.score >= 80",
        "score >= 80",
        "custom.contact.score = 85",
        "score > 84.5 and score < 86 and score <= 85 and score != 84",
        'city = "köln"',
        'city != "Bonn"',
        'city in ("Bonn", "Köln")',
        'email = "ADA@example.org"',
        'city contains "öl"',
        'custom.languages contains "german"',
        "custom.ratio = 7.50",
        "date_of_birth < 2008-01-31",
        "custom.exam = 2026-03-02",
        "dnd = false",
        'tags contains "VIP"',
        'courses contains "c1" and courses contains "baking"',
        'stages contains "won"',
        "lists is blank",
        "phone is blank and not email is blank and city is not blank",
        'city = "Bonn" or (score > 80 and not tags contains "staff")',
        'not (city = "Bonn") and not not tags contains "vip"',
        "city = 'Köln'",
    ],
)
def test_what_is_so_of_ada(text: str) -> None:
    assert parse(text).holds(ADA)


@pytest.mark.parametrize(
    "text",
    [
        "score > 85",
        'city = "Bonn"',
        "city > 3",
        "city < 2008-01-31",
        'phone != "+12025550100"',
        "state < 5 or state >= 5",
        'tags contains "vi"',
        "dnd = true",
        "custom.languages is blank",
        "lists is not blank",
        'custom.languages = "German"',
        "custom.score = 2026-03-02",
    ],
)
def test_what_is_not_so_of_ada(text: str) -> None:
    assert not parse(text).holds(ADA)


def test_and_binds_closer_than_or() -> None:
    found = parse('city = "a" or city = "b" and state = "c"')

    assert isinstance(found, conditions.Either)
    assert found.holds({"city": "a"})
    assert not found.holds({"city": "b"})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("city = Bonn", 'needs quotes around a text: city … "Bonn"'),
        ('emial = "x"', 'names "emial", which is not a field; did you mean "email"?'),
        ('tags = "vip"', 'write tags contains "vip"'),
        ('score > "80"', "needs a number or a day after custom.score >, without quotes"),
        ("score >=", "needs a value after custom.score"),
        ('(city = "a"', "has a ( without its )"),
        ('city = "a', 'has a " without its partner'),
        ('city = "a" state', "has 'state' where and, or or its end is expected"),
        ("and", "has 'and' where the name of a field is expected"),
        ("", "ends where the name of a field is expected"),
        ("city", "needs a comparison after city"),
        ("city ~ 3", "cannot be read at '~ 3'"),
        ("city in 3", 'needs a list after in: city in ("one", "another")'),
        ('city in ("a"', "has a ( without its )"),
        ("score contains 3", "needs a text after contains"),
        ("date_of_birth < 2008-02-31", "has 2008-02-31, which is no day"),
        ("date_of_birth > 3", "write a day as 2008-01-31"),
        ('dnd = "yes"', "write true or false, without quotes"),
        ('phone = "030 90"', "has a phone without its country"),
        ('email = "nobody"', "email is not an email address"),
        ("not " * 40 + "city is blank", "more than 30"),
    ],
)
def test_what_cannot_be_read_is_said_with_what_to_write(text: str, what: str) -> None:
    with pytest.raises(BadCondition) as caught:
        parse(text)

    assert what in str(caught.value)


def test_a_field_that_the_location_does_not_have_is_none() -> None:
    custom = {"score", "level"}
    assert parse("score > 3", custom) == parse("custom.score > 3", custom)
    with pytest.raises(BadCondition, match=r'did you mean "score"'):
        parse("custom.scor > 3", custom)
    with pytest.raises(BadCondition, match="no field of the location"):
        parse("points > 3", custom)


def test_it_names_the_fields_that_it_asks_for() -> None:
    found = parse('not (score > 3 or city is blank) and tags contains "x"')

    assert conditions.names(found) == {"custom.score", "city", "tags"}
    assert [one.name for one in conditions.tests(found)] == ["custom.score", "city", "tags"]


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading(text: str) -> None:
    try:
        found = parse(text)
    except BadCondition:
        return
    assert found.holds({}) in (True, False)


VALUES = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.lists(st.text(max_size=4), max_size=3),
)


@given(VALUES, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.integers(-9, 9))
def test_no_value_breaks_a_comparison(value: Any, op: str, number: int) -> None:
    assert parse(f"custom.x {op} {number}").holds({"custom.x": value}) in (True, False)


@given(st.integers(-99, 99), st.integers(-99, 99))
def test_numbers_are_ordered_as_numbers_are(one: int, other: int) -> None:
    held = {op for op in ("<", "=", ">") if parse(f"x {op} {other}").holds({"custom.x": str(one)})}

    assert held == {"<" if one < other else "=" if one == other else ">"}
