"""Access tokens end, workers are killed, answers are lost: no location loses its access.

    python -m ops.prove.tokens                     1,000 expiries, a minute
    python -m ops.prove.tokens --expiries 10000
    python -m ops.prove.tokens --database postgresql://...   an empty one, on PostgreSQL

Eight workers in two groups, each with stores of its own as two hosts have them, renew the tokens
of an agency, of 30 of its locations and of 30 that installed by themselves, under virtual time.
Ledger, outcomes and deeds are the real ones, the CRM is the stand-in without its socket. Each
grant has two jobs at once, and some tokens are refused in the middle of their life. Workers die
before and after each commit and each call, answers are lost, the database goes away.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from typing import Any, Final, cast

import orjson
from celery.exceptions import Retry
from sqlalchemy import select

from contacts.jobs import Kind, Ticket
from contacts.settings import Settings, load
from contacts.store import grants, ledger, ledger_view, renewals
from contacts.store.cipher import Cipher
from contacts.store.database import DatabaseDown, Store, make_engine, migrate, open_store
from contacts.store.grants import Of, State, Tokens, Way
from contacts.store.tables import grants as table
from contacts.store.tables import jobs
from ops.prove.school import BEGIN, Clock
from ops.prove.stage import MEMORY, quiet, tell
from ops.prove.tokens_crm import AGENCY, Judge, Killed, Mishaps, Mortal, Wire
from ops.simulator import config, oauth_people
from ops.simulator.standin import StandIn
from ops.simulator.world import World
from worker import access_renew, outcomes
from worker.access import Access
from worker.crm.oauth import App
from worker.tasks import DEEDS
from worker.workbench import Deed, Workbench, nothing

WORKERS: Final = 8
GROUPS: Final = 2
LOCATIONS: Final = 60
ACCESS_S: Final = 86_399.0
"""An access token lives so long."""

BOUNDS: Final = (
    "two refreshes in flight", "used before durable", "needless calls", "locations lost",
    "jobs parked",
)  # fmt: skip

ACCESS: Final = (Kind.ACCESS_REFRESH, Kind.ACCESS_LOCATIONS)


@dataclass(slots=True)
class Worker:
    """One worker, and what goes wrong with it."""

    bench: Workbench
    mishaps: Mishaps

    def run(self, ticket: Ticket, lost: Callable[[list[str]], None]) -> None:
        """Work one delivery; a worker that dies is started anew."""
        mishaps = self.mishaps
        mishaps.on, mishaps.step, mishaps.answered = True, 0, []
        try:
            outcomes.run(ticket, _deed(ticket), self.bench)
        except (Retry, outcomes.Parked):
            pass
        except Killed:
            self.bench.places.clear()
        finally:
            mishaps.on = False
        lost(mishaps.answered)


def _deed(ticket: Ticket) -> Deed:
    if ticket.kind in ACCESS:
        return DEEDS[ticket.kind]
    return lambda *_: nothing  # what a new location asks for: its custom fields


@dataclass(slots=True)
class Office:
    """Everything, as two hosts and the CRM have it.

    Attributes:
        store: of beat, the dispatcher and the judge, which do not die.
    """

    clock: Clock
    store: Store
    cipher: Cipher
    settings: Settings
    standin: StandIn
    judge: Judge
    workers: list[Worker]
    random: Random
    counts: Counter[str]

    def round(self) -> None:
        """Some tokens come near their end, or are refused; all is worked until nothing is left."""
        if self.random.random() < 0.2:
            self.clock.now += 7200 + self.random.random() * 600
            self._refuse()
        else:
            self.clock.now += ACCESS_S - 3600 * self.random.uniform(0.1, 0.9)
        with self.store.read() as tx:
            margin = self.settings.oauth_margin
            self.counts["expiries"] += len(grants.due(tx, now=self.clock(), margin_s=margin))
        self.judge.durable("")  # the agency's token, as it is before anybody renews it
        access_renew.put_due(self.workers[0].bench)
        for _ in range(500):
            self._work()
            if not ledger_view.counts(self.store).open:
                return
            self.clock.now += self.random.uniform(1, 45)
            ledger.reclaim(self.store)
        self.counts["jobs that never ended"] += 1

    def _refuse(self) -> None:
        """The CRM refuses the tokens of a third, in several jobs of each at once."""
        live = [one for one in grants.known(self.store) if one.state == State.LIVE]

        def refuse(some: Sequence[grants.Grant]) -> None:
            for one in some:
                with self.store.write() as tx:
                    renewals.refused(tx, Of(one.kind), one.owner, one.generation, now=self.clock())

        some = self.random.sample(live, len(live) // 3)
        _together([partial(refuse, some)] * 3)

    def _work(self) -> None:
        """Hand out what is due, two jobs of each grant, to all workers at once."""
        tickets = self._release()
        with self.store.write() as tx:
            again = [grants.wish(id) for id in sorted(self._subjects())]
            ledger.put(tx, again, now=self.clock())
        tickets += self._release()
        self.random.shuffle(tickets)
        queue: SimpleQueue[Ticket] = SimpleQueue()
        for one in tickets:
            queue.put(one)

        def serve(worker: Worker) -> None:
            while True:
                try:
                    worker.run(queue.get_nowait(), self._lost)
                except Empty:
                    return
                except DatabaseDown:
                    continue

        _together([partial(serve, one) for one in self.workers])

    def _release(self) -> list[Ticket]:
        return ledger.release(self.store, room=500, limit=500, bulk_limit=500, lease_s=30)

    def _subjects(self) -> set[int]:
        """The grants of the jobs that are out."""
        query = select(jobs.c.subject).where(
            jobs.c.state == "released", jobs.c.kind == Kind.ACCESS_REFRESH
        )
        with self.store.read() as tx:
            return set(tx.execute(query).scalars())

    def _lost(self, answered: list[str]) -> None:
        """Answers that came to a worker, and of which the database knows nothing, died with it."""
        for refresh in answered:
            if refresh in self._kept():
                with self.judge.lock:
                    self.judge.lost[refresh] += 1

    def _kept(self) -> set[str]:
        """The refresh tokens that would be shown next, by the database."""
        query = select(table.c.refresh).where(
            table.c.refresh.is_not(None), table.c.way == Way.REFRESH
        )
        with self.store.read() as tx:
            return {self.cipher.decrypt(bytes(one)) for one in tx.execute(query).scalars()}

    def verdict(self) -> None:
        """Every location has a token that the CRM takes."""
        granted = self.standin.world.grants
        self.counts["needless calls"] += self.judge.needless()
        self.counts["calls with a refresh token"] += sum(self.judge.calls.values())
        self.counts["jobs parked"] += ledger_view.counts(self.store).parked
        with self.store.read() as tx:
            for owner in self.standin.world.locations:
                shown = grants.shown(tx, Of.LOCATION, owner, self.cipher)
                known = shown is not None and granted.token(shown.access) is not None
                if shown is None or not known or granted.over(shown.access):
                    self.counts["locations lost"] += 1


def _together(deeds: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=deed) for deed in deeds]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


@contextmanager
def open_office(folder: Path, seed: int, database: str | None) -> Iterator[Office]:
    """An office whose agency and locations have just installed."""
    random, clock, counts = Random(seed), Clock(), Counter[str]()
    places = [{"id": f"loc{n}"} for n in range(LOCATIONS)]
    world = config.read(
        orjson.dumps({"locations": places, "limits": {"per_window": 10**9, "per_day": 10**9}})
    )
    standin = StandIn(world, World(world, clock=clock))
    url = database or f"sqlite:///{folder / 'tokens.db'}"
    migrate(url)
    store = open_store(url, clock=clock)
    app = world.oauth.apps[0]
    settings = load(
        home=folder, attempts=50, redis_url="redis://nobody", oauth_client_id=app.client_id,
        oauth_client_secret=app.client_secret,
    )  # fmt: skip
    cipher = Cipher.from_settings(settings)

    seen: set[str] = set()

    def durable(access: str) -> bool:
        with store.read() as tx:
            shown = grants.shown(tx, Of.COMPANY, AGENCY, cipher)
        seen.add(shown.access if shown else "")
        return access in seen

    judge = Judge(standin, durable, counts)
    workers = []
    engines = [make_engine(url, WORKERS // GROUPS + 2) for _ in range(GROUPS)]
    for number in range(WORKERS):
        mishaps = Mishaps(Random(seed * 100 + number), counts)
        mortal = Mortal(engines[number % GROUPS], clock)
        mortal.mishaps = mishaps
        wire = Wire(App.of(settings), standin, judge, mishaps, clock)
        workers.append(Worker(_bench(settings, mortal, cipher, wire, number), mishaps))
    office = Office(clock, store, cipher, settings, standin, judge, workers, random, counts)
    _install(office, wire)
    try:
        yield office
    finally:
        for engine in engines:
            engine.dispose()
        store.close()


def _bench(settings: Settings, store: Store, cipher: Cipher, wire: Wire, number: int) -> Workbench:
    return Workbench(
        settings=settings,
        store=store,
        redis=cast("Any", None),
        limiter=cast("Any", None),
        crm=cast("Any", None),
        cipher=cipher,
        clock=store.clock,
        sleep=lambda _: None,
        random=Random(number).random,
        name=f"worker-{number}@host-{number % GROUPS}:1",
        stopping=threading.Event(),
        access=Access({}, wire),
    )


def _install(office: Office, wire: Wire) -> None:
    """Half of the locations by the agency, half by themselves; half of the former's tokens have no
    refresh token of their own."""
    standin = office.standin
    app = standin.world.config.oauth.apps[0]
    desk = wire.at(cast("Any", None), lambda _: None, None)

    def keep(tokens: Tokens) -> None:
        with office.store.write() as tx:
            renewals.put(tx, tokens, cipher=office.cipher, now=BEGIN)

    agency = desk.for_code(oauth_people.installs(standin, app, None, webhook=False))
    keep(agency)
    for number, owner in enumerate(standin.world.locations):
        if number >= LOCATIONS // 2:
            keep(desk.for_code(oauth_people.installs(standin, app, owner, webhook=False)))
            continue
        tokens = desk.of_location(agency.access, AGENCY, owner)
        keep(replace(tokens, refresh=None) if number % 2 else tokens)


def play(expiries: int, seed: int, database: str | None = None) -> Counter[str]:
    """Let so many tokens come to their end; returns the counts."""
    memory = MEMORY if Path(MEMORY).is_dir() else None
    with (
        tempfile.TemporaryDirectory(dir=memory) as folder,
        open_office(Path(folder), seed, database) as office,
    ):
        while office.counts["expiries"] < expiries:
            office.round()
        office.verdict()
        return office.counts


def main(words: Sequence[str] | None = None) -> int:
    """Play it; exit code 1 when something happened that must not."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.tokens", description=__doc__)
    parser.add_argument("--expiries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", help="of an empty PostgreSQL; SQLite in memory by default")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    quiet()
    counts = play(options.expiries, options.seed, options.database)
    title = "Tokens: 8 workers in 2 groups"
    return tell(counts, (*BOUNDS, "jobs that never ended"), title=title, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
