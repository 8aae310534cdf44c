"""Calls beyond the limit are found, and whether the server's own word covered them."""

from __future__ import annotations

import pytest

from ops.prove.allowed import Judge


def full(limit: int = 3) -> Judge:
    """A judge who saw a whole window's calls at 0, 1, 2 ms."""
    judge = Judge(limit, 10.0)
    for at in range(limit):
        judge.arrive(float(at), granted=float(at))
    return judge


def test_as_many_as_the_limit_are_fine_and_one_more_is_not() -> None:
    judge = full()
    assert (judge.most, judge.over) == (3, 0)

    judge.arrive(9.9, granted=9.0)

    assert (judge.most, judge.over, judge.unallowed) == (4, 1, 1)


def test_a_call_a_whole_window_old_counts_no_more() -> None:
    judge = full()

    judge.arrive(10.0, granted=10.0)

    assert (judge.most, judge.over) == (3, 0)


@pytest.mark.parametrize(
    ("answered", "granted", "left", "unallowed"),
    [
        pytest.param(5.0, 6.0, 1, 0, id="allowed"),
        pytest.param(5.0, 6.0, 0, 1, id="not that many"),
        pytest.param(7.0, 6.0, 1, 1, id="said too late"),
    ],
)
def test_only_a_word_that_was_heard_before_covers_a_call(
    answered: float, granted: float, left: int, unallowed: int
) -> None:
    judge = full()
    judge.tell(answered, arrived=4.0, left=left)

    judge.arrive(8.0, granted=granted)

    assert (judge.over, judge.unallowed) == (1, unallowed)


def test_what_came_since_the_answer_is_taken_from_what_it_allowed() -> None:
    judge = full()
    judge.tell(5.0, arrived=4.0, left=1)

    judge.arrive(8.0, granted=6.0)
    judge.arrive(8.5, granted=6.0)

    assert (judge.over, judge.unallowed) == (2, 1)
