"""The tools that a deed is handed: store, CRM, clock. Built once per process, at its front door."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import redis

from contacts import redis_client
from contacts.errors import AccessLost, NotYet, SyncError, UsageError
from contacts.jobs import OAUTH, Job
from contacts.settings import Settings
from contacts.store import audit, forgotten, keyring
from contacts.store.cipher import Cipher
from contacts.store.database import Store, Tx, check_schema, open_store
from worker.access import Access, open_server
from worker.crm.calls import Check
from worker.crm.client import Call, Crm, Desk, Through
from worker.crm.limiter import Limiter, Limits
from worker.crm.oauth import OAuth, OAuthDesk
from worker.outlets import Outlet, Outlets, connector
from worker.places import PLACE_CACHE_S, TOKEN_WAIT_S, Place, limits_of, read_place
from worker.planned import Planned
from worker.platforms.calls import Calls, Line
from worker.platforms.connector import Connector


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
    sleep: Callable[[float], None]
    random: Callable[[], float]
    name: str
    stopping: threading.Event
    places: dict[str, Place] = field(default_factory=dict)
    most: dict[str, tuple[float, int]] = field(default_factory=dict)
    """By location: for how many contacts at once the CRM takes tags, and until when that is
    believed; see ``worker.tags``."""
    doubles: dict[str, tuple[float, bool]] = field(default_factory=dict)
    """By location: when it was asked, and whether it refuses doubles; see ``worker.doubles``."""
    asking: threading.Lock = field(default_factory=threading.Lock)
    outlets: Outlets = field(default_factory=Outlets)
    access: Access = field(default_factory=Access)
    checks: Callable[[Job], Check | None] = lambda _: None
    """What is asked before a call of a job that writes; see ``worker.planned``."""

    def place(self, location: str) -> Place:
        """The location's token, country, limits and custom fields, at most 5 s old."""
        known = self.places.get(location)
        now = self.clock()
        if known is None or now - known.read_at > PLACE_CACHE_S:
            known = read_place(self.store, self.cipher, self.settings, location, now)
            self.places[location] = known
        return known

    def desk(
        self,
        job: Job,
        trail: list[audit.Call],
        *,
        token: str | None = None,
        watch: Callable[[Call], None] | None = None,
    ) -> Desk:
        """The CRM, bound to the job's location and lane; its calls are noted in ``trail``.

        Args:
            token: an agency's, for the calls that want one; None: the location's.
            watch: is given every call too, with what its headers said of the limit.
        """
        place = self.place(job.location)
        if token is None and place.generation is not None:
            self.access.shown[job.id] = place.generation
        return self.crm.at(
            job.location,
            token or place.token,
            country=place.country,
            lane=job.lane,
            record=_recorder(job, trail, self.name, watch),
            custom=place.custom,
            # A call must end before its job may be given to somebody else.
            not_after=job.lease_until - self.settings.call_seconds,
            check=self.checks(job),
        )

    def oauth(self, job: Job, trail: list[audit.Call], *, until: float | None = None) -> OAuthDesk:
        """The CRM's OAuth server, bound to the job's lane; its calls are noted in ``trail``.

        Args:
            until: when the answer must be there, seconds since the epoch; None: the job's lease.

        Raises:
            AccessLost: the settings name no app.
        """
        try:
            server = self.access.server(self._open_oauth)
        except UsageError as error:
            reason = str(error).splitlines()[0]
            raise AccessLost(reason, seconds=TOKEN_WAIT_S, code="oauth-client") from None
        ends = job.lease_until if until is None else min(until, job.lease_until)
        return server.at(
            job.lane, _recorder(job, trail, self.name), ends - self.settings.call_seconds
        )

    def _open_oauth(self) -> OAuth:
        return open_server(
            self.settings, self.limiter, sleep=self.wait, clock=self.clock, random=self.random
        )

    def forget(self, location: str) -> None:
        """Read a location's token anew at its next job."""
        self.places.pop(location, None)

    def outlet(self, location: str) -> Outlet:
        """The location's course platform, at most 5 s old.

        Raises:
            TryLater: none is connected.
        """
        return self.outlets.outlet(self.store, self.cipher, location, self.clock())

    def connector(self, job: Job, trail: list[audit.Call]) -> Connector:
        """The course platform, bound to the job's location and lane, as :meth:`desk` is.

        Raises:
            TryLater: none is connected, or it has no token.
        """

        def line(headers: dict[str, str]) -> Line:
            return Line(
                job.location,
                job.lane,
                headers,
                _recorder(job, trail, self.name),
                not_after=job.lease_until - self.settings.call_seconds,
            )

        return connector(
            self.outlet(job.location),
            calls=lambda: self.outlets.calls(self._platform_calls),
            school=self.outlets.school,
            line=line,
        )

    def _platform_calls(self) -> Calls:
        return Calls(
            limiter=self.limiter,
            connect_timeout=self.settings.connect_timeout,
            read_timeout=self.settings.read_timeout,
            sleep=self.wait,
            clock=self.clock,
        )

    def wait(self, seconds: float) -> None:
        """Wait for a token.

        Raises:
            Stopping: this worker is told to stop.
        """
        if self.stopping.wait(seconds):
            raise Stopping("this worker is stopping", seconds=0.0, code="stopping")


