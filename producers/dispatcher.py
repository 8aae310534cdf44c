"""Ledger to Redis: what is due, fairly, no faster than the CRM takes it.

A loop of three steps: has Redis forgotten anything, what may be released, publish it. What could
not be published goes back at once; what Redis lost is released again under a new number, so that
a message which turns up after all finds its job gone and stops.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain

import redis
import structlog
from celery import Celery
from kombu.exceptions import BatchPublishError, OperationalError

from contacts import belt, parcels, redis_client
from contacts.jobs import Ticket
from contacts.settings import Settings
from contacts.store import ledger, processes
from contacts.store.database import DatabaseDown, Store, check_schema, open_store
from contacts.store.turns import Gather
from producers import front_door

TICK_S = 0.25
"""How often released jobs are topped up while work waits. With 20 in flight a location of 10
calls/s never runs dry, and no thread is without a message for long where they are scarce. With 40
locations a tick costs about 5 ms. A live job rings."""

IDLE_S = 1.0
"""How long an idle dispatcher sleeps when nobody rings; also the accuracy of a retry's time."""

BUSY_S = 2.0
"""So long after a job was handed over it still tops up: what is out may leave something due that
nobody rings for, a note behind its contact, the tags after other tags."""

ROUND = 500
"""At most this many jobs in one round: publishing them takes about 0.1 s."""

BULK_SHARE = 0.75
"""Bulk may have messages for this share of all worker threads, so that a live job always finds one
free."""

GATHER = Gather(quiet_s=0.5, after_s=15.0)
"""A contact that is edited a hundred times a second is told at once, and then each 15 s, or when
it was quiet for half a second: a thousand edits within ten seconds are two calls."""

DUTY_S = 5.0
"""How often the number of workers is read and our own pulse is written."""

SAY_S = 10.0
"""How often it says that Redis or the database is away."""

log = structlog.get_logger("rollbook.dispatcher")


