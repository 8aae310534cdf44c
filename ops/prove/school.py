"""A school under virtual time: the CRM's people, the platform, webhooks on their way, one worker.

Nothing here is a copy of ours: store, ledger, outcomes and deeds are the real ones, the CRM is the
stand-in without its socket. Only the broker is missing: a released job is worked at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, cast
from urllib.parse import urlencode

import orjson
from celery.exceptions import Retry
from sqlalchemy import select

from contacts import events
from contacts.contact import Person
from contacts.errors import CrmUnavailable
from contacts.jobs import Lane, Ticket
from contacts.settings import load
from contacts.store import accounts, inbox, ledger, roster
from contacts.store.cipher import Cipher
from contacts.store.database import Store, migrate, open_store
from contacts.store.tables import tags
from ops.simulator import config, webhooks
from ops.simulator.faults import Fault
from ops.simulator.seeding import Seed, Seeds, seed
from ops.simulator.shapes import instant
from ops.simulator.standin import StandIn
from ops.simulator.world import Contact, World
from worker import outcomes
from worker.crm.answers import Answer, document, failure
from worker.crm.calls import Calls, Line
from worker.crm.desk import Desk
from worker.crm.operations import Operation
from worker.crm.shapes import Call, JsonObject
from worker.crm.wire import Custom, Dictionary
from worker.tasks import DEEDS
from worker.workbench import Trail, Workbench

HERE: Final = "loc1"
TOKEN: Final = "pit-of-the-school"

BEGIN: Final = 1_790_000_000.0


class Clock:
    """Virtual time, seconds since the epoch."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> float:
        return self.now


