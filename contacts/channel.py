"""kombu's channels to Redis, except that they keep their client. ``contacts.belt`` names them.

kombu 5.7 makes a ``redis.Redis`` anew for each message, event and acknowledgement. With redis-py 8
that copies a table of 170 entries: a third of what Celery's main thread spent on a job.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kombu.transport import redis


class Keeping:
    """A channel with one client, which takes a connection from the pool for each command."""

    _kept: tuple[Any, Any] | None = None

    @contextmanager
    def conn_or_acquire(self: Any, client: Any = None) -> Iterator[Any]:
        """A client for some commands; a new one when kombu made a new pool, after a lost Redis."""
        if client:
            yield client
            return
        if self._kept is None or self._kept[0] is not self.pool:
            self._kept = (self.pool, self._create_client())
        yield self._kept[1]


class Channel(Keeping, redis.Channel):
    """To one Redis."""


class SentinelChannel(Keeping, redis.SentinelChannel):
    """To the Redis that Sentinel names."""


class Transport(redis.Transport):
    """The transport to one Redis."""

    Channel = Channel


class SentinelTransport(redis.SentinelTransport):
    """The transport to the Redis that Sentinel names."""

    Channel = SentinelChannel
