"""Numbers and times as a person says them."""

from __future__ import annotations

import pytest

from producers.cli import words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 s"), (0.4, "0 s"), (45, "45 s"), (59.6, "1 min"), (60, "1 min"),
        (200, "3 min 20 s"), (3600, "1 h"), (7500, "2 h 5 min"), (86_400, "1 day"),
        (273_600, "3 days 4 h"),
    ],
)  # fmt: skip
def test_a_span_has_at_most_two_units(seconds: float, said: str) -> None:
    assert words.span(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (12_345, "12,345"), (9.84, "9.8"), (1234.0, "1,234.0")]
)
def test_a_number_has_commas_and_at_most_one_digit_behind_the_point(value, said) -> None:
    assert words.number(value) == said


def test_one_is_not_plural() -> None:
    assert [words.count(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert words.count(2, "person", "people") == "2 people"


def test_a_time_of_another_day_is_said_with_its_day() -> None:
    now = 1_800_000_000.0

    assert len(words.clock(now, now)) == len("14:05:10")
    assert len(words.clock(now + 3 * 86_400, now)) == len("18 Jan 08:00")


def test_just_now_is_not_zero_seconds_ago() -> None:
    assert words.ago(100.0, 100.4) == "just now"
    assert words.ago(100.0, 300.0) == "3 min 20 s ago"
