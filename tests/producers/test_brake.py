"""A person's pause reaches every worker through Redis, and its end too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from contacts import belt
from contacts.jobs import Lane
from producers import brake
from worker.crm.limiter import Grant, Limiter, Limits, Paused

pytestmark = pytest.mark.redis


@pytest.fixture
def limiter(redis_server: str) -> Iterator[Limiter]:
    """A worker's own."""
    with redis.Redis.from_url(redis_server) as server:
        server.flushall()
        limiter = Limiter(server, limits=lambda location: Limits())
        limiter.vouch()
        yield limiter


def test_no_worker_begins_a_call_of_a_paused_location(redis_server: str, limiter: Limiter) -> None:
    assert brake.pull(redis_server, "loc", 3600, "a new mapping", bulk_only=False)

    answer = limiter.acquire("loc", Lane.LIVE)

    assert isinstance(answer, Paused)
    assert answer.reason == "a new mapping"
    assert 3_590_000 < answer.wait_ms <= 3_600_000
    assert isinstance(limiter.acquire("other", Lane.LIVE), Grant)


def test_a_pause_of_bulk_lets_live_calls_begin(redis_server: str, limiter: Limiter) -> None:
    brake.pull(redis_server, "loc", 3600, "night", bulk_only=True)

    assert isinstance(limiter.acquire("loc", Lane.BULK), Paused)
    assert isinstance(limiter.acquire("loc", Lane.LIVE), Grant)


def test_a_pause_is_not_shortened_by_another(redis_server: str, limiter: Limiter) -> None:
    brake.pull(redis_server, "loc", 3600, "first", bulk_only=False)
    brake.pull(redis_server, "loc", 60, "second", bulk_only=False)

    answer = limiter.acquire("loc", Lane.LIVE)

    assert isinstance(answer, Paused)
    assert answer.reason == "first"


def test_its_end_is_known_at_once(redis_server: str, limiter: Limiter) -> None:
    brake.pull(redis_server, "loc", 3600, "first", bulk_only=False)
    brake.pull(redis_server, "loc", 3600, "second", bulk_only=True)

    brake.release(redis_server, "loc", bulk_only=True)
    assert isinstance(limiter.acquire("loc", Lane.LIVE), Paused)

    brake.release(redis_server, "loc", bulk_only=False)
    assert isinstance(limiter.acquire("loc", Lane.LIVE), Grant)


def test_a_pause_for_good_is_kept(redis_server: str, limiter: Limiter) -> None:
    ten_years = 10 * 365 * 86_400.0
    brake.pull(redis_server, "loc", ten_years, "for good", bulk_only=False)

    with redis.Redis.from_url(redis_server) as server:
        assert server.pttl(belt.pause_key("loc")) > ten_years * 1000


@pytest.mark.parametrize("url", [None, "redis://127.0.0.1:1/0"], ids=["none", "away"])
def test_without_a_redis_nothing_is_said_to_be_stopped(url: str | None) -> None:
    assert not brake.pull(url, "loc", 60, "why", bulk_only=False)
    assert not brake.release(url, "loc", bulk_only=False)
