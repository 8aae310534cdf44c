"""What the limiter learns of how the CRM counts, what it does with it, and when it doubts it."""

from __future__ import annotations

import pytest

from contacts.jobs import Lane
from ops.prove.servers import SERVERS, Fixed, Server
from worker.crm.limiter import ComeBack, Grant, Limits

HOLD = 10_010
MINUTE = 60_000


def work(bucket, server: Server, ms: int, *, per_window: int | None = 100) -> int:
    """Bulk calls without end, each answered at once; how many the server accepted."""
    end, accepted, ticket = bucket.now + ms, 0, None
    while bucket.now < end:
        answer = bucket.ask(Lane.BULK, ticket)
        bucket.tick(answer.wait_ms)
        if isinstance(answer, ComeBack):
            ticket = answer.ticket
            continue
        ticket = None
        fine, left = server.arrive(bucket.now)
        accepted += fine
        headers = {} if per_window is None else {"per_window": per_window}
        bucket.done(answer.token, status=200 if fine else 429, remaining=left, **headers)
    return accepted


def by_the_clock(limit: int = 100) -> Fixed:
    return Fixed(limit, 10_000.0, phase=3000.0)


@pytest.mark.parametrize("name", ["fixed, by the clock", "fixed, from the first", "token bucket"])
def test_a_server_that_is_no_sliding_one_is_known_within_a_minute(bucket, name: str) -> None:
    assert bucket.look().armed == 1

    work(bucket, SERVERS[name](100, 10_000.0), MINUTE)

    assert bucket.look().armed == 0


@pytest.mark.parametrize("name", ["sliding log", "sliding counter"])
def test_a_sliding_server_is_never_taken_for_another(bucket, name: str) -> None:
    work(bucket, SERVERS[name](100, 10_000.0), 3 * MINUTE)

    assert bucket.look().armed == 1


def test_what_is_known_lets_a_new_window_be_used_at_once(bucket) -> None:
    server = by_the_clock()
    work(bucket, server, MINUTE)

    assert work(bucket, server, MINUTE) >= 590


def test_a_strict_limiter_learns_nothing(bucket) -> None:
    bucket.limits = Limits(strict=True)

    assert work(bucket, by_the_clock(), MINUTE) < 590
    assert bucket.look().armed == 1


def test_a_strict_limiter_waits_for_a_window_after_a_loss_whatever_the_header_says(
    new_bucket,
) -> None:
    new_bucket.limits = Limits(strict=True)
    new_bucket.done(new_bucket.grant(Lane.BULK), remaining=99, per_window=100)

    assert new_bucket.look().cold == 1
    assert isinstance(new_bucket.ask(Lane.LIVE), ComeBack)


def test_a_remainder_without_the_limit_it_belongs_to_frees_nothing(bucket) -> None:
    work(bucket, by_the_clock(), MINUTE, per_window=None)

    assert bucket.look().armed == 1


def test_a_limit_of_ours_below_the_servers_is_kept_to(bucket) -> None:
    bucket.limits = Limits(per_window=50)
    server = by_the_clock()
    work(bucket, server, MINUTE, per_window=100)

    assert work(bucket, server, MINUTE, per_window=100) <= 6 * 50 + 1


def test_a_429_that_no_stranger_explains_makes_it_careful_again(bucket) -> None:
    work(bucket, by_the_clock(), MINUTE)

    bucket.done(_granted(bucket), status=429, remaining=0, per_window=100)

    assert bucket.look().armed == 1


def test_the_doubt_lasts_longer_each_time(bucket) -> None:
    server, lasted = by_the_clock(), []
    work(bucket, server, MINUTE)
    for _ in range(2):
        bucket.done(_granted(bucket), status=429, remaining=0, per_window=100)
        begin = bucket.now
        while bucket.look().armed:
            work(bucket, server, 5000)
        lasted.append(bucket.now - begin)
        bucket.tick(2 * MINUTE)  # strangers are forgotten

    assert MINUTE < lasted[0] < 2 * MINUTE
    assert 8 * MINUTE < lasted[1] < 10 * MINUTE


def test_a_429_from_a_known_fixed_window_is_waited_out_to_its_end_and_no_longer(bucket) -> None:
    server = by_the_clock()
    work(bucket, server, MINUTE)
    bucket.redis.hset("rollbook:limit:{loc}:state", "foreign", bucket.now + MINUTE)
    bucket.tick(int(10_000 - (bucket.now - 3000.0) % 10_000) + 20)  # a window begins
    work(bucket, server, 4000)

    bucket.done(_granted(bucket), status=429, remaining=0, per_window=100)
    begin = bucket.now
    while not isinstance(answer := bucket.ask(Lane.LIVE), Grant):
        bucket.tick(answer.wait_ms)

    assert 5500 < bucket.now - begin < 6500


@pytest.mark.parametrize("status", [500, 503, 401])
def test_calls_that_the_server_may_not_have_counted_prove_nothing(bucket, status: int) -> None:
    """A gateway in front of it may have answered them; so the remainder stays high."""
    for _ in range(600):
        answer = bucket.ask(Lane.BULK)
        bucket.tick(answer.wait_ms)
        if isinstance(answer, Grant):
            bucket.done(answer.token, status=status, remaining=99, per_window=100)

    assert bucket.look().armed == 1


def _granted(bucket) -> str:
    while not isinstance(answer := bucket.ask(Lane.LIVE), Grant):
        bucket.tick(answer.wait_ms)
    bucket.tick(answer.wait_ms)
    return answer.token
