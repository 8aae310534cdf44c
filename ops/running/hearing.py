"""Flower's ear for the workers' events: it hears again seconds after Redis is back.

Flower's own doubles its pause at each failure, without end: after an hour without Redis it would
stay deaf for up to an hour more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from celery.events import EventReceiver
from flower.events import Events

RETRY_S: Final = 2.0
"""How often a lost Redis is tried again."""

log = structlog.get_logger("rollbook.flower")


class Ear(Events):  # type: ignore[misc]
    """Flower's thread of events, at a steady pace.

    Args:
        sleep: waits, seconds; for tests.
    """

    def __init__(self, *args: Any, sleep: Callable[[float], None] = time.sleep, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._pause = sleep

    def run(self) -> None:
        """Hear until the process ends; says once that Redis went away, and once that it is back."""
        away = False
        while True:
            try:
                with self.capp.connection() as connection:
                    connection.ensure_connection(max_retries=1, interval_start=0)
                    if away:
                        log.info("Redis is back")
                    away = False
                    self._hear(connection)
            except Exception as error:  # noqa: BLE001
                if not away:
                    log.warning("waiting", away="Redis", error=type(error).__name__)
                away = True
                self._pause(RETRY_S)

    def _hear(self, connection: Any) -> None:
        receiver = EventReceiver(connection, handlers={"*": self.on_event}, app=self.capp)
        receiver.capture(limit=None, timeout=None, wakeup=True)
