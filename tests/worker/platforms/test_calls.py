"""The limit of a course platform, as the limiter takes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from worker.platforms.calls import limits


@given(some.integers(1, 100_000))
def test_no_minute_ever_holds_more_calls_than_the_platform_takes(per_minute: int) -> None:
    bucket = limits(per_minute)

    assert 1 <= bucket.per_window * 60_000 // bucket.window_ms <= per_minute


@pytest.mark.parametrize(
    ("per_minute", "per_window", "window_ms"),
    [(1, 1, 60_000), (11, 11, 60_000), (12, 2, 10_000), (20, 3, 10_000), (400, 66, 10_000)],
)
def test_the_window_is_ten_seconds_where_two_calls_fit_in(
    per_minute: int, per_window: int, window_ms: int
) -> None:
    bucket = limits(per_minute)

    assert (bucket.per_window, bucket.window_ms) == (per_window, window_ms)
