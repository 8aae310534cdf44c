"""The judges themselves: the five servers against their definitions, counted the slow way."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.prove.latencies import LATENCIES, Hostile
from ops.prove.servers import (
    SERVERS,
    Fixed,
    Panel,
    SlidingCounter,
    SlidingLog,
    Strangers,
    TokenBucket,
    most_in_any,
)

LIMIT, WINDOW = 5, 100.0

# Whole numbers: then no sum depends on the order of its rounding.
times = st.lists(st.integers(0, 600), max_size=60).map(sorted)
fixed_examples = settings(derandomize=True, database=None, max_examples=200, deadline=None)


def accepted(server, calls: list[int]) -> list[int]:
    """The calls that the server lets through."""
    return [at for at in calls if server.arrive(float(at))[0]]


@fixed_examples
@given(calls=times)
def test_a_log_accepts_what_keeps_every_interval_within_the_limit(calls: list[int]) -> None:
    expected: list[int] = []
    for at in calls:
        if sum(at - WINDOW < before for before in expected) < LIMIT:
            expected.append(at)

    assert accepted(SlidingLog(LIMIT, WINDOW), calls) == expected


@fixed_examples
@given(calls=times, phase=st.integers(0, 99))
def test_windows_by_the_clock_each_take_the_limit(calls: list[int], phase: int) -> None:
    found = accepted(Fixed(LIMIT, WINDOW, phase=float(phase)), calls)

    for window in range(-1, 7):
        inside = [at for at in calls if phase <= at - window * WINDOW < phase + WINDOW]
        assert [at for at in found if at in inside] == inside[:LIMIT]


@fixed_examples
@given(calls=times)
def test_a_window_from_the_first_call_begins_again_at_the_next_one_after_it(calls) -> None:
    expected, begin = [], float("-inf")
    for at in calls:
        if at >= begin + WINDOW:
            begin, count = at, 0
        if count < LIMIT:
            expected.append(at)
        count += 1

    assert accepted(Fixed(LIMIT, WINDOW, phase=None), calls) == expected


@fixed_examples
@given(calls=times)
def test_two_windows_count_the_last_one_by_the_part_that_is_still_covered(calls) -> None:
    expected: list[int] = []
    for at in calls:
        begin = at // 100 * 100
        now = sum(before >= begin for before in expected)
        last = sum(begin - 100 <= before < begin for before in expected)
        if last * (100 - (at - begin)) + (now + 1) * 100 <= LIMIT * 100:
            expected.append(at)

    assert accepted(SlidingCounter(LIMIT, WINDOW), calls) == expected


@fixed_examples
@given(calls=times)
def test_a_bucket_is_full_at_first_and_fills_evenly(calls: list[int]) -> None:
    expected, level, last = [], LIMIT * 100, 0
    for at in calls:
        level = min(LIMIT * 100, level + (at - last) * LIMIT)
        last = at
        if level >= 100:
            expected.append(at)
            level -= 100

    assert accepted(TokenBucket(LIMIT, WINDOW), calls) == expected


@fixed_examples
@given(calls=times)
def test_the_most_in_any_interval_is_that_of_the_worst_interval(calls: list[int]) -> None:
    worst = max((sum(at - WINDOW < one <= at for one in calls) for at in calls), default=0)

    assert most_in_any(WINDOW, [float(at) for at in calls]) == worst


@pytest.mark.parametrize("name", SERVERS)
def test_every_server_shows_how_many_more_it_would_take_and_takes_no_more(name: str) -> None:
    server = SERVERS[name](LIMIT, WINDOW)

    shown = [server.arrive(1000.0) for _ in range(LIMIT + 1)]

    assert [left for _, left in shown] == [4, 3, 2, 1, 0, 0]
    assert [fine for fine, _ in shown] == [True] * LIMIT + [False]


def test_the_panel_refuses_what_any_one_refuses() -> None:
    panel = Panel(LIMIT, WINDOW)

    verdicts = [panel.arrive(1000.0) for _ in range(LIMIT + 1)]

    assert verdicts == [True] * LIMIT + [False]
    assert set(panel.refused.values()) == {1, 7}  # once by each server, at each of its phases


def test_strangers_take_their_places_before_us() -> None:
    gaps = iter([0.0] * (LIMIT - 2) + [float("inf")])
    server = Strangers(SlidingLog(LIMIT, WINDOW), lambda: next(gaps), begin=50.0)

    assert server.arrive(40.0) == (True, LIMIT - 1)
    assert server.arrive(60.0) == (False, 0)
    assert server.accepted == LIMIT - 1


@pytest.mark.parametrize("name", [*LATENCIES, "hostile"])
def test_no_call_arrives_before_it_was_sent(name: str) -> None:
    latency = LATENCIES.get(name) or Hostile(Random(1))
    random = Random(2)

    legs = [latency(random, now * 100.0) for now in range(5000)]

    assert all(up >= 0 and down >= 0 for up, down in legs)
