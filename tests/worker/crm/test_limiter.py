"""The verbs of the limiter, one by one, on an in-memory Redis and on a real one."""

from __future__ import annotations

from itertools import pairwise

import pytest

from contacts.errors import RateLimited
from contacts.jobs import Lane
from worker.crm.limiter import ComeBack, Grant, Limits

W = 10_000
HOLD = W + 10
LEASE = 15_000 + HOLD


def test_live_calls_go_at_once_until_one_place_is_left(bucket) -> None:
    bucket.spend(99)

    assert isinstance(bucket.ask(Lane.LIVE), ComeBack)
    assert bucket.look().used == 99


def test_a_place_is_free_a_window_and_10_ms_after_the_answer(bucket) -> None:
    token = bucket.grant(Lane.LIVE)
    bucket.tick(3000)
    bucket.done(token)

    bucket.tick(HOLD - 1)
    assert bucket.look().used == 1
    bucket.tick(1)
    assert bucket.look().used == 0


def test_with_all_places_taken_the_wait_is_the_rest_of_the_oldest(bucket) -> None:
    bucket.spend(99)
    bucket.tick(9000)

    answer = bucket.ask(Lane.LIVE)

    assert isinstance(answer, ComeBack)
    assert answer.wait_ms == HOLD - 9000 - 25  # a little early: tokens are granted ahead


def test_a_place_that_is_free_in_a_moment_is_granted_now_to_be_used_then(bucket) -> None:
    bucket.spend(99)
    bucket.tick(HOLD - 70)

    answer = bucket.ask(Lane.LIVE)

    assert isinstance(answer, Grant)
    assert answer.wait_ms == 70


def test_bulk_calls_are_102_ms_apart(bucket) -> None:
    waits = []
    for _ in range(50):
        answer = bucket.ask(Lane.BULK)
        while isinstance(answer, ComeBack):
            bucket.tick(answer.wait_ms)
            answer = bucket.ask(Lane.BULK, answer.ticket)
        bucket.tick(answer.wait_ms)
        bucket.done(answer.token)
        waits.append(bucket.now)

    assert waits[1] == waits[0]  # what comes late may catch up by one step
    assert [b - a for a, b in pairwise(waits[1:])] == [102] * 48


def test_live_does_not_wait_for_the_pace_of_bulk(bucket) -> None:
    bucket.spend(2, Lane.BULK)

    assert isinstance(bucket.ask(Lane.BULK), ComeBack)
    assert isinstance(bucket.ask(Lane.LIVE), Grant)


def test_a_token_without_an_answer_is_held_for_the_longest_call_and_a_window(bucket) -> None:
    bucket.grant(Lane.LIVE)

    bucket.tick(LEASE - 1)
    assert bucket.look().used == 1
    bucket.tick(1)
    assert bucket.look().used == 0


def test_after_a_time_out_the_request_may_still_arrive_for_5_s(bucket) -> None:
    token = bucket.grant(Lane.LIVE)
    bucket.tick(15_000)
    bucket.done(token, status=0)

    bucket.tick(HOLD + 4999)
    assert bucket.look().used == 1
    bucket.tick(1)
    assert bucket.look().used == 0


def test_a_connection_that_broke_at_once_holds_its_place_for_the_whole_lease(bucket) -> None:
    token = bucket.grant(Lane.LIVE)
    bucket.done(token, status=0)

    bucket.tick(LEASE - 1)
    assert bucket.look().used == 1


def test_an_answer_after_the_lease_takes_a_place_again(bucket) -> None:
    token = bucket.grant(Lane.LIVE)
    bucket.tick(LEASE + 5000)
    assert bucket.look().used == 0

    bucket.done(token)

    assert bucket.look().used == 1
    bucket.tick(HOLD)
    assert bucket.look().used == 0


def test_a_second_report_of_one_call_takes_no_second_place(bucket) -> None:
    token = bucket.grant(Lane.LIVE)
    bucket.done(token)
    bucket.done(token)

    assert bucket.look().used == 1


def test_a_token_given_back_unused_frees_its_place_at_once(bucket) -> None:
    bucket.limiter.cancel("loc", bucket.grant(Lane.LIVE))

    assert bucket.look().used == 0
    assert bucket.look().day_used == 0


def test_after_a_token_given_back_the_next_bulk_call_skips_line_and_pace(bucket) -> None:
    bucket.spend(1, Lane.BULK)
    unused = bucket.grant(Lane.BULK)
    assert isinstance(bucket.ask(Lane.BULK), ComeBack)

    bucket.limiter.cancel("loc", unused)

    assert isinstance(bucket.ask(Lane.BULK), Grant)
    assert isinstance(bucket.ask(Lane.BULK), ComeBack)


