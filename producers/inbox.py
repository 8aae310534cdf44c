"""The receiver's way into the database: many requests, one writer, one commit for all that wait.

Each event gets a future that is true only after its commit. While one commit is under way the next
events gather, so a burst costs a few commits and not hundreds.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from contacts.events import Event
from contacts.platform_events import PlatformEvent
from contacts.store import inbox, platform_events, processes
from contacts.store.database import DatabaseDown, Store, Tx

ROOM: Final = 2000
"""Events that may wait for the writer; a second's worth at full speed. Beyond it they are refused:
the CRM keeps them better than our memory does."""

BATCH: Final = 250
"""Events of one commit: about 30 ms on SQLite, so the next ones still make it in time."""

GATHER_S: Final = 0.01
"""How long the first of a batch waits for others: a commit costs as much CPU for ten as for one."""

RETRY_S: Final = 0.25
"""How often a database that is away is tried again, by one event of those that ask."""

PULSE_S: Final = 5.0
"""How often the receiver says that it is alive."""

log = structlog.get_logger("rollbook.receiver")


class Busy(Exception):
    """The event is not in the database, or not yet: ask the sender to come again."""


Told = Event | tuple[PlatformEvent, ...]
"""What a request brings: one event of the CRM, or those of the platform that came together."""


@dataclass(slots=True)
class _Entry:
    """An event on its way, and who waits for it."""

    event: Told
    loop: asyncio.AbstractEventLoop
    kept: asyncio.Future[None]


@dataclass(slots=True)
class Inbox:
    """The writer and what waits for it.

    Attributes:
        ring: wakes the dispatcher.
        name: of this process, for its pulse.
        patience_s: how long an event may wait for its commit.
        room: events that may wait.
        country: of phones that the platform tells, where the location has none.
        app: id of our marketplace app, if there is one.
        clock: seconds, monotonic.
    """

    store: Store
    ring: Callable[[], object]
    name: str
    patience_s: float
    room: int = ROOM
    country: str = "US"
    app: str | None = None
    clock: Callable[[], float] = time.monotonic
    _entries: list[_Entry] = field(default_factory=list)
    _turn: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _idle: bool = False
    _away_until: float = 0.0
    _began: float | None = None
    _pulse_at: float = float("-inf")

    def start(self) -> None:
        """Begin to write."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="inbox")
        self._thread.start()

    def stop(self) -> None:
        """Write what still waits, and end."""
        with self._turn:
            self._stopping.set()
            self._turn.notify()
        if self._thread is not None:
            self._thread.join()

    async def keep(self, event: Told) -> None:
        """Return when the event and its jobs are in the database for good.

        Raises:
            Busy: they are not, or not within the patience. The event may still be kept a little
                later: then it is known when it comes again.
        """
        loop = asyncio.get_running_loop()
        entry = _Entry(event, loop, loop.create_future())
        with self._turn:
            if self._refuses():
                raise Busy
            self._entries.append(entry)
            if self._idle:  # woken for every event, the writer would cost more than it writes
                self._turn.notify()
        try:
            async with asyncio.timeout(self.patience_s):
                await entry.kept
        except TimeoutError:
            raise Busy from None

    def _refuses(self) -> bool:
        """Whether an event would wait in vain: the database is away, stuck, or too slow."""
        now = self.clock()
        stuck = self._began is not None and now - self._began > self.patience_s
        return (
            self._stopping.is_set()
            or stuck
            or now < self._away_until
            or len(self._entries) >= self.room
        )

    def _run(self) -> None:
        while True:
            self._pulse()
            with self._turn:
                if not self._entries and not self._stopping.is_set():
                    self._idle = True
                    self._turn.wait(PULSE_S)
                    self._idle = False
                some = bool(self._entries)
            if some:
                self._stopping.wait(GATHER_S)
            with self._turn:
                batch, self._entries = self._entries[:BATCH], self._entries[BATCH:]
                if not batch and self._stopping.is_set():
                    return
                self._began = self.clock() if batch else None
            if batch:
                self._write(batch)
                with self._turn:
                    self._began = None
                self.ring()

    def _write(self, batch: Sequence[_Entry]) -> None:
        """One commit for all; if one of them cannot be written, one for each."""
        try:
            with self.store.write() as tx:
                self._receive(tx, [one.event for one in batch])
        except DatabaseDown as error:
            log.warning("not kept: the database is away", events=len(batch), error=str(error))
            self._away_until = self.clock() + RETRY_S
            _answer(batch, Busy())
        except Exception as error:
            if len(batch) > 1:
                for one in batch:
                    self._write([one])
                return
            told = batch[0].event
            type = told.type if isinstance(told, Event) else told[0].type.value
            log.error("an event cannot be kept", type=type, exc_info=error)
            _answer(batch, Busy())
        else:
            _answer(batch, None)

    def _receive(self, tx: Tx, told: Sequence[Told]) -> None:
        now = self.store.clock()
        inbox.receive(tx, [one for one in told if isinstance(one, Event)], now=now, app=self.app)
        others = [event for one in told if not isinstance(one, Event) for event in one]
        if others:
            platform_events.receive(tx, others, now=now, country=self.country)

    def _pulse(self) -> None:
        if self.clock() - self._pulse_at < PULSE_S:
            return
        self._pulse_at = self.clock()
        with contextlib.suppress(DatabaseDown):  # the events say so
            processes.beat(self.store, self.name, "receiver", 0)


def _answer(batch: Sequence[_Entry], error: Exception | None) -> None:
    """Wake who waits; one call into the loop for all of them."""

    def wake() -> None:
        for one in batch:
            if not one.kept.done():
                if error is None:
                    one.kept.set_result(None)
                else:
                    one.kept.set_exception(error)

    try:
        batch[0].loop.call_soon_threadsafe(wake)
    except RuntimeError:  # the loop is closed: the process ends, and nobody waits any more
        return
