"""The textbook's token bucket in Redis: full at first, refilled evenly, a token for each call.

As hundreds of tutorials have it. Capacity 100 and 10 tokens a second let up to 198 calls into
ten seconds (``docs/limiter.md`` says what is done instead).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import redis

CAPACITY: Final = 100
PER_S: Final = 10.0

SCRIPT: Final = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local capacity, per_s = tonumber(ARGV[1]), tonumber(ARGV[2])
local tokens = tonumber(bucket[1]) or capacity
tokens = math.min(capacity, tokens + (now - (tonumber(bucket[2]) or now)) * per_s)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = math.ceil((1 - tokens) / per_s * 1000) end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil(capacity / per_s) + 1)
return wait
"""
"""Takes a token and answers 0, or answers in how many ms there may be one."""


class Bucket:
    """One bucket, shared by all who know its key.

    Args:
        key: of the bucket in Redis.
    """

    def __init__(self, client: redis.Redis, key: str) -> None:
        self._script = client.register_script(SCRIPT)
        self._key = key

    def ask(self) -> int:
        """Take a token.

        Returns:
            0; or the milliseconds until there may be one.
        """
        return int(self._script(keys=[self._key], args=[CAPACITY, PER_S]))

    def take(self, sleep: Callable[[float], object] = time.sleep) -> None:
        """Wait for a token, however long it takes."""
        while wait_ms := self.ask():
            sleep(wait_ms / 1000)
