"""Waking the dispatcher, and not minding when that fails."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import redis

from contacts import belt
from producers.bell import DEAF_S, Bell


def test_however_often_it_rings_one_ring_waits(redis_server: str) -> None:
    with redis.Redis.from_url(redis_server) as client, closing(Bell(redis_server)) as bell:
        client.flushdb()
        assert bell.ring()
        assert bell.ring()
        assert client.lrange(belt.WAKE_KEY, 0, -1) == [b"1"]


def test_without_a_redis_there_is_nobody_to_wake() -> None:
    with closing(Bell(None)) as bell:
        assert not bell.ring()


def test_after_a_ring_that_failed_it_rests_and_then_rings_again(
    new_redis: Callable[[], Any], clock: Any
) -> None:
    server = new_redis()
    with closing(Bell(server.url, clock=clock)) as bell:
        assert not bell.ring()
        server.start()
        clock.tick(DEAF_S / 2)
        assert not bell.ring()
        clock.tick(DEAF_S)
        assert bell.ring()
        server.kill()
        assert not bell.ring()
