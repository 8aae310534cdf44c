"""Texts with the names of columns in braces."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import templates

LITERALS = st.text("ab {}:é\n", max_size=8)
COLUMNS = st.text("abÉ1 ", min_size=1, max_size=6).map(lambda name: " ".join(name.split()))
PARTS = st.lists(st.one_of(LITERALS, COLUMNS.filter(bool).map(lambda name: (name,))), max_size=6)


def written(parts: list[str | tuple[str]]) -> str:
    """A template as a person writes it: braces of her own are doubled."""
    return "".join(
        part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else f"{{{part[0]}}}"
        for part in parts
    )


def test_columns_are_filled_in() -> None:
    note = templates.parse("Enrolled in {Course} on { Enrolled  on }")
    row = {"Course": " Baking Bread ", "Enrolled on": "2026-03-01"}
    assert note.columns == ("Course", "Enrolled on")
    assert note.fill(row.__getitem__) == "Enrolled in Baking Bread on 2026-03-01"


def test_a_blank_column_leaves_the_whole_text_out() -> None:
    note = templates.parse("Enrolled in {Course} on {Day}")
    assert note.fill({"Course": "Bread", "Day": "  "}.__getitem__) is None


def test_doubled_braces_are_braces() -> None:
    assert templates.parse("{{Course}} {{{A}}}").fill(str.lower) == "{Course} {a}"


def test_a_text_without_columns_says_itself() -> None:
    assert templates.parse("came from us").fill(str) == "came from us"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("course: {Course", "{ without its partner"),
        ("course: Course}", "} without its partner"),
        ("{{Course}", "} without its partner"),
        ("{a}}", "} without its partner"),
        ("course: {}", "without the name of a column"),
        ("course: { }", "without the name of a column"),
    ],
)
def test_a_mistake_is_half_a_sentence(text: str, mistake: str) -> None:
    with pytest.raises(ValueError, match=r"^has ") as caught:
        templates.parse(text)
    assert mistake in str(caught.value)


@given(parts=PARTS)
def test_what_was_written_comes_out_filled(parts: list[str | tuple[str]]) -> None:
    template = templates.parse(written(parts))
    expected = "".join(part if isinstance(part, str) else part[0].upper() for part in parts)
    assert template.fill(str.upper) == expected
    assert template.columns == tuple(part[0] for part in parts if not isinstance(part, str))


@given(parts=PARTS.filter(lambda parts: any(not isinstance(part, str) for part in parts)))
def test_one_blank_is_enough_to_leave_it_out(parts: list[str | tuple[str]]) -> None:
    template = templates.parse(written(parts))
    last = template.columns[-1]
    assert template.fill(lambda column: " " if column == last else "x") is None


@given(text=st.text("{}a ", max_size=12))
def test_every_text_is_a_template_or_a_mistake_of_braces(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert templates.parse(text).fill(lambda column: column) is not None
