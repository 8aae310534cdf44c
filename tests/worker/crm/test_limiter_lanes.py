"""Who goes first: the line, live before bulk before sweep, and what each leaves to the others."""

from __future__ import annotations

from itertools import pairwise

import pytest

from contacts.jobs import Lane
from worker.crm.limiter import ComeBack, Grant, Limits


def wait_in_line(bucket, lane: Lane, ticket: str | None = None) -> str:
    """A ticket, because there is no token."""
    answer = bucket.ask(lane, ticket)
    assert isinstance(answer, ComeBack), answer
    return answer.ticket


def test_a_newcomer_does_not_overtake_those_in_line(bucket) -> None:
    bucket.spend(2, Lane.BULK)
    first = wait_in_line(bucket, Lane.BULK)
    bucket.tick(102)

    newcomer = bucket.ask(Lane.BULK)

    assert isinstance(newcomer, ComeBack)
    assert isinstance(bucket.ask(Lane.BULK, first), Grant)


def test_those_in_line_are_told_to_come_one_after_the_other(bucket) -> None:
    bucket.spend(2, Lane.BULK)

    waits = [bucket.ask(Lane.BULK).wait_ms for _ in range(5)]

    assert [b - a for a, b in pairwise(waits)] == [102] * 4


def test_a_ticket_keeps_its_place(bucket) -> None:
    bucket.spend(99)
    first, second = wait_in_line(bucket, Lane.LIVE), wait_in_line(bucket, Lane.LIVE)
    bucket.tick(500)

    assert wait_in_line(bucket, Lane.LIVE, second) == second
    assert wait_in_line(bucket, Lane.LIVE, first) == first
    assert bucket.look().waiting_live == 2


def test_whoever_is_a_second_late_has_lost_the_place_and_blocks_nobody(bucket) -> None:
    bucket.spend(2, Lane.BULK)
    answer = bucket.ask(Lane.BULK)
    bucket.tick(answer.wait_ms + 1001)

    assert isinstance(bucket.ask(Lane.BULK), Grant)
    assert bucket.look().waiting_bulk == 0


def test_a_place_in_line_can_be_given_back(bucket) -> None:
    bucket.spend(2, Lane.BULK)
    bucket.limiter.cancel("loc", wait_in_line(bucket, Lane.BULK))
    bucket.tick(102)

    assert isinstance(bucket.ask(Lane.BULK), Grant)


def test_the_last_free_place_is_for_live_in_line_before_bulk_in_line(bucket) -> None:
    bucket.limits = Limits(live_reserve=0, bulk_floor=0)
    bucket.spend(98)
    last = bucket.grant(Lane.LIVE)
    bulk, live = wait_in_line(bucket, Lane.BULK), wait_in_line(bucket, Lane.LIVE)
    bucket.limiter.cancel("loc", last)

    assert isinstance(bucket.ask(Lane.BULK, bulk), ComeBack)
    assert isinstance(bucket.ask(Lane.LIVE, live), Grant)


@pytest.mark.parametrize("reserve", [1, 3])
def test_while_live_calls_are_about_bulk_leaves_places_free(bucket, reserve: int) -> None:
    bucket.limits = Limits(bulk_floor=0, live_reserve=reserve)
    bucket.spend(99 - reserve)

    assert isinstance(bucket.ask(Lane.BULK), ComeBack)
    bucket.spend(reserve)


def test_a_minute_after_the_last_live_call_bulk_uses_that_place(bucket) -> None:
    bucket.limits = Limits(per_window=10)  # 9 to be used, and 1 of these for live
    bucket.spend(1)
    bucket.tick(51_200)
    for _ in range(8):
        bucket.spend(1, Lane.BULK)
        bucket.tick(1020)

    bucket.tick(60_000 - 51_200 - 8 * 1020 - 1)
    bulk = wait_in_line(bucket, Lane.BULK)
    bucket.tick(1)

    assert bucket.look().used == 8
    assert isinstance(bucket.ask(Lane.BULK, bulk), Grant)


@pytest.mark.parametrize("per_window", [2, 4, 9])
def test_of_a_small_window_each_lane_gets_its_part(bucket, per_window: int) -> None:
    bucket.limits = Limits(per_window=per_window)
    granted = {Lane.LIVE: 0, Lane.BULK: 0}
    tickets: dict[Lane, str | None] = {Lane.LIVE: None, Lane.BULK: None}
    for _ in range(600):
        for lane in (Lane.LIVE, Lane.BULK):
            answer = bucket.ask(lane, tickets[lane])
            tickets[lane] = getattr(answer, "ticket", None)
            if isinstance(answer, Grant):
                bucket.done(answer.token)
                granted[lane] += 1
        bucket.tick(200)

    assert min(granted.values()) >= 2


def test_while_bulk_waits_live_leaves_it_ten_places(bucket) -> None:
    bucket.spend(2, Lane.BULK)
    bulk = wait_in_line(bucket, Lane.BULK)

    live = 0
    while isinstance(answer := bucket.ask(Lane.LIVE), Grant):
        bucket.done(answer.token)
        live += 1
    bucket.tick(408)

    assert live == 90
    assert isinstance(bucket.ask(Lane.BULK, bulk), Grant)


def test_each_live_call_holds_bulk_up_by_one_step_and_all_together_by_four(bucket) -> None:
    bucket.spend(2, Lane.BULK)
    bulk = wait_in_line(bucket, Lane.BULK)
    waits = []
    for live_calls in (0, 1, 30):
        bucket.spend(live_calls)
        waits.append(bucket.ask(Lane.BULK, bulk).wait_ms)

    assert [wait - waits[0] for wait in waits] == [0, 102, 306]


@pytest.mark.parametrize(("lane", "calls"), [(Lane.BULK, 2), (Lane.LIVE, 99)])
def test_sweep_goes_after_everybody_else_in_line(bucket, lane: Lane, calls: int) -> None:
    bucket.spend(calls, lane)
    wait_in_line(bucket, lane)
    bucket.tick(102)

    assert isinstance(bucket.ask(Lane.SWEEP), ComeBack)


def test_sweep_goes_when_nobody_waits(bucket) -> None:
    assert isinstance(bucket.ask(Lane.SWEEP), Grant)
