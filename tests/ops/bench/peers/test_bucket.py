"""The textbook's bucket does what textbooks say, the 198 in ten seconds included."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
import redis

from ops.bench.peers.bucket import CAPACITY, Bucket

pytestmark = pytest.mark.redis


@pytest.fixture
def client(redis_server: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_server) as connected:
        yield connected


@pytest.fixture
def key() -> str:
    return f"bucket-{uuid.uuid4().hex}"


def test_full_at_first_and_then_it_says_how_long(client: redis.Redis, key: str) -> None:
    bucket = Bucket(client, key)

    answers = [bucket.ask() for _ in range(CAPACITY + 30)]

    assert answers[:CAPACITY] == [0] * CAPACITY
    assert 0 < max(answers) <= 100


def test_two_share_a_bucket_by_its_key(client: redis.Redis, key: str) -> None:
    for _ in range(CAPACITY):
        Bucket(client, key).ask()

    assert Bucket(client, f"{key}-other").ask() == 0
    assert any(Bucket(client, key).ask() for _ in range(30))


def test_who_takes_waits_as_long_as_it_is_told(client: redis.Redis, key: str) -> None:
    bucket = Bucket(client, key)
    for _ in range(CAPACITY + 30):
        bucket.ask()
    waits: list[float] = []

    def let_time_pass(seconds: float) -> None:
        waits.append(seconds)
        at = float(client.hget(key, "at") or 0)  # type: ignore[arg-type]
        client.hset(key, "at", str(at - seconds))

    bucket.take(let_time_pass)

    assert waits
    assert sum(waits) <= 0.2


def test_ten_seconds_hold_almost_two_hundred(client: redis.Redis, key: str) -> None:
    bucket = Bucket(client, key)
    taken = 0
    for _ in range(100):  # a hundred tenths of a second, all tokens taken in each
        while not bucket.ask():
            taken += 1
        at = float(client.hget(key, "at") or 0)  # type: ignore[arg-type]
        client.hset(key, "at", str(at - 0.1))

    assert taken >= 190
