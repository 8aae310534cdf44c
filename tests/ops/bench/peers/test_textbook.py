"""Rollbook with the textbook's bucket: the same but for its limiter."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from contacts.errors import LimiterDown, RateLimited
from contacts.jobs import Lane
from contacts.settings import Settings
from ops.bench.peers.bucket import CAPACITY
from ops.bench.peers.textbook import TextbookLimiter
from ops.bench.peers.textbook_up import WORKER, textbook_commands
from ops.running.commands import commands
from worker.crm.limiter import Limits


@pytest.fixture
def limiter(redis_server: str) -> Iterator[TextbookLimiter]:
    with redis.Redis.from_url(redis_server) as client:
        yield TextbookLimiter(client, limits=lambda _: Limits())


def quick(_: float) -> None:
    """Time does not pass."""


@pytest.mark.redis
def test_a_hundred_go_at_once_and_the_next_comes_back(limiter: TextbookLimiter) -> None:
    location = uuid.uuid4().hex

    def calls(number: int) -> None:
        for _ in range(number):
            grant = limiter.take(location, Lane.BULK, patience_s=0.0, sleep=quick)
            limiter.done(location, grant.token, status=201, remaining=0)

    calls(CAPACITY)

    with pytest.raises(RateLimited, match="patience"):
        calls(30)  # those that came back meanwhile, and one more

    assert limiter.take(uuid.uuid4().hex, Lane.BULK, patience_s=0.0, sleep=quick)


def test_without_redis_there_is_no_call() -> None:
    nobody = redis.Redis(port=9, retry=Retry(NoBackoff(), 0))
    limiter = TextbookLimiter(nobody, limits=lambda _: Limits())

    with pytest.raises(LimiterDown, match="no token"):
        limiter.take("loc1", Lane.BULK, patience_s=1.0, sleep=quick)


def test_only_the_worker_is_another_one(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)

    plain, swapped = commands(settings, [0]), textbook_commands(settings, [0])

    changed = [
        (one.argv[-1], other.argv[-1])
        for one, other in zip(plain, swapped, strict=True)
        if one != other
    ]
    assert changed == [("worker", WORKER)] * settings.worker_processes