class Wire:
    """``Calls`` without a socket: a call is the stand-in's function.

    Attributes:
        meanwhile: is told of each call before it arrives and after it: (operation, id of its
            contact).
        travels: is told when a call leaves, and when its answer is there: once each, however many
            contacts it is about.
        loses: whether the answer to a call is lost.
        strikes: what goes wrong with a call.
        v3: the generation that it speaks: not that one.
    """

    v3 = False

    def __init__(self, standin: StandIn, clock: Clock) -> None:
        self._standin = standin
        self._clock = clock
        self.meanwhile: Callable[[Operation, str], None] = lambda *_: None
        self.travels: Callable[[], None] = lambda: None
        self.loses: Callable[[Operation], bool] = lambda _: False
        self.strikes: Callable[[Operation], Fault | None] = lambda _: None

    def make(
        self,
        operation: Operation,
        line: Line,
        *,
        id: str = "",
        thing: str = "",
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> JsonObject:
        """As :meth:`worker.crm.calls.Calls.make`."""
        path = operation.path.replace("{id}", id).replace("{thing}", thing)
        headers = [(b"version", b"2021-07-28"), (b"authorization", line.authorization)]
        asked = self._standin.asked(operation.method, path, urlencode(query or {}), headers, 1)
        raw = b"" if body is None else orjson.dumps(body)
        several: Any = (body or {}).get("contacts") if "bulk" in operation.name else None
        about = [id] if several is None else several
        self.travels()
        for one in about:
            self.meanwhile(operation, one)
        reply = self._standin.serve(asked, raw, self.strikes(operation))
        for one in about:
            self.meanwhile(operation, one)
        self.travels()
        now, lost = self._clock(), reply.broken is not None or self.loses(operation)
        status = 0 if lost else reply.status
        line.record(Call(now, line.location, operation.name, status, 1.0, None))
        if lost:
            doubtful = operation.writes
            raise CrmUnavailable("the answer was lost", code="no-answer", doubtful=doubtful)
        if 200 <= reply.status < 300:
            return document(operation, reply.body)
        raise failure(operation, Answer(reply.status, {}, reply.body), now=now)


class Crm:
    """``worker.crm.client.Crm`` over such a wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def at(
        self,
        location: str,
        token: str,
        *,
        country: str,
        custom: tuple[Custom, ...],
        **line: Any,
    ) -> Desk:
        """The CRM for one job."""
        made = Line(location, token, line["lane"], line["record"], not_after=line["not_after"])
        return Desk(cast("Calls", self._wire), made, country=country, dictionary=Dictionary(custom))


def _broken(ticket: Ticket, shown: str) -> None:
    raise RuntimeError(f"{ticket.kind}: {shown}")


@dataclass(slots=True)
class School:
    """Everything, and what was told of it.

    Attributes:
        told: is given every webhook that a change causes: (body, its contact, is it ours).
        touched: is given every change there: (before, after, is it ours).
        worked: is given each job when it was worked: (ticket, operations that it called).
        failed: is given each job that was not done, and what Flower would show.
        room: jobs that are out at once.
    """

    store: Store
    clock: Clock
    standin: StandIn
    bench: Workbench
    wire: Wire
    random: Random
    told: Callable[[bytes, str, bool], None] = lambda *_: None
    touched: Callable[[Contact | None, Contact, bool], None] = lambda *_: None
    worked: Callable[[Ticket, list[str]], None] = lambda *_: None
    failed: Callable[[Ticket, str], None] = _broken
    room: int = 500
    _ours: bool = False
    _count: int = 0

    @property
    def world(self) -> World:
        return self.standin.world

    def changed(self, old: Contact | None, new: Contact) -> None:
        """A contact of the CRM changed: its webhooks are made."""
        self.touched(old, new, self._ours)
        for payload in webhooks.caused(old, new, self.world.config.quirks):
            self._count += 1
            stamp = instant(self.world.now_ms())
            body = {**payload, "timestamp": stamp, "webhookId": f"webhook-{self._count}"}
            self.told(orjson.dumps(body), new.id, self._ours)

    def theirs(self, act: Callable[[], None]) -> None:
        """Something that people do in the CRM while a job of ours is at work."""
        ours, self._ours = self._ours, False
        try:
            act()
        finally:
            self._ours = ours

    def person_edits(self, remote: str, **change: Any) -> None:
        """What a person does in the CRM."""
        seed(self.world, Seeds(location=HERE, contacts=(Seed(id=remote, **change),)))

    def platform_says(
        self,
        email: str | None,
        add: tuple[str, ...] = (),
        remove: tuple[str, ...] = (),
        contact: int | None = None,
        **fields: Any,
    ) -> roster.Upserted:
        """What the platform tells of somebody; returns what became of it.

        Args:
            contact: our id, where the platform has an id of its own for the person.
        """
        known = {"email": email} if email else {}
        person = Person({**known, **fields}, frozenset(add), frozenset(remove), contact=contact)
        now = self.clock()
        with self.store.write() as tx:
            (done,) = roster.upsert(tx, HERE, [person], now=now)
            ledger.put(tx, roster.wishes(HERE, [done], lane=Lane.BULK), now=now)
        return done

    def tags(self, contact: int) -> set[str]:
        """The tags that we want a contact to have."""
        query = select(tags.c.tag).where(tags.c.contact == contact, tags.c.wanted.is_(True))
        with self.store.read() as tx:
            return set(tx.execute(query).scalars())

    def deliver(self, bodies: list[bytes]) -> None:
        """Webhooks come in."""
        now = self.clock()
        with self.store.write() as tx:
            inbox.receive(tx, [events.read(body, now=now) for body in bodies], now=now)

    def work(self) -> None:
        """Work all jobs that are due."""
        while tickets := ledger.release(
            self.store, room=self.room, limit=500, bulk_limit=500, lease_s=3600
        ):
            for ticket in tickets:
                self.run(ticket)

    def run(self, ticket: Ticket) -> None:
        """Work one job, as a worker that was handed it."""
        calls: list[str] = []

        def deed(job: Any, bench: Workbench, trail: Trail) -> Any:
            effect = DEEDS[ticket.kind](job, bench, trail)
            calls.extend(call.operation for call in trail)
            return effect

        self._ours = True
        try:
            outcomes.run(ticket, deed, self.bench)
        except (Retry, outcomes.Parked) as shown:
            self.failed(ticket, f"{type(shown).__name__}: {shown}")
        finally:
            self._ours = False
        self.worked(ticket, calls)


def open_school(
    folder: Path,
    random: Random,
    *,
    place: Mapping[str, Any] | None = None,
    scopes: Sequence[str] = config.SCOPES,
    quirks: Mapping[str, Any] | None = None,
    mangling: Mapping[str, Any] | None = None,
) -> Iterator[School]:
    """A school without anybody in it, on an SQLite database in that folder.

    Args:
        place: settings of its location in the stand-in.
        scopes: of its token.
        quirks, mangling: of the stand-in.
    """
    clock = Clock()
    world = config.read(
        orjson.dumps(
            {
                "locations": [{"id": HERE, **(place or {})}],
                "tokens": [{"token": TOKEN, "location": HERE, "scopes": list(scopes)}],
                "quirks": dict(quirks or {}),
                "mangling": dict(mangling or {}),
                "limits": {"per_window": 10**9, "per_day": 10**9},
                "seed": random.getrandbits(32),
            }
        )
    )
    standin = StandIn(world, World(world, clock=clock))
    url = f"sqlite:///{folder / 'school.db'}"
    migrate(url)
    store = open_store(url, clock=clock)
    settings = load(home=folder, lease_seconds=3600, crm_location=HERE, redis_url="redis://nobody")
    cipher = Cipher.from_settings(settings)
    with store.write() as tx:
        accounts.ensure_location(tx, HERE, token=TOKEN, country="US", cipher=cipher)
    wire = Wire(standin, clock)
    bench = Workbench(
        settings=settings,
        store=store,
        redis=cast("Any", None),
        limiter=cast("Any", None),
        crm=cast("Any", Crm(wire)),
        cipher=cipher,
        clock=clock,
        sleep=lambda _: None,
        random=random.random,
        name="worker-1@school:1",
        stopping=threading.Event(),
    )
    school = School(store, clock, standin, bench, wire, random)
    standin.world.listeners.append(school.changed)
    try:
        yield school
    finally:
        store.close()
