"""Rows of a CSV text: quotes, stray quotes, endless lines."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers import rows
from producers.lines import LONGEST, numbered
from producers.rows import TOO_LONG, UNCLOSED, Row, separated


def read(text: str, delimiter: str = ",") -> list[Row]:
    return list(separated(io.StringIO(text, newline=""), delimiter))


def test_a_row_knows_the_line_it_begins_in() -> None:
    found = read('a,b\r\n\r\n"two\nlines",c\r\rd,e\n')
    assert found == [Row(1, ["a", "b"]), Row(3, ["two\nlines", "c"]), Row(6, ["d", "e"])]


def test_a_doubled_quote_is_a_quote_and_rows_of_nothing_are_skipped() -> None:
    assert read('"say ""hi""",5" tall\n,\n\n') == [Row(1, ['say "hi"', '5" tall'])]


def test_a_nul_character_is_dropped() -> None:
    assert read("a\x00b,\x00\x00c\n\x00\n") == [Row(1, ["ab", "c"])]


def test_a_quote_that_is_never_closed_costs_one_line_only() -> None:
    found = read('a,b\n"c,d\ne,"f\ng"\n"h,i\nj,k\n')
    assert [(row.line, row.problem) for row in found if row.problem] == [(5, UNCLOSED)]
    assert found[-2:] == [Row(5, ['"h', "i"], UNCLOSED), Row(6, ["j", "k"])]


def test_a_quote_open_at_the_end_of_the_file_is_told() -> None:
    assert read('a,"b') == [Row(1, ["a", '"b'], UNCLOSED)]


def test_an_open_quote_before_very_much_text_costs_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "LONGEST", 1000)
    lines = ["x,y", '"open,y', *(f"a{n},b{n}" for n in range(1000))]
    found = read("\n".join(lines))
    assert [row.line for row in found if row.problem] == [2]
    assert len(found) == len(lines)


def test_a_value_that_is_too_long_costs_its_row_only() -> None:
    found = read(f"a,b\n{'x' * (rows.LONGEST + 1)},c\nd,e\n")
    assert [(row.line, row.problem) for row in found] == [(1, None), (2, TOO_LONG), (3, None)]
    assert all(len(cell) <= rows.LONGEST for row in found for cell in row.cells)


def test_a_line_without_end_is_cut_and_told() -> None:
    many = ",".join(["x" * 1000] * (LONGEST // 1000 + 10))
    found = read(f"a,b\n{many}\nd,e\n")
    assert [(row.line, row.problem) for row in found] == [(1, None), (2, TOO_LONG), (3, None)]
    assert [len(line) for _, line in numbered(io.StringIO(many))] == [LONGEST]


@given(text=st.text('a,"\n\r\x00é', max_size=60), delimiter=st.sampled_from(",;\t"))
def test_any_text_is_read_to_its_end_and_no_line_twice(text: str, delimiter: str) -> None:
    found = read(text, delimiter)
    lines = [row.line for row in found]
    assert lines == sorted(set(lines))
    assert all(any(row.cells) or row.problem for row in found)


@given(text=st.text("a,\n\r", max_size=40))
def test_without_quotes_every_line_that_says_something_is_a_row(text: str) -> None:
    plain = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert [row.cells for row in read(text)] == [
        line.split(",") for line in plain if line.strip(",")
    ]
