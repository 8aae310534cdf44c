"""The five windows, each against what its name promises."""

from __future__ import annotations

import random

import pytest

from ops.simulator.limits import window

KINDS = ("fixed-clock", "fixed-first", "sliding-log", "sliding-counter", "token-bucket")


def make(kind: str, limit: int = 10, *, counts_refused: bool = False, phase: float = 3.7):
    return window(kind, limit, 10.0, counts_refused=counts_refused, phase=phase)


def times(seed: int, count: int = 400) -> list[float]:
    rng = random.Random(seed)
    now, found = 1_000.0, []
    for _ in range(count):
        now += rng.expovariate(1.3) * rng.choice([0.05, 1, 1, 3])
        found.append(now)
    return found


def accepted(kind: str, at: list[float], *, counts_refused: bool = False) -> list[float]:
    one = make(kind, counts_refused=counts_refused)
    return [now for now in at if one.arrive(now)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_is_what_it_takes(kind: str) -> None:
    for seed in range(20):
        one = make(kind)
        for now in times(seed):
            left = one.left(now)
            assert one.arrive(now) == (left > 0)
            if left:
                assert one.left(now) == left - 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("counts_refused", [False, True])
def test_it_opens_when_it_says_and_not_before(kind: str, counts_refused: bool) -> None:
    for seed in range(20):
        one = make(kind, counts_refused=counts_refused)
        for now in times(seed):
            wait = one.opens_in(now)
            assert (wait == 0) == (one.left(now) > 0)
            if not one.arrive(now):
                again = one.opens_in(now)
                assert again > 0
                assert counts_refused or again == pytest.approx(wait)
                peek = make(kind, counts_refused=counts_refused)
                peek.__dict__.update(one.__dict__)
                if hasattr(peek, "_seen"):
                    peek._seen = peek._seen.copy()
                assert peek.left(now + again - 1e-3) == 0
                assert peek.left(now + again + 1e-3) > 0


def test_by_the_clock_each_window_is_by_itself() -> None:
    at = times(1)
    took = accepted("fixed-clock", at)
    for index in range(int((at[-1] - 1_000) // 10) + 2):
        inside = [now for now in at if (now - 3.7) // 10 == index + 99]
        assert sum(now in inside for now in took) == min(10, len(inside))


def test_from_the_first_call_a_window_begins_with_a_call() -> None:
    one = make("fixed-first", 2)
    assert [one.arrive(now) for now in (105.0, 114.9, 114.9, 115.0, 115.0, 124.9, 125.0)] == [
        True, True, False, True, True, False, True,
    ]  # fmt: skip


def test_no_interval_of_a_log_holds_more() -> None:
    for seed in range(20):
        at = times(seed)
        took = accepted("sliding-log", at)
        assert all(sum(0 <= now - first < 10 for now in took) <= 10 for first in took)
        # and whoever was refused would have been the eleventh
        for now in set(at) - set(took):
            assert sum(0 <= now - before < 10 for before in took if before < now) == 10


def test_a_counter_takes_the_share_of_the_window_before() -> None:
    one = make("sliding-counter", 10, phase=0.0)
    assert all(one.arrive(1_000.0) for _ in range(10))
    assert not one.arrive(1_009.9)
    assert one.left(1_010.0) == 0
    assert one.left(1_011.0) == 1
    assert one.left(1_015.0) == 5
    assert one.left(1_020.0) == 10


def test_a_counter_forgets_a_window_that_is_not_the_one_before() -> None:
    one = make("sliding-counter", 10, phase=0.0)
    assert all(one.arrive(1_000.0) for _ in range(10))
    assert one.left(1_021.0) == 10


def test_a_bucket_is_refilled_evenly() -> None:
    one = make("token-bucket", 10)
    assert [one.arrive(1_000.0) for _ in range(11)] == [True] * 10 + [False]
    assert [one.left(now) for now in (1_000.9, 1_001.0, 1_005.5, 1_020.0)] == [0, 1, 5, 10]


@pytest.mark.parametrize(
    ("kind", "free", "strict"),
    [
        pytest.param("fixed-clock", True, True, id="the clock goes on"),
        pytest.param("fixed-first", True, False, id="a refused call begins a window"),
        pytest.param("sliding-log", True, False, id="a refused call is in the log"),
        pytest.param("token-bucket", True, False, id="a refused call takes a token"),
    ],
)
def test_somebody_who_does_not_stop(kind: str, free: bool, strict: bool) -> None:
    """Ten at once, then four a second for ever: does anything get through again?"""
    for counts, gets_through in ((False, free), (True, strict)):
        one = make(kind, counts_refused=counts, phase=0.0)
        for _ in range(10):
            one.arrive(1_000.0)
        later = [one.arrive(1_000.0 + step / 4) for step in range(1, 400)]
        assert any(later) == gets_through


def test_an_unknown_window() -> None:
    with pytest.raises(ValueError, match="leaky"):
        window("leaky", 1, 1.0, counts_refused=False, phase=0.0)
