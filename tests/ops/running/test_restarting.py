"""When a dead child is started again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ops.running.restarting import LONGEST_S, QUICK_S, STEADY_S, next_start


def test_the_first_death_is_answered_at_once() -> None:
    assert next_start(0.1, 0) == (0.0, 1)


def test_one_that_keeps_dying_at_its_start_waits_longer_each_time() -> None:
    waits, quick = [], 0
    for _ in range(9):
        wait, quick = next_start(0.1, quick)
        waits.append(wait)
    assert waits == [0, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_healthy_life_makes_it_forget() -> None:
    assert next_start(STEADY_S, 7) == (0.0, 0)


def test_a_death_after_the_start_is_answered_at_once_but_not_forgotten() -> None:
    assert next_start(QUICK_S + 1, 3) == (0.0, 3)


@given(
    lives=st.lists(st.floats(min_value=0, max_value=100), max_size=50),
)
def test_no_wait_is_longer_than_the_longest_and_none_follows_a_real_life(
    lives: list[float],
) -> None:
    quick = 0
    for lived in lives:
        wait, quick = next_start(lived, quick)
        assert 0 <= wait <= LONGEST_S
        assert lived < QUICK_S or wait == 0
