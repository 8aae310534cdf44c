"""The worker's consumer, mended: it outlives a restart of Redis and is back within a second.

Celery 5.7 with kombu 5.7 ends at almost every restart of Redis while it holds messages and still
has a free thread; docs/decisions/0003 tells why. Both mends reach into kombu from outside; the
locked versions and tests/worker/test_reconnect.py keep them honest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from celery.worker.consumer import Consumer as CeleryConsumer

RETRY_S: Final = 0.5
"""How often a lost Redis is tried again. Celery's own 2, 4, 6 … 30 s would leave the location idle
for up to half a minute after Redis is back; a refused connection costs next to nothing."""

SAY_S: Final = 10.0
"""How often a line says so while it is away: a night without Redis is not to fill the disk."""

Errback = Callable[[Exception, float], None]
"""(what went wrong, seconds until the next try): told of each failure."""


class Consumer(CeleryConsumer):  # type: ignore[misc]
    """Celery's consumer, except for what happens when Redis goes away."""

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Give up the lost connection.

        A channel that still waits for a BRPOP first tries to read its answer when it is closed,
        fails, and stays half open; the second attempt to close it runs into an AttributeError that
        nobody catches, and the worker ends. The connection is lost, so there is no answer: forget
        the BRPOP, and the channel closes at the first attempt.
        """
        transport = self.connection._transport if self.connection else None
        for channel in list(transport.channels if transport else ()):
            channel._in_poll = None
        super().on_connection_error_after_connected(exc)

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, trying again at a steady pace for as long as it takes."""
        ensure = conn.ensure_connection

        def steadily(errback: Errback, *args: Any, **kwargs: Any) -> Any:
            pace = {"interval_start": RETRY_S, "interval_step": 0}
            return ensure(now_and_then(errback), *args, **pace, **kwargs)

        conn.ensure_connection = steadily
        return super().ensure_connected(conn)


def now_and_then(errback: Errback, clock: Callable[[], float] = time.monotonic) -> Errback:
    """Say that Redis is away at once, and then only every ten seconds."""
    said_at: float | None = None

    def say(exc: Exception, interval: float) -> None:
        nonlocal said_at
        if said_at is None or clock() - said_at >= SAY_S:
            said_at = clock()
            errback(exc, interval)

    return say
