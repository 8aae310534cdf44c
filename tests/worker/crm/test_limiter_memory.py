"""Redis forgets, restarts, goes away, or its clock jumps: no call too many, and no standstill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fakeredis
import pytest
import redis

from contacts.errors import LimiterDown
from contacts.jobs import Lane
from ops.prove.servers import SlidingCounter
from worker.crm.limiter import ComeBack, Grant, Limiter, Limits

HOLD = 10_010
LEASE = 15_000 + HOLD


def test_in_a_memory_that_may_be_new_there_is_one_probe_until_its_answer(new_bucket) -> None:
    probe = new_bucket.grant(Lane.BULK)
    for _ in range(4):
        assert isinstance(new_bucket.ask(Lane.LIVE), ComeBack)
        assert new_bucket.look().cold == 1
        new_bucket.tick(2400)

    new_bucket.done(probe, remaining=99)

    assert new_bucket.look().cold == 0
    assert isinstance(new_bucket.ask(Lane.LIVE), Grant)


def test_without_a_header_it_goes_on_when_all_that_was_forgotten_is_over(new_bucket) -> None:
    """A window later, and a little: a server may still count a part of the window before."""
    new_bucket.done(new_bucket.grant(Lane.BULK))
    begin = new_bucket.now

    answer = new_bucket.ask(Lane.BULK)
    while isinstance(answer, ComeBack):
        new_bucket.tick(answer.wait_ms)
        answer = new_bucket.ask(Lane.BULK, answer.ticket)

    assert HOLD < new_bucket.now - begin < HOLD + 4000


def test_without_a_header_the_window_before_is_feared_as_well(bucket) -> None:
    """A server that estimates by two windows still counts most of a burst that we forgot."""
    server = SlidingCounter(100, 10_000, phase=bucket.now - 10.0)
    for _ in range(99):
        bucket.spend(1)
        assert server.arrive(bucket.now)[0]
    bucket.redis.flushall()
    bucket.spend(1)
    assert server.arrive(bucket.now)[0]

    bucket.tick(HOLD - 100)  # the server's next window has begun a moment ago
    for _ in range(100):
        bucket.tick(100)
        while isinstance(answer := bucket.ask(Lane.LIVE), Grant):
            bucket.done(answer.token)
            assert server.arrive(bucket.now + answer.wait_ms)[0]


def test_a_probe_that_was_not_sent_is_followed_by_another(new_bucket) -> None:
    new_bucket.limiter.cancel("loc", new_bucket.grant(Lane.BULK))

    assert isinstance(new_bucket.ask(Lane.BULK), Grant)
    assert isinstance(new_bucket.ask(Lane.BULK), ComeBack)


def test_what_the_probe_shows_as_taken_is_kept_free_for_a_window(new_bucket) -> None:
    new_bucket.done(new_bucket.grant(Lane.LIVE), remaining=29)  # 70 that we forgot

    assert new_bucket.look().ghosts == 70 + 20
    new_bucket.tick(HOLD - 1)
    assert new_bucket.look().ghosts == 70 + 20
    new_bucket.tick(1)
    assert new_bucket.look().ghosts == 20


def test_a_smaller_limit_is_seen_by_the_probe_as_well(new_bucket) -> None:
    new_bucket.spend(1, remaining=49, per_window=50)

    assert new_bucket.look().ghosts == 20
    assert isinstance(new_bucket.ask(Lane.LIVE), Grant)


@pytest.mark.parametrize("lane", list(Lane))
def test_in_the_first_window_after_a_loss_nobody_goes_faster_than_half(new_bucket, lane) -> None:
    new_bucket.done(new_bucket.grant(lane), remaining=99)
    end, granted, ticket = new_bucket.now + HOLD, 0, None
    while new_bucket.now < end:
        answer = new_bucket.ask(lane, ticket)
        new_bucket.tick(answer.wait_ms)
        ticket = None
        if isinstance(answer, Grant):
            new_bucket.done(answer.token)
            granted += 1
        else:
            ticket = answer.ticket

    assert 45 <= granted <= 51


def test_a_location_that_was_never_used_needs_no_probe_in_an_old_memory(new_bucket) -> None:
    new_bucket.limiter.acquire("other", Lane.LIVE)
    new_bucket.tick(LEASE)

    new_bucket.spend(50)


def test_a_new_redis_that_somebody_vouches_for_needs_no_probe(new_bucket) -> None:
    new_bucket.limiter.vouch()

    new_bucket.spend(50)


def test_emptied_in_mid_run_there_is_one_probe(bucket) -> None:
    bucket.spend(50)
    bucket.redis.flushall()

    assert isinstance(bucket.ask(Lane.LIVE), Grant)
    assert isinstance(bucket.ask(Lane.LIVE), ComeBack)


def test_a_place_is_always_left_for_the_probe(bucket) -> None:
    """99 before and 1 after a loss are 100 in a window, even if the loss was in a full one."""
    bucket.spend(99)
    assert isinstance(bucket.ask(Lane.LIVE), ComeBack)
    bucket.redis.flushall()

    bucket.done(bucket.grant(Lane.LIVE))

    bucket.tick(HOLD - 1)
    assert isinstance(bucket.ask(Lane.LIVE), ComeBack)


def test_what_may_be_on_its_way_is_kept_free_for_a_lease(bucket) -> None:
    for _ in range(20):
        bucket.grant(Lane.LIVE)
    bucket.redis.flushall()
    bucket.spend(1, remaining=99)

    bucket.tick(LEASE - 1)
    assert bucket.look().ghosts == 20
    bucket.tick(1)
    assert bucket.look().ghosts == 0


def test_a_forgotten_call_that_is_answered_takes_its_place_among_the_known(bucket) -> None:
    token = bucket.grant(Lane.LIVE)
    bucket.redis.flushall()
    bucket.tick(1)
    bucket.spend(1, remaining=98)

    bucket.done(token)

    look = bucket.look()
    assert (look.used, look.ghosts) == (2, 19 + 1)  # of the one that the header knew besides


def test_an_answer_that_comes_first_after_the_loss_does_not_make_a_warm_memory(bucket) -> None:
    first, second = bucket.grant(Lane.LIVE), bucket.grant(Lane.LIVE)
    bucket.redis.flushall()
    bucket.tick(1)
    bucket.done(first, remaining=99)

    assert bucket.look().cold == 1
    bucket.done(second, remaining=98)
    bucket.grant(Lane.LIVE)
    assert isinstance(bucket.ask(Lane.LIVE), ComeBack)


def test_another_process_of_redis_keeps_what_it_restored_and_sends_one_probe(bucket) -> None:
    bucket.spend(50)
    bucket.life = "two"

    assert isinstance(bucket.ask(Lane.LIVE), Grant)
    assert isinstance(bucket.ask(Lane.LIVE), ComeBack)
    assert bucket.look().used == 51


def test_a_clock_set_back_a_little_stands_still(bucket) -> None:
    bucket.spend(99)
    then = bucket.now
    bucket.now = then - 4000

    assert bucket.look().used == 99
    bucket.now = then + HOLD
    assert bucket.look().used == 0


@pytest.mark.parametrize("verb", ["acquire", "done", "look", "cancel"])
def test_a_clock_set_back_an_hour_means_a_probe_and_not_an_hours_wait(bucket, verb: str) -> None:
    bucket.spend(50)
    token = bucket.grant(Lane.BULK)
    bucket.now -= 3_600_000
    match verb:
        case "done":
            bucket.done(token, remaining=49)
        case "look":
            bucket.look()
        case "cancel":
            bucket.limiter.cancel("loc", token)

    probe = bucket.grant(Lane.BULK)
    assert isinstance(bucket.ask(Lane.BULK), ComeBack)
    bucket.tick(200)
    bucket.done(probe, remaining=50, day_left=100_000)

    assert bucket.look().day_left == 100_000
    bucket.tick(HOLD)
    assert isinstance(bucket.ask(Lane.BULK), Grant)


def test_a_server_that_dropped_its_scripts_is_given_the_script_again(bucket) -> None:
    bucket.spend(5)
    bucket.redis.script_flush()

    bucket.spend(5)

    assert bucket.look().used == 10


def test_without_redis_there_is_no_token() -> None:
    memory = fakeredis.FakeServer()
    limiter = Limiter(fakeredis.FakeRedis(server=memory), limits=lambda _: Limits())
    memory.connected = False

    with pytest.raises(LimiterDown, match="no token: Redis does not answer") as error:
        limiter.acquire("loc", Lane.LIVE)

    assert error.value.seconds == 2


def test_without_redis_an_answer_is_not_lost_with_its_report() -> None:
    memory = fakeredis.FakeServer()
    limiter = Limiter(fakeredis.FakeRedis(server=memory), limits=lambda _: Limits())
    memory.connected = False

    limiter.done("loc", "1:1800000000000", status=200)
    limiter.cancel("loc", "1:1800000000000")


@pytest.mark.redis
def test_a_real_server_killed_and_started_empty_is_noticed(new_redis: Callable[[], Any]) -> None:
    server = new_redis()
    server.start(append_only=False)
    with redis.Redis.from_url(server.url) as connection:
        limiter = Limiter(connection, limits=lambda _: Limits())
        limiter.vouch()
        limiter.done("loc", _token(limiter), status=200)
        limiter.done("loc", _token(limiter), status=200)

        server.kill()
        with pytest.raises(LimiterDown):
            limiter.acquire("loc", Lane.LIVE)
        server.start(append_only=False)

        _token(limiter)
        assert isinstance(limiter.acquire("loc", Lane.LIVE), ComeBack)


@pytest.mark.redis
def test_a_real_server_that_read_its_file_again_still_knows_what_is_taken(
    new_redis: Callable[[], Any],
) -> None:
    server = new_redis()
    server.start()
    with redis.Redis.from_url(server.url) as connection:
        limiter = Limiter(connection, limits=lambda _: Limits(window_ms=600_000))
        limiter.vouch()
        for _ in range(10):
            limiter.done("loc", _token(limiter), status=200)

        server.kill()
        server.start()

        _token(limiter)
        assert isinstance(limiter.acquire("loc", Lane.LIVE), ComeBack)
        assert limiter.look("loc").used == 11


def _token(limiter: Limiter) -> str:
    answer = limiter.acquire("loc", Lane.LIVE)
    assert isinstance(answer, Grant), answer
    return answer.token