def test_the_next_windows_burst_is_not_let_through_whole(bucket) -> None:
    """A server that estimates by two fixed windows still counts a part of the last one."""
    bucket.spend(99)
    bucket.tick(HOLD)

    spent = 0
    while isinstance(answer := bucket.ask(Lane.LIVE), Grant):
        bucket.done(answer.token)
        spent += 1

    assert 0 < spent < 10


@pytest.mark.parametrize("are_answered", [True, False])
def test_a_call_on_its_way_counts_as_much_as_one_just_answered(bucket, are_answered: bool) -> None:
    bucket.spend(90)
    bucket.tick(W + 1000)  # nine tenths of them may still be counted: 81

    spent = 0
    while isinstance(answer := bucket.ask(Lane.LIVE), Grant):
        spent += 1
        if are_answered:
            bucket.done(answer.token)

    assert spent == 19


def test_calls_of_a_worker_that_died_count_in_the_window_after_their_lease(bucket) -> None:
    for _ in range(20):
        bucket.grant(Lane.LIVE)
    bucket.tick(LEASE)
    assert bucket.look().used == 0

    spent = 0
    while isinstance(answer := bucket.ask(Lane.LIVE), Grant):
        bucket.done(answer.token)
        spent += 1

    assert spent == 80


@pytest.mark.parametrize(("lane", "most"), [(Lane.LIVE, 20), (Lane.BULK, 16)])
def test_only_so_many_calls_are_on_their_way_at_a_time(bucket, lane: Lane, most: int) -> None:
    for _ in range(most):
        bucket.grant(lane)
        bucket.tick(110)

    assert isinstance(bucket.ask(lane), ComeBack)


def test_of_a_small_window_at_most_half_is_on_its_way(bucket) -> None:
    bucket.limits = Limits(per_window=6)
    for _ in range(3):
        bucket.grant(Lane.LIVE)

    assert isinstance(bucket.ask(Lane.LIVE), ComeBack)


def test_a_window_of_one_call_lets_one_through_at_a_time(bucket) -> None:
    bucket.limits = Limits(per_window=1)
    for lane in (Lane.LIVE, Lane.BULK):
        bucket.spend(1, lane)
        assert isinstance(bucket.ask(lane), ComeBack)
        bucket.tick(2 * HOLD)


def test_two_locations_do_not_touch_each_other(bucket) -> None:
    bucket.spend(99)

    assert isinstance(bucket.ask(Lane.LIVE), ComeBack)
    assert isinstance(bucket.limiter.acquire("other", Lane.LIVE), Grant)
    assert bucket.limiter.look("other").used == 1


def test_a_look_at_a_location_that_never_called_shows_an_empty_bucket(bucket) -> None:
    look = bucket.look()

    assert (look.used, look.per_window, look.ghosts, look.cold) == (0, 100, 0, 0)
    assert (look.day_used, look.day_left) == (0, 200_000)
    assert isinstance(bucket.ask(Lane.LIVE), Grant)


def test_take_waits_until_its_token_may_be_used(bucket) -> None:
    bucket.spend(99)
    bucket.tick(9000)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        bucket.tick(round(seconds * 1000))

    bucket.limiter.take("loc", Lane.LIVE, patience_s=10, sleep=sleep)

    assert sum(slept) == pytest.approx((HOLD - 9000) / 1000)
    assert bucket.look().used <= 99


def test_take_does_not_wait_beyond_its_patience_and_leaves_the_line(bucket) -> None:
    bucket.spend(99)

    with pytest.raises(RateLimited, match="no token within the patience") as error:
        bucket.limiter.take("loc", Lane.BULK, patience_s=1, sleep=lambda s: None)

    assert error.value.seconds > 1
    assert bucket.look().waiting_bulk == 0


def test_a_wait_for_a_place_in_line_that_is_broken_off_leaves_the_line(bucket) -> None:
    bucket.spend(99)

    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bucket.limiter.take("loc", Lane.LIVE, patience_s=10, sleep=stop)

    assert bucket.look().waiting_live == 0


def test_a_wait_for_a_token_that_is_broken_off_gives_it_back(bucket) -> None:
    bucket.spend(99)
    bucket.tick(HOLD - 70)

    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bucket.limiter.take("loc", Lane.LIVE, patience_s=10, sleep=stop)

    assert bucket.look().used == 99  # those that were answered, all still held
    assert isinstance(bucket.ask(Lane.LIVE), Grant)
