"""kombu's channel to Redis, except that it keeps its client. ``contacts.belt`` names it.

kombu 5.7 makes a ``redis.Redis`` anew for each message, event and acknowledgement. With redis-py 8
that copies a table of 170 entries: a third of what Celery's main thread spent on a job.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kombu.transport import redis


class Channel(redis.Channel):
    """A channel with one client, which takes a connection from the pool for each command."""

    _kept: tuple[Any, Any] | None = None

    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        """A client for some commands; a new one when kombu made a new pool, after a lost Redis."""
        if client:
            yield client
            return
        if self._kept is None or self._kept[0] is not self.pool:
            made: Any = self._create_client()  # type: ignore[no-untyped-call]
            self._kept = (self.pool, made)
        yield self._kept[1]


class Transport(redis.Transport):
    """The transport with that channel."""

    Channel = Channel