@dataclass(slots=True)
class Dispatcher:
    """The loop's state: which Redis was seen last, and when the slow duties were done."""

    store: Store
    app: Celery
    redis: redis.Redis
    in_flight: int
    claim_s: float
    clock: Callable[[], float]
    name: str
    read_only: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)
    run_id: str | None = None
    slots: int = 0
    duties_at: float = 0.0
    said_at: float = 0.0
    busy_until: float = 0.0

    def run(self) -> None:
        """Dispatch until told to stop. Survives a Redis or database that goes away."""
        while not self.stopping.is_set():
            try:
                self.wait(self.pause(self.step()))
            except redis.RedisError as error:
                self._outage("Redis", error)
                self.run_id = None
            except DatabaseDown as error:
                self._outage("the database", error)
        self.store_goodbye()

    def step(self) -> int:
        """One round.

        Returns:
            how many jobs were handed over.

        Raises:
            redis.RedisError: no Redis; nothing was released that is not withdrawn again.
            DatabaseDown: no database.
        """
        self.notice_restart()
        self.duties()
        if not self.slots:
            return 0  # nobody would take it: in the ledger it can still be cancelled and counted
        messages = ledger.release_packed(
            self.store,
            room=self.in_flight,
            limit=ROUND,
            threads=max(1, int(self.slots * BULK_SHARE)),
            lease_s=self.claim_s,
            read_only=self.read_only,
            gather=GATHER,
        )
        self.publish(messages)
        return sum(map(len, messages))

    def pause(self, handed: int) -> float:
        """How long until the next round, seconds.

        Args:
            handed: jobs that were handed over in this one.
        """
        now = self.clock()
        if handed:
            self.busy_until = now + BUSY_S
        return TICK_S if now < self.busy_until else IDLE_S

    def notice_restart(self) -> None:
        """After a restart of Redis, release again whatever lay there unclaimed."""
        run_id = str(self.redis.info("server")["run_id"])
        if run_id == self.run_id:
            return
        back = ledger.reclaim(self.store, unstarted=True)
        log.info("redis is new to us", jobs_taken_back=back)
        self.run_id = run_id

    def duties(self) -> None:
        """Every few seconds: our pulse, and how many threads the living workers have."""
        now = self.clock()
        if now - self.duties_at < DUTY_S and self.slots:
            return
        self.duties_at = now
        processes.beat(self.store, self.name, "dispatcher", 0)
        self.slots = processes.slots(self.store, "worker")

    def publish(self, messages: Sequence[Sequence[Ticket]]) -> None:
        """Send them all in one go; if that fails all their jobs are withdrawn. A message that got
        through after all finds its jobs gone.

        Raises:
            redis.RedisError: Redis went away in between.
        """
        if not messages:
            return
        try:
            with (
                self.app.producer_pool.acquire(block=True, timeout=5) as producer,
                producer.batch(max_size=ROUND),
            ):
                for parcel in messages:
                    kwargs = parcels.written(parcel)
                    self.app.send_task(
                        parcel[0].kind.value,
                        kwargs=kwargs,
                        # Given, because Celery's own careful repr of them takes 0.1 ms.
                        argsrepr="()",
                        kwargsrepr=repr(kwargs),
                        queue=parcel[0].lane.value,
                        task_id=parcels.name(parcel),
                        producer=producer,
                        retry=False,
                    )
        except (OperationalError, BatchPublishError, redis.RedisError, OSError) as error:
            ledger.withdraw(self.store, chain.from_iterable(messages))
            raise redis.ConnectionError("publishing failed") from error

    def wait(self, seconds: float) -> None:
        """Sleep until the bell rings, at most so many seconds."""
        self.redis.blpop([belt.WAKE_KEY], timeout=seconds)

    def close(self) -> None:
        """Let go of Redis and the database; the producers of kombu, which the process shares, go
        with the process."""
        self.redis.close()
        self.app.close()
        self.store.close()

    def store_goodbye(self) -> None:
        """Take our name off the list of the living."""
        try:
            processes.gone(self.store, self.name)
        except DatabaseDown:
            log.warning("stopped without a goodbye: no database")

    def _outage(self, what: str, error: Exception) -> None:
        if self.clock() - self.said_at >= SAY_S:
            self.said_at = self.clock()
            log.warning("waiting", away=what, error=type(error).__name__)
        self.stopping.wait(TICK_S)


def open_dispatcher(settings: Settings) -> Dispatcher:
    """Build the dispatcher of this process.

    Raises:
        UsageError: no Redis is known, or the database is behind.
    """
    url = redis_client.required(settings)
    app = Celery("rollbook", set_as_current=False)
    app.conf.update(belt.celery_settings(redis_url=url, threads=4))
    # Left alone, kombu tries for 6 s to connect, with released jobs in hand; our loop does better.
    app.conf.broker_transport_options = app.conf.broker_transport_options | {"max_retries": 0}
    store = open_store(settings.database, pool_size=2)
    check_schema(store)
    return Dispatcher(
        store=store,
        app=app,
        redis=redis_client.connect(url, timeout_s=5, connect_s=2),
        in_flight=settings.in_flight,
        claim_s=settings.claim_seconds,
        clock=store.clock,
        name=f"dispatcher@{socket.gethostname()}:{os.getpid()}",
        read_only=settings.read_only,
    )


def main() -> int:
    """``python -m producers.dispatcher``; exit code 2 for a person's mistake."""
    return front_door.run("dispatcher", serve)


def serve(settings: Settings) -> int:
    """Hand out until SIGTERM or Ctrl-C; returns the exit code.

    Raises:
        UsageError, DatabaseDown: see :func:`open_dispatcher`.
    """
    dispatcher = open_dispatcher(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: dispatcher.stopping.set())
    if not settings.read_only:
        ledger.hasten(dispatcher.store, "read-only")
    log.info("dispatching", name=dispatcher.name, read_only=settings.read_only)
    dispatcher.run()
    dispatcher.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
