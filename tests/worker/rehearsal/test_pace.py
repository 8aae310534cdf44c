"""How long so many calls take."""

from __future__ import annotations

import pytest

from worker.crm.limits import Limits
from worker.rehearsal import pace

LIMITS = Limits()


def seconds(calls: int, *, left: int = 200_000, mean_ms: float = 100.0) -> float:
    found = pace.forecast(calls, LIMITS, mean_ms=mean_ms, left_today=left, of_the_day=3600.0)
    return found.seconds


def test_quick_answers_are_bound_by_the_spacing() -> None:
    assert pace.gap(LIMITS, 100.0) == pytest.approx(0.102)


def test_slow_answers_are_bound_by_the_places_they_hold() -> None:
    assert pace.gap(LIMITS, 990.0) == pytest.approx(0.11)


def test_a_thousand_calls_take_a_gap_each() -> None:
    assert seconds(1000) == pytest.approx(999 * 0.102 + 0.1)


def test_no_call_takes_no_time() -> None:
    assert seconds(0) == 0


def test_what_the_day_has_no_calls_for_waits_for_the_next() -> None:
    found = pace.forecast(200, LIMITS, mean_ms=100.0, left_today=30_100, of_the_day=3600.0)

    assert found.days == 2
    assert found.seconds == pytest.approx(3600 + 99 * 0.102 + 0.1)


def test_what_three_days_have_no_calls_for_takes_four() -> None:
    found = pace.forecast(3 * 170_000 + 1, LIMITS, mean_ms=1, left_today=200_000, of_the_day=60.0)

    assert found.days == 4
