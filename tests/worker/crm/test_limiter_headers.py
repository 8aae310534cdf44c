"""What the CRM's headers tell the limiter: other people's calls, a smaller limit."""

from __future__ import annotations

import pytest

from contacts.jobs import Lane
from worker.crm.limiter import ComeBack, Grant, Limits

HOLD = 10_010
LEASE = 15_000 + HOLD
MARGIN = 5


def test_our_own_calls_explain_what_is_missing(bucket) -> None:
    for used in range(1, 51):
        bucket.spend(1, remaining=100 - used)

    assert bucket.look().ghosts == 0


def test_calls_on_their_way_may_or_may_not_be_counted_by_the_server(bucket) -> None:
    bucket.grant(Lane.LIVE)
    bucket.spend(1, remaining=98)
    bucket.spend(1, remaining=98)

    assert bucket.look().ghosts == 0


def test_places_that_we_cannot_explain_are_kept_free_for_a_window(bucket) -> None:
    bucket.spend(1, remaining=59)  # 40 of somebody else

    assert bucket.look().ghosts == 40 + MARGIN
    bucket.tick(HOLD)
    assert bucket.look().ghosts == MARGIN


def test_places_of_strangers_are_not_given_to_us(bucket) -> None:
    bucket.spend(1, remaining=29)

    spent = 0
    while isinstance(answer := bucket.ask(Lane.LIVE), Grant):
        bucket.done(answer.token)
        spent += 1

    assert spent == 99 - 1 - 70 - MARGIN


def test_the_same_strangers_are_counted_once(bucket) -> None:
    for used in range(41, 51):
        bucket.spend(1, remaining=100 - used)

    assert bucket.look().ghosts == 40 + MARGIN


def test_a_header_of_an_older_call_than_the_last_is_history(bucket) -> None:
    old = bucket.grant(Lane.LIVE)
    bucket.tick(1000)
    bucket.spend(1, remaining=98)

    bucket.done(old, remaining=10)

    assert bucket.look().ghosts == 0


def test_a_server_that_still_counts_a_part_of_the_last_window_is_no_stranger(bucket) -> None:
    """A sliding counter shows fewer places than our last ten seconds explain."""
    bucket.spend(60)
    bucket.tick(HOLD)
    bucket.spend(1, remaining=100 - 1 - 55)

    assert bucket.look().ghosts == 0


def test_a_slow_answer_is_judged_by_the_time_of_its_call(bucket) -> None:
    """The estimate that it shows is of then; ours of now has fallen meanwhile."""
    bucket.spend(60)
    bucket.tick(HOLD)
    token = bucket.grant(Lane.LIVE)
    bucket.tick(5000)
    bucket.done(token, remaining=100 - 1 - 55)

    assert bucket.look().ghosts == 0


def test_after_a_429_nothing_goes_for_a_window_though_places_of_ours_come_back(bucket) -> None:
    bucket.spend(90)
    bucket.tick(9000)
    bucket.done(bucket.grant(Lane.LIVE), status=429)

    for _ in range(10):
        bucket.tick(1000)
        assert isinstance(bucket.ask(Lane.LIVE), ComeBack)

    bucket.tick(3000)  # the check of two windows lets the first one through a little later
    assert isinstance(bucket.ask(Lane.LIVE), Grant)


def test_each_window_with_a_429_teaches_to_leave_two_more_places(bucket) -> None:
    margins = []
    for _ in range(20):
        for token in [bucket.grant(Lane.LIVE) for _ in range(3)]:
            bucket.done(token, status=429)
        bucket.tick(2 * HOLD)
        margins.append(bucket.look().ghosts - MARGIN)

    assert margins[:3] == [2, 4, 6]
    assert margins[-1] == 24  # of 25 a thirtieth is forgotten in the 20 s
    bucket.tick(600_000)
    assert bucket.look().ghosts == 0


@pytest.mark.parametrize("per_window", [1, 2, 3])
def test_a_small_window_is_not_all_left_to_strangers(bucket, per_window: int) -> None:
    bucket.limits = Limits(per_window=per_window)
    bucket.done(bucket.grant(Lane.LIVE), status=429)
    bucket.tick(3 * HOLD)

    assert isinstance(bucket.ask(Lane.LIVE), Grant)


def test_with_strangers_about_a_margin_is_kept_for_a_minute(bucket) -> None:
    for used in (2, 4, 6):
        bucket.spend(1, remaining=100 - used)
    bucket.tick(HOLD)

    assert bucket.look().ghosts == MARGIN
    bucket.tick(60_000 - HOLD)
    assert bucket.look().ghosts == 0


def test_calls_that_we_forgot_are_not_taken_for_strangers(new_bucket) -> None:
    new_bucket.spend(1, remaining=59)
    new_bucket.tick(LEASE)

    assert new_bucket.look().ghosts == 0


def test_two_strangers_are_no_reason_for_a_margin(bucket) -> None:
    bucket.spend(1, remaining=97)
    bucket.tick(HOLD)

    assert bucket.look().ghosts == 0


def test_a_smaller_limit_in_the_header_is_kept_to(bucket) -> None:
    bucket.spend(1, remaining=49, per_window=50)

    look = bucket.look()
    assert (look.per_window, look.ghosts) == (50, 0)
    bucket.spend(48)
    assert isinstance(bucket.ask(Lane.LIVE), ComeBack)


def test_a_larger_limit_in_the_header_is_not_believed(bucket) -> None:
    bucket.spend(1, remaining=999, per_window=1000)

    assert bucket.look().per_window == 100
    bucket.spend(98)
    assert isinstance(bucket.ask(Lane.LIVE), ComeBack)