def _recorder(
    job: Job,
    trail: list[audit.Call],
    worker: str,
    watch: Callable[[Call], None] | None = None,
) -> Callable[[Call], None]:
    def record(call: Call) -> None:
        if watch is not None:
            watch(call)
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
                worker=worker,
            )
        )

    return record


Effect = Callable[[Tx], None]
"""What a deed leaves behind in the ledger's database: committed together with ``done``."""


@dataclass(slots=True)
class Company:
    """Other jobs that are done by this one's call, each with an end of its own.

    Attributes:
        jobs: those that were taken along.
        called: those of them for which the call was made.
        ends: how each ended, by its id: None for done, otherwise why not. One that is not in it
            ends as the job that took it along: what went wrong was not about any of them.
        effect: what those leave behind that are done, given those that are still ours.
        parted: those that turned out to need another call, with their number now; see
            ``ledger_together.part_with``.
    """

    jobs: Sequence[Job]
    called: Sequence[Job] = ()
    ends: dict[int, SyncError | None] = field(default_factory=dict)
    effect: Callable[[Tx, Sequence[Job]], None] | None = None
    parted: dict[Job, int | None] = field(default_factory=dict)


class Trail(list[audit.Call]):
    """What is kept of a job however it ends: its calls, and the jobs that went along."""

    company: Company | None = None


Deed = Callable[[Job, Workbench, Trail], Effect]
"""(the claimed job, the tools, where calls are noted) -> effect. Raises a SyncError otherwise."""


def nothing(_: Tx) -> None:
    """The effect of a deed that found the two sides agreed."""


def open_bench(settings: Settings, *, through: Through | None = None) -> Workbench:
    """Build the tools of this process.

    Args:
        through: answers the CRM's calls that write in its place; none of them leaves then.

    Raises:
        UsageError: no Redis is known, the database is behind or the key is wrong.
    """
    url = redis_client.required(settings)
    store = open_store(settings.database, pool_size=settings.worker_threads + 4)
    check_schema(store)
    forgotten.use(store, settings)
    stopping = threading.Event()
    connection = redis_client.connect(
        url,
        timeout_s=3,
        connect_s=2,
        max_connections=settings.worker_threads + 16,
        # redis-py's own ten tries would hold a thread for half a lease; one is for a connection
        # that was closed while it lay idle. A job that finds no Redis waits in the ledger.
        tries=1,
    )
    places: dict[str, Place] = {}
    cipher = keyring.keep_root(store, Cipher.from_settings(settings))

    def wait(seconds: float) -> None:
        bench.wait(seconds)

    def limits(location: str) -> Limits:
        if location == OAUTH:  # no location's resource: a bucket of its own, of a location's size
            return limits_of(None, settings)
        return bench.outlets.limits(location) or bench.place(location).limits

    limiter = Limiter(connection, limits=limits, call_ms=int(settings.call_seconds * 1000))
    crm = Crm(
        url=settings.crm_url,
        version=settings.crm_version,
        limiter=limiter,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        sleep=wait,
        clock=store.clock,
        read_only=settings.read_only or through is not None,
        through=through,
    )
    bench = Workbench(
        settings=settings,
        store=store,
        redis=connection,
        limiter=limiter,
        crm=crm,
        cipher=cipher,
        clock=store.clock,
        sleep=time.sleep,
        random=random.random,
        name=process_name(),
        stopping=stopping,
        places=places,
        checks=Planned(store).check,
    )
    return bench


def process_name() -> str:
    """This worker's name for people: ``worker-1@host:pid``; the first part by the supervisor."""
    role = os.environ.get("ROLLBOOK_WORKER_NAME", "worker")
    return f"{role}@{socket.gethostname()}:{os.getpid()}"
