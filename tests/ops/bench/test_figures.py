"""Figures from samples, by hand where a hand can do it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.bench import figures
from ops.bench.figures import Sample, Usage

MB = 2**20


def steady(seconds: int, per_s: float, **usage: Usage) -> list[Sample]:
    """One sample a second of a run that makes so many calls each second."""
    by_pid = dict(enumerate(usage.values()))
    return [Sample(100.0 + s, round(s * per_s), by_pid) for s in range(seconds + 1)]


def test_use_is_calls_by_time_between_five_and_ninety_five_percent() -> None:
    samples = steady(100, 9.5)

    found = figures.busy(samples)

    assert (found[0].accepted, found[-1].accepted) == (48, 902)
    assert figures.calls_per_s(found) == pytest.approx(9.5, rel=0.01)


def test_slow_start_is_outside_the_busy_part() -> None:
    waiting = [Sample(float(s), 0, {}) for s in range(50)]
    working = [Sample(50.0 + s, s * 10, {}) for s in range(101)]
    ending = [Sample(151.0 + s, 1000, {}) for s in range(30)]

    found = figures.busy(waiting + working + ending)

    assert figures.calls_per_s(found) == pytest.approx(10.0)


def test_time_from_first_to_last_call_leaves_waiting_out() -> None:
    waiting = [Sample(float(s), 7, {}) for s in range(5)]
    working = [Sample(5.0 + s, 7 + (s + 1) * 10, {}) for s in range(10)]
    ending = [Sample(15.0 + s, 107, {}) for s in range(5)]

    assert figures.first_to_last_s(waiting + working + ending) == 14.0 - 4.0


@pytest.mark.parametrize(
    "samples",
    [
        pytest.param([], id="none"),
        pytest.param([Sample(0.0, 0, {})] * 9, id="no call was accepted"),
        pytest.param([Sample(0.0, 0, {}), Sample(1.0, 50, {}), Sample(2.0, 100, {})], id="short"),
    ],
)
def test_too_few_samples_are_no_figure(samples: list[Sample]) -> None:
    with pytest.raises(ValueError, match="too few samples"):
        figures.busy(samples)


def test_cpu_is_the_difference_by_role() -> None:
    first = Sample(0.0, 100, {1: Usage("worker", 5.0, MB), 2: Usage("beat", 1.0, MB)})
    last = Sample(60.0, 700, {1: Usage("worker", 6.2, MB), 2: Usage("beat", 1.3, MB)})

    assert figures.cpu_s([first, last]) == pytest.approx({"worker": 1.2, "beat": 0.3})
    assert figures.cpu_ms_per_call([first, last]) == pytest.approx({"worker": 2.0, "beat": 0.5})
    assert figures.cpu_ms_per_s([first, last]) == pytest.approx({"worker": 20.0, "beat": 5.0})


def test_cpu_of_a_worker_that_died_and_of_its_successor_both_count() -> None:
    samples = [
        Sample(0.0, 0, {1: Usage("worker", 5.0, MB)}),
        Sample(1.0, 10, {1: Usage("worker", 5.5, MB)}),
        Sample(2.0, 20, {2: Usage("worker", 0.75, MB)}),
    ]

    assert figures.cpu_s(samples) == pytest.approx({"worker": 1.25})


def test_memory_compares_the_first_third_with_the_last() -> None:
    sizes = [50, 51, 52, 60, 90, 60, 58, 57, 56]
    samples = [Sample(float(n), n, {1: Usage("worker", 0, s * MB)}) for n, s in enumerate(sizes)]

    found = figures.memory(samples, "worker")

    assert (found.early, found.late, found.peak) == (51 * MB, 57 * MB, 90 * MB)
    assert found.growth == 6 * MB


def test_memory_of_the_worker_that_grew_most_is_shown() -> None:
    samples = [
        Sample(float(n), n, {1: Usage("worker", 0, 99 * MB), 2: Usage("worker", 0, (50 + n) * MB)})
        for n in range(9)
    ]

    found = figures.memory(samples, "worker")

    assert found.growth == 6 * MB
    assert found.peak == 99 * MB


def test_memory_of_nobody_is_no_figure() -> None:
    with pytest.raises(ValueError, match="seen as worker"):
        figures.memory(steady(9, 10, one=Usage("redis", 0, MB)), "worker")


def test_percentile_is_the_nearest_rank() -> None:
    values = [float(n) for n in range(1, 201)]
    random.Random(1).shuffle(values)

    assert figures.percentile(values, 0.5) == 100
    assert figures.percentile(values, 0.99) == 198
    assert figures.percentile(values, 1.0) == 200


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.001, 1.0))
def test_percentile_covers_its_share(values: list[float], share: float) -> None:
    found = figures.percentile(values, share)

    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.1)])
def test_percentile_of_nothing_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        figures.percentile(values, share)


def test_fairness_is_one_for_equals_and_a_share_when_one_has_it_all() -> None:
    assert figures.jain([7, 7, 7]) == pytest.approx(1)
    assert figures.jain([9, 0, 0]) == pytest.approx(1 / 3)
    assert figures.jain([]) == 1
