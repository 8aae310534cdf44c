"""What the limiter learns of how the CRM counts, what it does with it, and when it doubts it."""

from __future__ import annotations

import fakeredis
import pytest

from contacts.jobs import Lane
from contacts.tempo import Counting
from ops.prove.servers import SERVERS, Fixed, Server
from worker.crm.limiter import ComeBack, Grant, Limits

MINUTE = 60_000
N = 20
"""Calls in a window of 10 s."""


@pytest.fixture
def empty_redis() -> fakeredis.FakeRedis:
    """One in memory alone: these tests ask thousands of times (test_limiter_properties has a real
    one)."""
    return fakeredis.FakeRedis(server=fakeredis.FakeServer())


@pytest.fixture
def bucket(bucket):
    """The usual one, with a small window."""
    bucket.limits = Limits(N)
    return bucket


def work(bucket, server: Server, ms: int, *, per_window: int | None = N) -> int:
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


def by_the_clock() -> Fixed:
    return Fixed(N, 10_000.0, phase=3000.0)


def work_in_a_window(bucket, server: Server, ms: int) -> None:
    """The same, from the beginning of the next window of the server by the clock on."""
    bucket.tick(int(10_000 - (bucket.now - 3000.0) % 10_000) + 20)
    work(bucket, server, ms)


@pytest.mark.parametrize("name", ["fixed, by the clock", "fixed, from the first", "token bucket"])
def test_a_server_that_is_no_sliding_one_is_known_within_a_minute(bucket, name: str) -> None:
    assert bucket.look().armed == 1

    work(bucket, SERVERS[name](N, 10_000.0), MINUTE)

    assert bucket.look().armed == 0


@pytest.mark.parametrize("name", ["sliding log", "sliding counter"])
def test_a_sliding_server_is_never_taken_for_another(bucket, name: str) -> None:
    work(bucket, SERVERS[name](N, 10_000.0), 3 * MINUTE)

    assert bucket.look().armed == 1


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("fixed, by the clock", Counting.WINDOWS),
        ("fixed, from the first", Counting.WINDOWS),
        ("token bucket", Counting.REFILLS),
        ("sliding log", Counting.SLIDING),
        ("sliding counter", Counting.SLIDING),
    ],
)
def test_after_two_minutes_of_work_it_shows_how_the_server_counts(
    bucket, name: str, counts: Counting
) -> None:
    server = SERVERS[name](N, 10_000.0)
    assert bucket.look().counts == Counting.UNKNOWN

    for _ in range(8):
        work(bucket, server, MINUTE // 4)
        bucket.look()

    assert bucket.look().counts == counts


def held_in_a_new_window(bucket) -> int:
    """Places taken when a fixed window began a second and a half ago, after a minute's work."""
    server = by_the_clock()
    work(bucket, server, MINUTE + int(10_000 - (bucket.now - 3000) % 10_000) + 1500)
    return bucket.look().used


def test_what_is_known_gives_places_back_when_a_window_begins(bucket) -> None:
    assert held_in_a_new_window(bucket) <= N // 2


def test_a_strict_limiter_learns_nothing(bucket) -> None:
    bucket.limits = Limits(N, strict=True)

    assert held_in_a_new_window(bucket) >= N - 3
    assert bucket.look().armed == 1


def test_a_strict_limiter_waits_for_a_window_after_a_loss_whatever_the_header_says(
    new_bucket,
) -> None:
    new_bucket.limits = Limits(N, strict=True)
    new_bucket.done(new_bucket.grant(Lane.BULK), remaining=N - 1, per_window=N)

    assert new_bucket.look().cold == 1
    assert isinstance(new_bucket.ask(Lane.LIVE), ComeBack)


def test_a_remainder_without_the_limit_it_belongs_to_frees_nothing(bucket) -> None:
    work(bucket, by_the_clock(), MINUTE, per_window=None)

    assert bucket.look().armed == 1


def test_a_limit_of_ours_below_the_servers_is_kept_to(bucket) -> None:
    bucket.limits = Limits(N // 2)
    server = by_the_clock()
    work(bucket, server, MINUTE, per_window=N)

    assert work(bucket, server, MINUTE, per_window=N) <= 6 * N // 2 + 1


def test_a_429_that_no_stranger_explains_makes_it_careful_again(bucket) -> None:
    server = by_the_clock()
    work(bucket, server, MINUTE)
    work_in_a_window(bucket, server, 9000)

    bucket.done(_granted(bucket), status=429, remaining=0, per_window=N)

    assert bucket.look().armed == 1


def test_the_doubt_lasts_longer_each_time(bucket) -> None:
    server = by_the_clock()
    work(bucket, server, MINUTE)
    for minutes in (1, 8):
        work_in_a_window(bucket, server, 9000)
        bucket.done(_granted(bucket), status=429, remaining=0, per_window=N)
        bucket.tick(minutes * MINUTE - 40_000)
        work(bucket, server, 35_000)
        assert bucket.look().armed == 1

        work(bucket, server, 40_000)
        assert bucket.look().armed == 0
        bucket.tick(2 * MINUTE)  # strangers are forgotten


@pytest.mark.parametrize("name", ["fixed, by the clock", "fixed, from the first", "token bucket"])
def test_a_429_while_much_was_left_is_the_doing_of_strangers_and_no_reason_for_doubt(
    bucket, name: str
) -> None:
    server = SERVERS[name](N, 10_000.0)
    work(bucket, server, MINUTE)
    bucket.tick(11_000)  # a window ends, a bucket fills
    work(bucket, server, 2000)

    bucket.done(_granted(bucket), status=429, remaining=0, per_window=N)

    assert bucket.look().armed == 0


@pytest.mark.parametrize("worked_ms", [2000, 4000])
def test_a_429_from_a_known_fixed_window_is_waited_out_to_its_end_and_no_longer(
    bucket, worked_ms: int
) -> None:
    server = by_the_clock()
    work(bucket, server, MINUTE)
    work_in_a_window(bucket, server, worked_ms)

    bucket.done(_granted(bucket), status=429, remaining=0, per_window=N)
    begin = bucket.now
    bucket.done(_granted(bucket))

    assert 9500 < bucket.now - begin + worked_ms < 10_500


@pytest.mark.parametrize("status", [500, 503, 401])
def test_calls_that_the_server_may_not_have_counted_prove_nothing(bucket, status: int) -> None:
    """A gateway in front of it may have answered them; so the remainder stays high."""
    for _ in range(200):
        answer = bucket.ask(Lane.BULK)
        bucket.tick(answer.wait_ms)
        if isinstance(answer, Grant):
            bucket.done(answer.token, status=status, remaining=N - 1, per_window=N)

    assert bucket.look().armed == 1


def _granted(bucket) -> str:
    ticket = None
    while not isinstance(answer := bucket.ask(Lane.LIVE, ticket), Grant):
        bucket.tick(answer.wait_ms)
        ticket = answer.ticket
    bucket.tick(answer.wait_ms)
    return answer.token
