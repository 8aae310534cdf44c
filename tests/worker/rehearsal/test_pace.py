"""How long so many calls take."""

from __future__ import annotations

import pytest

from contacts.tempo import Counting
from worker.crm.limits import Limits
from worker.rehearsal import pace

LIMITS = Limits()


def seconds(calls: int, *, left: int = 200_000, mean_ms: float = 100.0) -> float:
    return found(calls, left=left, mean_ms=mean_ms).seconds


def found(calls: int, *, left: int, mean_ms: float = 100.0) -> pace.Forecast:
    return pace.forecast(
        calls, LIMITS, mean_ms=mean_ms, left_today=left, of_the_day=3600.0,
        counting=Counting.WINDOWS,
    )  # fmt: skip


def test_where_no_header_is_trusted_it_does_not_matter_what_was_seen() -> None:
    assert pace.counting_of(Limits(strict=True), 2) is Counting.SLIDING
    assert pace.counting_of(LIMITS, 2) is Counting.REFILLS


def test_slow_answers_are_bound_by_the_places_they_hold() -> None:
    assert pace.gap(LIMITS, 990.0, Counting.SLIDING) == pytest.approx(0.1122, abs=1e-4)


def test_a_thousand_calls_take_a_gap_each() -> None:
    assert seconds(1000) == pytest.approx(999 * 0.1 / 0.985 + 0.1)


def test_no_call_takes_no_time() -> None:
    assert seconds(0) == 0


def test_what_the_day_has_no_calls_for_waits_for_the_next() -> None:
    told = found(200, left=30_100)

    assert told.days == 2
    assert told.seconds == pytest.approx(3600 + 99 * 0.1 / 0.985 + 0.1)


def test_what_three_days_have_no_calls_for_takes_four() -> None:
    assert found(3 * 170_000 + 1, left=200_000, mean_ms=1).days == 4
