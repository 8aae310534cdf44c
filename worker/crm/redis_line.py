"""Commands to Redis over connections kept at hand, without the client's bookkeeping.

A worker asks the limiter three to four times a call. Of a command's 71 µs of CPU redis-py 8.1
spends half on its pool's lock and on counters that nobody reads (docs/performance.md, "The
limiter's own cost").
"""

from __future__ import annotations

import contextlib
import weakref
from typing import Any, Final

import redis

KEPT: Final = 8
"""Connections at hand: so many threads of a process are seldom at a command at the same moment. The
worker's pool has 16 more than threads, so these are never missing there."""


class Line:
    """As ``redis.Redis.execute_command`` for a command whose answer needs no shaping.

    Safe between threads; those who find none at hand take one from the pool.

    Args:
        client: whose pool makes the connections, and whose tries are made.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._pool: Any = client.connection_pool
        self._free: list[Any] = []
        weakref.finalize(self, _give_back, self._pool, self._free)

    def send(self, *words: str | int) -> Any:
        """Send a command and wait for its answer.

        Raises:
            redis.RedisError: what the server answers, or why it did not.
        """
        connection = self._take()

        def ask() -> Any:
            connection.send_command(*words)
            return connection.read_response()

        try:
            return connection.retry.call_with_retry(ask, lambda _: connection.disconnect())
        finally:
            # Whatever broke it has closed it; then it connects anew with the next command.
            if len(self._free) < KEPT:
                self._free.append(connection)
            else:
                self._pool.release(connection)

    def _take(self) -> Any:
        with contextlib.suppress(IndexError):  # none is free
            while True:
                connection = self._free.pop()
                # Not ours any more after a fork, or where Sentinel knows another master by now.
                if self._pool.owns_connection(connection):
                    return _fresh(connection)
                self._pool.release(connection)
        return self._pool.get_connection()


def _give_back(pool: Any, free: list[Any]) -> None:
    for connection in free:
        pool.release(connection)


def _fresh(connection: Any) -> Any:
    """One that was closed while it lay idle connects anew, as the pool would let it."""
    try:
        is_silent = not connection.can_read()
    except (redis.RedisError, OSError):
        is_silent = False
    if not is_silent:
        connection.disconnect()
    return connection
