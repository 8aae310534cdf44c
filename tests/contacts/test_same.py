"""Values that mean the same, in whatever spelling the CRM gives them back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.cleaning import Value, same

ANY = st.one_of(
    st.text("aT1.-äß ", max_size=12),
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.lists(st.text("aT1.-äß ", max_size=5), max_size=3),
    st.dates().map(str),
    st.from_regex(r"[0-9]{1,14}", fullmatch=True),
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("7.50", 7.5),
        ("7", 7.0),
        ("1e3", 1000),
        ("-0.5", "-0.50"),
        ("2026-01-02", "2026-01-02T00:00:00.000Z"),
        ("01/02/2026", "2026-01-02"),
        ("2026-01-02", 1767312000000),
        ("maths", ["maths"]),
        (["a", "b"], ["b", "a"]),
        (True, "true"),
        ("Ann ", "Ann"),
    ],
)
def test_these_mean_the_same(one: Value, other: Value) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("007", "7"),
        ("007", 7),
        ("+4915112345678", "4915112345678"),
        ("4155550100", "4155550111"),  # as epochs they would be one day of 1970
        ("1", True),
        ("2026-01-02", "2026-01-03"),
        ("2026-01-02T10:00:00Z", "2026-01-02T11:00:00Z"),
        ("2026-02-30", "2026-02-31"),
        (["a", "b"], ["a"]),
        (["a", "b"], "a, b"),
        ("Ann", "ann"),
        ("", 0),
    ],
)
def test_these_do_not(one: Value, other: Value) -> None:
    assert not same(one, other)
    assert not same(other, one)


@given(one=ANY, other=ANY)
def test_same_is_symmetric_and_holds_for_itself(one: Value, other: Value) -> None:
    assert same(one, one)
    assert same(one, other) == same(other, one)
