"""Asks for what changed on the course platforms, again and again: a job each time for a worker.

It talks to no platform itself: a page is a job, so that it waits for its token, is tried again and
is parked as every other call is. Where the last reading ended is in the database.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from contacts.jobs import Kind, Lane, Wish
from contacts.settings import Settings
from contacts.store import feeds, ledger, platforms, processes
from contacts.store.database import DatabaseDown, Store, check_schema, open_store
from producers import front_door
from producers.bell import Bell

PULSE_S: Final = 5.0
"""How often it says that it is alive."""

log = structlog.get_logger("rollbook.feed")


def ask(store: Store, location: str | None = None) -> list[str]:
    """Put a job for each platform that can tell what changed; one that waits already stays one.

    They are live: they take nothing of the CRM's limit, and would wait for the whole of a backfill.

    Args:
        location: None: every one. One that is parked is only asked when it is named.

    Returns:
        the locations.
    """
    able = [one.location for one in platforms.connected(store) if one.platform.feed is not None]
    with store.write() as tx:
        parked = feeds.asleep(tx) if location is None else set()
        chosen = [one for one in able if one not in parked and location in (None, one)]
        wishes = [Wish(Kind.FEED, one, lane=Lane.LIVE) for one in chosen]
        ledger.put(tx, wishes, now=store.clock())
    return chosen


@dataclass(slots=True)
class Feed:
    """The process.

    Attributes:
        every_s: seconds between two readings.
        wait: for seconds; returns whether it is told to stop.
    """

    store: Store
    bell: Bell
    every_s: float
    name: str
    stopping: threading.Event = field(default_factory=threading.Event)
    wait: Callable[[float], bool] | None = None
    _asked_at: float = float("-inf")

    def run(self) -> None:
        """Ask until it is told to stop."""
        wait = self.wait or self.stopping.wait
        while not self.stopping.is_set():
            self.turn()
            if wait(min(PULSE_S, self.every_s)):
                return

    def turn(self) -> None:
        """Show a pulse; ask, if it is time."""
        try:
            processes.beat(self.store, self.name, "feed", 0)
            now = self.store.clock()
            if now - self._asked_at >= self.every_s and ask(self.store):
                self.bell.ring()
            if now - self._asked_at >= self.every_s:
                self._asked_at = now
        except DatabaseDown as error:
            log.warning("waiting", away="database", error=str(error))


def main() -> int:
    """``python -m producers.feed``; exit code 2 for a person's mistake."""
    return front_door.run("feed", serve)


def serve(settings: Settings) -> int:
    """Ask until SIGTERM or Ctrl-C.

    Returns:
        the exit code.

    Raises:
        UsageError: the database is behind.
    """
    store = open_store(settings.database, pool_size=1)
    bell = Bell(settings.redis)
    try:
        check_schema(store)
        name = f"feed@{socket.gethostname()}:{os.getpid()}"
        feed = Feed(store, bell, settings.feed_seconds, name)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: feed.stopping.set())
        log.info("asking", name=name, every_s=settings.feed_seconds)
        feed.run()
        processes.gone(store, name)
    finally:
        bell.close()
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
