"""A workbench whose clock stands still, and the whole way of a job without a broker."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import fakeredis
import pytest
from celery.exceptions import Retry
from sqlalchemy import select

from contacts.contact import Person
from contacts.jobs import Job, Lane, Ticket, Wish
from contacts.settings import Settings
from contacts.store import accounts, audit, ledger, roster
from contacts.store.cipher import Cipher
from contacts.store.database import DatabaseDown, Store, Tx
from contacts.store.tables import jobs
from ops.simulator.control import Control
from worker import outcomes
from worker.crm.client import Crm
from worker.crm.limiter import Limiter, Limits
from worker.tasks import DEEDS
from worker.workbench import Deed, Workbench

HERE = "loc1"
TOKEN = "pit-secret"


class Shaky(Store):
    """A database that goes away: ``plan`` tells of each coming write how it ends.

    ``before``: nothing is written. ``after``: all is, but the answer is lost. Then all is well.
    """

    plan: list[str]

    @contextmanager
    def write(self) -> Iterator[Tx]:
        fate = self.plan.pop(0) if self.plan else "well"
        if fate == "before":
            raise DatabaseDown("OperationalError")
        with super().write() as tx:
            yield tx
        if fate == "after":
            raise DatabaseDown("OperationalError")


@dataclass
class Shop:
    """One worker with its tools, and a dispatcher in one line."""

    bench: Workbench
    slept: list[float] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.bench.store

    @property
    def clock(self) -> Any:
        return self.bench.clock

    def person(self, email: str | None = None, phone: str | None = None, **more: Any) -> int:
        """Write down what a file says of a person, and put what is owed; returns our id."""
        add, gone, notes = (more.pop(name, ()) for name in ("tags", "gone", "notes"))
        fields = {"email": email, "phone": phone, **more}
        known = {name: value for name, value in fields.items() if value}
        one = Person(known, frozenset(add), frozenset(gone), tuple(notes))
        with self.store.write() as tx:
            (done,) = roster.upsert(tx, HERE, [one], now=self.clock())
        self.put(*roster.wishes(HERE, [done], lane=Lane.BULK))
        return done.contact

    def put(self, *wishes: Wish) -> None:
        with self.store.write() as tx:
            ledger.put(tx, wishes, now=self.clock())

    def release(self) -> list[Ticket]:
        return ledger.release(self.store, room=99, limit=99, bulk_limit=99, lease_s=30)

    def run(self, ticket: Ticket, deed: Deed | None = None) -> str:
        """Work one delivery: ``done``, ``stale``, or what Flower would be shown."""
        try:
            return outcomes.run(ticket, deed or DEEDS[ticket.kind], self.bench)
        except (Retry, outcomes.Parked) as shown:
            return f"{type(shown).__name__}: {shown}"

    def work(self, deed: Deed | None = None) -> list[str]:
        """Work everything that is due, round after round."""
        ended: list[str] = []
        while tickets := self.release():
            ended += [self.run(ticket, deed) for ticket in tickets]
        return ended

    def once(self, deed: Deed | None = None) -> str:
        """Work the one job that is due, once."""
        (ticket,) = self.release()
        return self.run(ticket, deed)

    def rows(self) -> list[Any]:
        """The jobs as the ledger has them."""
        with self.store.read() as tx:
            return list(tx.execute(select(jobs).order_by(jobs.c.id)).all())

    def row(self) -> Any:
        (only,) = self.rows()
        return only

    def calls(self) -> list[tuple[str, int]]:
        """The audit, oldest first: (operation, status)."""
        return [(call.operation, call.status) for call in audit.recent(self.store)][::-1]

    def using(self, **other: Any) -> Shop:
        """The same worker with other tools."""
        return Shop(replace(self.bench, **other), self.slept)

    def shaky(self, *plan: str) -> Shop:
        """The same worker, and a database that goes away."""
        made = Shaky(self.store.engine, self.store.clock)
        made.plan = list(plan)
        return self.using(store=made)


Opened = Callable[..., Shop]


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Opened]:
    """Makes a worker on a store; without ``crm`` there is nobody to call."""
    open_now: list[Crm] = []

    def make(store: Store, crm: Control | None = None, **settings: Any) -> Shop:
        values: dict[str, Any] = {"attempts": 3, "connect_timeout": 2, "read_timeout": 2}
        values |= {"home": tmp_path / "home", "redis_url": "redis://127.0.0.1:1/0"}
        values |= {"crm_url": crm.url if crm else "http://127.0.0.1:1"}
        chosen = Settings(_env_file=None, **values | settings)
        cipher = Cipher.from_settings(chosen)
        with store.write() as tx:
            accounts.ensure_location(tx, HERE, token=TOKEN, country="US", cipher=cipher)
        memory = fakeredis.FakeRedis()
        limits = Limits(1000, 1000, per_day=1_000_000)
        began = time.monotonic()

        def now_ms() -> int:  # the test's clock, and what its waits for tokens really take
            return int((store.clock() + time.monotonic() - began) * 1000)

        limiter = Limiter(memory, limits=lambda _: limits, life=lambda: "one", now_ms=now_ms)
        limiter.vouch()  # or it would fear a thousand calls of before, and begin with a probe
        slept: list[float] = []
        client = Crm(
            url=chosen.crm_url,
            version=chosen.crm_version,
            limiter=limiter,
            connect_timeout=chosen.connect_timeout,
            read_timeout=chosen.read_timeout,
            sleep=threading.Event().wait,
            clock=store.clock,
            random=lambda: 0.5,
            read_only=chosen.read_only,
        )
        open_now.append(client)
        bench = Workbench(
            settings=chosen,
            store=store,
            redis=memory,
            limiter=limiter,
            crm=client,
            cipher=cipher,
            clock=store.clock,
            sleep=slept.append,
            random=lambda: 0.5,
            name="worker-1@test:1",
            stopping=threading.Event(),
            doubles={HERE: (math.inf, True)},  # nobody need be asked
        )
        return Shop(bench, slept)

    yield make
    for client in open_now:
        client.close()


@pytest.fixture
def shop(store: Store, open_shop: Opened) -> Shop:
    """A worker on SQLite and on PostgreSQL, with nobody to call."""
    return open_shop(store)


def ending(error: Exception) -> Deed:
    """A deed that ends with this."""

    def deed(job: Job, bench: Workbench, trail: list[audit.Call]) -> Any:
        raise error

    return deed


def calling(error: Exception | None = None, effect: Any = lambda tx: None) -> Deed:
    """A deed that makes a call and then ends with the error, or with the effect."""

    def deed(job: Job, bench: Workbench, trail: list[audit.Call]) -> Any:
        trail.append(
            audit.Call(bench.clock(), job.location, "contact.create", 200, 5.0, job.id, None, None)
        )
        if error:
            raise error
        return effect

    return deed


@pytest.fixture
def deeds() -> tuple[Callable[[Exception], Deed], Callable[..., Deed]]:
    """(a deed that ends with an error, a deed that calls first)."""
    return ending, calling


@pytest.fixture
def crm(simulator: Any) -> Control:
    """A stand-in of the CRM with one location."""
    made: Control = simulator()
    return made


@pytest.fixture
def live_shop(sqlite_store: Store, open_shop: Opened, crm: Control) -> Shop:
    """A worker on SQLite that calls the stand-in."""
    return open_shop(sqlite_store, crm)
