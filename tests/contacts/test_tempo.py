"""How fast bulk calls go, by how the CRM counts."""

from __future__ import annotations

import pytest

from contacts import tempo
from contacts.tempo import Counting


def gap(counting: Counting, mean_ms: float) -> float:
    return tempo.gap_ms(counting, calls=100, window_ms=10_000.0, mean_ms=mean_ms)


@pytest.mark.parametrize(
    ("counting", "mean_ms", "ms"),
    [
        pytest.param(Counting.WINDOWS, 200.0, 101.5, id="windows: how long a call takes is hidden"),
        pytest.param(Counting.REFILLS, 200.0, 100.0, id="a bucket is emptied to the last"),
        pytest.param(Counting.SLIDING, 230.0, 104.5, id="a place is held until the answer"),
        pytest.param(Counting.UNKNOWN, 200.0, 102.0, id="between them"),
        pytest.param(Counting.REFILLS, 3200.0, 200.0, id="no more than 16 are on their way"),
    ],
)
def test_the_gap_hangs_on_how_the_crm_counts(counting: Counting, mean_ms: float, ms: float) -> None:
    assert gap(counting, mean_ms) == pytest.approx(ms, abs=0.1)


def test_a_full_bucket_saves_the_time_of_its_calls() -> None:
    assert tempo.seconds(2000, 10.0, limit_per_s=10.0, spare=100) == 190.0


def test_few_calls_out_of_a_full_bucket_go_at_the_quick_pace_and_no_faster() -> None:
    assert tempo.seconds(100, 10.0, limit_per_s=10.0, spare=100) == 9.0


def test_what_nobody_saw_is_unknown() -> None:
    assert tempo.counting({"at": 1.0}) is Counting.UNKNOWN
    assert tempo.counting({"counts": 2}) is Counting.REFILLS
