"""The tools that a deed is handed: store, CRM, clock. Built once per process, at its front door."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import redis

from contacts.errors import NotYet, UsageError
from contacts.jobs import Job
from contacts.settings import Settings
from contacts.store import accounts, audit
from contacts.store.cipher import Cipher
from contacts.store.database import Store, Tx, check_schema, open_store
from worker.crm.client import Call, Crm, Desk
from worker.crm.limiter import Limiter, Limits

PLACE_CACHE_S = 5.0
"""A location's token, country and custom fields are read again after this long: a new token or a
resumed location is noticed within 5 s, and a read for each job (0.2 ms) is saved."""

CALL_BUDGET_S = 20.0
"""A call is not begun when less than this is left of its job's lease: connecting (5 s) and
reading (10 s) must end before the job may be given to somebody else."""


@dataclass(frozen=True, slots=True)
class Place:
    """One location as a deed needs it, read at ``read_at`` (seconds of the clock)."""

    country: str
    token: str
    custom: tuple[accounts.CustomField, ...]
    limits: Limits
    read_at: float


class Stopping(NotYet):
    """This worker is going down: what has not been sent yet goes back to the ledger."""


@dataclass(frozen=True, slots=True)
class Workbench:
    """What a process works with. Thread-safe; shared by all threads of the pool."""

    settings: Settings
    store: Store
    redis: redis.Redis
    limiter: Limiter
    crm: Crm
    cipher: Cipher
    clock: Callable[[], float]
    random: Callable[[], float]
    name: str
    stopping: threading.Event
    places: dict[str, Place] = field(default_factory=dict)

    def place(self, location: str) -> Place:
        """The location's token, country, limits and custom fields, at most 5 s old."""
        known = self.places.get(location)
        now = self.clock()
        if known is None or now - known.read_at > PLACE_CACHE_S:
            known = _read_place(self.store, self.cipher, self.settings, location, now)
            self.places[location] = known
        return known

    def desk(self, job: Job, trail: list[audit.Call]) -> Desk:
        """The CRM, bound to the job's location and lane; its calls are noted in ``trail``."""
        place = self.place(job.location)

        def record(call: Call) -> None:
            trail.append(
                audit.Call(
                    at=call.at,
                    location=call.location,
                    operation=call.operation,
                    status=call.status,
                    ms=call.ms,
                    job=job.id,
                    run=job.run,
                    trace=call.trace,
                )
            )

        return self.crm.at(
            job.location,
            place.token,
            country=place.country,
            lane=job.lane,
            record=record,
            custom=place.custom,
            not_after=job.lease_until - CALL_BUDGET_S,
        )


Effect = Callable[[Tx], None]
"""What a deed leaves behind in the ledger's database: committed together with ``done``."""

Deed = Callable[[Job, Workbench, list[audit.Call]], Effect]
"""(the claimed job, the tools, where calls are noted) -> effect. Raises a SyncError otherwise."""


def nothing(_: Tx) -> None:
    """The effect of a deed that found the two sides agreed."""


def _read_place(
    store: Store, cipher: Cipher, settings: Settings, location: str, now: float
) -> Place:
    row = accounts.location(store, location)
    return Place(
        country=row.country or settings.country,
        token=accounts.token(store, location, cipher),
        custom=tuple(accounts.custom_fields(store, location)),
        limits=limits_of(row, settings),
        read_at=now,
    )


def limits_of(row: accounts.Location, settings: Settings) -> Limits:
    """The limits of a location: its own where set, else the settings'."""
    return Limits(
        per_window=row.window_calls or settings.window_calls,
        window_ms=row.window_ms or int(settings.window_seconds * 1000),
        per_day=row.day_calls or settings.day_calls,
    )


def open_bench(settings: Settings) -> Workbench:
    """Build the tools of this process.

    Raises:
        UsageError: no Redis is known, the database is behind or the key is wrong.
    """
    if settings.redis is None:
        raise UsageError(
            "no Redis: set ROLLBOOK_REDIS_URL, or start `rollbook up`, which brings its own"
        )
    store = open_store(settings.database, pool_size=settings.worker_threads + 4)
    check_schema(store)
    stopping = threading.Event()
    connection = redis.Redis.from_url(
        settings.redis,
        socket_timeout=3,
        socket_connect_timeout=2,
        max_connections=settings.worker_threads + 16,
    )
    places: dict[str, Place] = {}
    cipher = Cipher.from_settings(settings)

    def limits(location: str) -> Limits:
        return bench.place(location).limits

    def sleep(seconds: float) -> None:
        if stopping.wait(seconds):
            raise Stopping("this worker is stopping", seconds=0.0, code="stopping")

    limiter = Limiter(connection, limits=limits)
    crm = Crm(
        url=settings.crm_url,
        version=settings.crm_version,
        limiter=limiter,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        sleep=sleep,
    )
    bench = Workbench(
        settings=settings,
        store=store,
        redis=connection,
        limiter=limiter,
        crm=crm,
        cipher=cipher,
        clock=time.time,
        random=random.random,
        name=process_name(),
        stopping=stopping,
        places=places,
    )
    return bench


def process_name() -> str:
    """This worker's name for people: ``worker-1@host:pid``; the first part by the supervisor."""
    role = os.environ.get("ROLLBOOK_WORKER_NAME", "worker")
    return f"{role}@{socket.gethostname()}:{os.getpid()}"
