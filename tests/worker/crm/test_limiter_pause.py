"""A pause that the CRM or a person asked for: no process sends anything until it is over."""

from __future__ import annotations

import pytest

from contacts import belt
from contacts.errors import NotYet, TryLater
from contacts.jobs import Lane
from worker.crm.limiter import Grant, Paused


def by_hand(bucket, which: str, ms: int) -> None:
    """Pause as `rollbook pause` does."""
    key = belt.pause_key("loc")
    bucket.redis.hset(key, mapping={which: bucket.now + ms, f"{which}:why": "by hand"})


@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_stops_every_lane_until_it_is_over(bucket, status: int) -> None:
    bucket.done(bucket.grant(Lane.LIVE), status=status, pause_ms=30_000)

    for lane in Lane:
        answer = bucket.ask(lane)
        assert answer == Paused(30_000, f"the CRM asked for a pause: {status}")
    bucket.tick(29_999)
    assert isinstance(bucket.ask(Lane.LIVE), Paused)
    bucket.tick(1)
    assert not isinstance(bucket.ask(Lane.LIVE), Paused)


def test_a_pause_is_not_shortened_by_another(bucket) -> None:
    first, second = bucket.grant(Lane.LIVE), bucket.grant(Lane.LIVE)
    bucket.done(first, status=503, pause_ms=60_000)
    bucket.done(second, status=503, pause_ms=1000)

    answer = bucket.ask(Lane.BULK)

    assert isinstance(answer, Paused)
    assert answer.wait_ms == 60_000


def test_other_locations_go_on(bucket) -> None:
    bucket.done(bucket.grant(Lane.LIVE), status=503, pause_ms=60_000)

    assert isinstance(bucket.limiter.acquire("other", Lane.BULK), Grant)


@pytest.mark.parametrize(
    ("status", "headers"),
    [(429, {}), (503, {"pause_ms": 5000}), (200, {"remaining": 0})],
    ids=["429", "503 with Retry-After", "remaining 0"],
)
def test_a_token_that_waits_to_be_used_is_not_used_after_the_answer(
    bucket, status: int, headers: dict[str, int]
) -> None:
    """One of two bulk calls has its token, and waits for its pace."""
    bucket.spend(1, Lane.BULK)
    first = bucket.grant(Lane.BULK)
    used = bucket.look().used
    sleeps: list[float] = []

    def sleep(seconds: float) -> None:
        bucket.done(first, status=status, **headers)
        bucket.tick(round(seconds * 1000))
        sleeps.append(seconds)

    bucket.tick(60)
    with pytest.raises(TryLater):
        bucket.limiter.take("loc", Lane.BULK, patience_s=3, sleep=sleep)

    assert 0 < sleeps[0] <= 0.05  # it had a token
    assert bucket.look().used == used  # which came back, and no other was taken


def test_a_token_that_waited_in_peace_is_used(bucket) -> None:
    bucket.spend(2, Lane.BULK)
    bucket.tick(60)

    grant = bucket.limiter.take(
        "loc", Lane.BULK, patience_s=3, sleep=lambda s: bucket.tick(round(s * 1000))
    )

    assert grant.wait_ms > 0


def test_a_pause_by_hand_of_bulk_alone_lets_live_go_on(bucket) -> None:
    by_hand(bucket, "bulk", 60_000)

    assert isinstance(bucket.ask(Lane.LIVE), Grant)
    assert bucket.ask(Lane.BULK) == Paused(60_000, "by hand")
    assert isinstance(bucket.ask(Lane.SWEEP), Paused)


def test_a_job_that_meets_a_pause_comes_back_soon_and_counts_no_attempt(bucket) -> None:
    by_hand(bucket, "all", 3_600_000)

    with pytest.raises(NotYet, match="by hand") as error:
        bucket.limiter.take("loc", Lane.LIVE, patience_s=3, sleep=lambda s: None)

    assert (error.value.seconds, error.value.code, error.value.pause) == (5, "paused", False)


def test_the_keys_of_a_pause_go_away_by_themselves(bucket) -> None:
    bucket.done(bucket.grant(Lane.LIVE), status=503, pause_ms=60_000)

    assert 60_000 <= bucket.redis.pttl(belt.pause_key("loc")) <= 60_000 + 15_000 + 10_010
