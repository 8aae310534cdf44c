"""One JSON object a line, as flat texts by name."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers import ndjson
from producers.lines import LONGEST
from producers.ndjson import LIST_MARK


def read(text: str) -> list[tuple[int, dict[str, str] | str]]:
    return list(ndjson.objects(io.StringIO(text, newline="")))


def one(document: Any) -> dict[str, str] | str:
    ((_, found),) = read(json.dumps(document))
    return found


def test_blank_lines_count_and_are_skipped() -> None:
    assert read('\ufeff{"a": "1"}\r\n\n  \n{"a": "2"}') == [(1, {"a": "1"}), (4, {"a": "2"})]


def test_what_is_no_object_is_handed_back_as_it_stands() -> None:
    lines = ["{broken", "[1]", '"text"', "null", "7", '{"a": "\\ud800"}', '{"a": NaN}']
    assert read("\n".join(lines)) == [(n, line) for n, line in enumerate(lines, start=1)]


def test_an_object_within_an_object_is_outer_dot_inner() -> None:
    found = one({"student": {"email": "ada@x.org", "home": {"city": "London"}}, " a  b ": "c"})
    assert found == {"student.email": "ada@x.org", "student.home.city": "London", "a b": "c"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (4915112345678, "4915112345678"),
        (7.5, "7.5"),
        ("a\x00b", "ab"),
        ([], ""),
        (["maths", 1, None, [2, {"x": 3}]], LIST_MARK.join(["maths", "1", "", '[2,{"x":3}]'])),
        ({}, None),
    ],
)
def test_every_value_is_a_text(value: Any, text: str | None) -> None:
    assert one({"value": value}) == ({} if text is None else {"value": text})


def test_a_line_without_end_is_no_object_and_the_next_one_is() -> None:
    long = json.dumps({"note": "x" * (LONGEST + 5)})
    found = read(f'{long}\n{{"a": "1"}}\n')
    assert found[0] == (1, long[:LONGEST])
    assert found[1] == (2, {"a": "1"})


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)


@given(
    rows=st.lists(st.dictionaries(st.sampled_from("abc"), TEXTS, min_size=1), max_size=6),
    ascii_only=st.booleans(),
)
def test_texts_come_back_as_they_were(rows: list[dict[str, str]], ascii_only: bool) -> None:
    text = "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows)
    assert [found for _, found in read(text)] == rows
