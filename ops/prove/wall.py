"""How long does a backfill take, and is its end foretold? Under virtual time, by the real limiter.

    python -m ops.prove.wall
    python -m ops.prove.wall --people 10000
    python -m ops.prove.wall --people 2000 --server "token bucket" --latency lognormal
    python -m ops.prove.wall --mix "half there" --seeds 4

New contacts with tags and a note each, through the real backfill, ledger, deeds and the limiter's
script in a Redis of its own; the CRM is the stand-in without its socket, behind one of the five
servers that may count. Worker threads are threads, of which one runs at a time: who waits for a
token or an answer waits in virtual time. The dispatcher looks four times a second, once where it
found nothing for a while, and when a worker rings, as it does.

Three bounds: the time by that of the necessary calls at the limit (1.03); the time that `rollbook
status` says is left, from 5 % on, against the time that it then took (5 %); and the time that a
plan of these calls would tell, made once it is known how the CRM counts (3 %). The second also
where half of the people are there, changed, lacking tags: the mix changes on the way. Exit code 1
when one is broken.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import fmean
from typing import Final

from rich.console import Console
from rich.table import Table

from contacts.jobs import WALKS, Lane, Ticket
from contacts.store import accounts, ledger, ledger_view, processes, runs
from contacts.tempo import Counting
from ops.prove import economy, least, stage
from ops.prove.economy import Mix
from ops.prove.latencies import LATENCIES
from ops.prove.own_redis import own_redis
from ops.prove.school import BEGIN, HERE, School
from ops.prove.servers import SERVERS
from ops.prove.world import Steps, World
from producers import progress
from producers.dispatcher import BUSY_S, IDLE_S, TICK_S
from worker import pulse
from worker.rehearsal import pace

MOST: Final = 1.03
"""Time taken by calls needed at 10 a second."""

PLANNED: Final = 0.03
"""Of the time that it took, a plan of as many calls may be wrong by so much."""

ERROR: Final = 0.05
"""Of the time that was left, and of the whole where little is left."""

FROM: Final = 0.05
"""The forecast is looked at from this share of the time on."""

PER_S: Final = 10.0
IN_FLIGHT: Final = 20
BELT_MS: Final = 5.0
"""From the dispatcher to a worker's thread."""

MIXES: Final = {
    "new, tags and a note": Mix(0.0, noted=1.0),
    "half there": Mix(0.5, moved=0.5, lack=0.5, noted=0.5, strangers=0.5),
}


@dataclass(slots=True)
class Thread:
    """A worker's thread, which runs only while the world waits for it."""

    job: threading.Thread
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    waits: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    calls: int = 0
    over: bool = False


@dataclass(slots=True)
class House:
    """Dispatcher and worker of a school, in a world."""

    school: School
    world: World
    threads: dict[int, Thread] = field(default_factory=dict)

    def begin(self) -> None:
        """Begin to work."""
        self.school.wire.travels = self._call
        self.world.begin(self._dispatch())

    def show_limits(self) -> None:
        """Copy what the limiter shows, as a worker's pulse does."""
        look = self.world.limiter.look(self.world.location)
        with self.school.store.write() as tx:
            seen = pulse.seen_of(look, self.world.limits, self.school.clock.now)
            accounts.save_limits_seen(tx, HERE, seen)

    def _dispatch(self) -> Steps:
        """Release what there is room for, as often as ``producers.dispatcher`` does."""
        store, busy_until = self.school.store, 0.0
        while True:
            self._time()
            for name, kind in (("d@h:1", "dispatcher"), ("w@h:2", "worker")):
                processes.beat(store, name, kind, 32)
            if self._release():
                busy_until = self.world.now + 1000 * BUSY_S
            yield 1000 * (TICK_S if self.world.now < busy_until else IDLE_S)

    def _release(self) -> int:
        """One round; returns how many jobs."""
        self._time()
        tickets = ledger.release(
            self.school.store, room=IN_FLIGHT, limit=500, bulk_limit=24, lease_s=3600
        )
        for ticket in tickets:
            self.world.begin(self._work(ticket), after=BELT_MS)
        return len(tickets)

    def _work(self, ticket: Ticket) -> Steps:
        """One job: each of its calls takes a token and the time of an answer."""
        made = Thread(threading.Thread(target=self._deed, args=(ticket,), daemon=True))
        made.job.start()
        self.threads[made.job.ident or 0] = made
        self._run(made)
        while not made.over:
            yield from self.world.call(ticket.lane if ticket.lane is Lane.LIVE else Lane.BULK)
            self._run(made)
        del self.threads[made.job.ident or 0]
        if ticket.kind in WALKS:
            self._release()  # the worker rings

    def _deed(self, ticket: Ticket) -> None:
        mine = self._mine()
        mine.go.acquire()
        try:
            self.school.run(ticket)
        finally:
            mine.over = True
            mine.waits.release()

    def _call(self) -> None:
        """A call is about to leave, or its answer is there."""
        mine = self._mine()
        mine.calls += 1
        if mine.calls % 2:
            mine.waits.release()
            mine.go.acquire()

    def _mine(self) -> Thread:
        while (found := self.threads.get(threading.get_ident())) is None:
            time.sleep(0)  # the world has not written it down yet
        return found

    def _run(self, thread: Thread) -> None:
        self._time()
        thread.go.release()
        thread.waits.acquire()

    def _time(self) -> None:
        self.school.clock.now = BEGIN + self.world.now / 1000


@dataclass(frozen=True, slots=True)
class Shown:
    """What one backfill showed.

    Attributes:
        seconds: that it took.
        needed, made: calls.
        error: the largest of what was foretold from 5 % on, as a share of the time left.
        refused: answers 429.
        arrived: calls that came to the server: those made, or this proof is wrong.
        planned: seconds that a plan of the calls made would tell.
        bounded: its time has a bound: nobody had to be found first.
    """

    name: str
    seconds: float
    needed: int
    made: int
    error: float
    refused: int
    arrived: int
    bounded: bool
    planned: float

    @property
    def planned_wrong(self) -> float:
        return self.planned / self.seconds - 1

    @property
    def ratio(self) -> float:
        return self.seconds / (self.needed / PER_S)

    @property
    def broken(self) -> list[str]:
        """The bounds that do not hold."""
        found = []
        if self.bounded and self.ratio > MOST:
            found.append(f"{self.name}: {self.ratio:.3f} of the time needed")
        if self.error > ERROR:
            found.append(f"{self.name}: its end was foretold {self.error:.1%} wrong")
        if self.bounded and abs(self.planned_wrong) > PLANNED:
            found.append(f"{self.name}: a plan's time is {self.planned_wrong:+.1%} wrong")
        if self.arrived != self.made:
            found.append(f"{self.name}: {self.made} calls were made and {self.arrived} arrived")
        return found + [f"{self.name}: {self.refused} answers 429"] * bool(self.refused)


@dataclass(frozen=True, slots=True)
class Play:
    """What is played: a mix, before one kind of server, in one weather."""

    mix: str
    server: str
    latency: str
    people: int
    seed: int = 1
    foretells: Callable[..., progress.Look] = progress.look


def play(one: Play) -> Shown:
    """Play one backfill to its end."""
    mix = MIXES[one.mix]
    random = Random(one.seed)
    with own_redis() as redis, stage.in_memory(random) as school:
        file, there = economy.populate(random, mix, one.people)
        economy.settle(school, there)
        batch = economy.batch(school)
        needed = least.of_backfill(file, there, tag_batch=batch).total
        server = SERVERS[one.server](100, 10_000.0)
        world = World(redis, server=server.arrive, latency=LATENCIES[one.latency], random=random)
        run = economy.read(school, file)
        house = House(school, world)
        house.begin()
        said = _until_over(house, run, needed, one.foretells)
        took = max(at for at in world.seen.accepted) / 1000
        made = economy.calls(school).total()
        planned = _planned(made, world, one.latency)
    name = f"{one.mix}; {one.server}, {one.latency}; {one.seed}"
    return Shown(
        name, took, needed, made, _worst(said, took), world.seen.refused,
        len(world.seen.arrivals), not mix.there, planned,
    )  # fmt: skip


def _planned(calls: int, world: World, latency: str) -> float:
    """The time that a plan of so many calls tells, now that it was seen how the server counts."""
    random, take = Random(1), LATENCIES[latency]
    mean_ms = fmean(sum(take(random, 0.0)) for _ in range(10_000))
    counting = Counting(world.limiter.look(world.location).counts)
    return pace.forecast(
        calls, world.limits, mean_ms=mean_ms, left_today=world.limits.per_day, of_the_day=0.0,
        counting=counting,
    ).seconds  # fmt: skip


def _until_over(
    house: House, run: int, needed: int, foretells: Callable[..., progress.Look]
) -> list[tuple[float, float]]:
    """Let it run; returns what was foretold: (at, seconds left), a hundred times or so."""
    school, said, step = house.school, [], max(needed / PER_S / 100, 1.0)
    while ledger_view.counts(school.store).open:
        house.world.run(house.world.now + 1000 * step)
        school.clock.now = BEGIN + house.world.now / 1000
        house.show_limits()
        known = runs.get(school.store, run)
        assert known is not None
        look = foretells(school.store, school.bench.settings, known)
        if look.seconds_left is not None:
            said.append((house.world.now / 1000, look.seconds_left))
    return said


def _worst(said: Sequence[tuple[float, float]], took: float) -> float:
    """The largest error of what was foretold, from 5 % on, by the whole time that it will take:
    what a person reads is at what time it is over. 1: nothing was."""
    errors = [abs(at + left - took) / took for at, left in said if at >= FROM * took]
    return max(errors, default=1.0)


def table(shown: Sequence[Shown]) -> Table:
    """For people."""
    found = Table("Backfill", title="Time, and what was foretold of it")
    for head in ("s", "calls needed", "made", "time / needed", "foretold wrong by", "a plan's time",
                 "429"):  # fmt: skip
        found.add_column(head, justify="right")
    for one in shown:
        found.add_row(one.name, f"{one.seconds:,.0f}", f"{one.needed:,}", f"{one.made:,}",
                      f"{one.ratio:.3f}", f"{one.error:.1%}",
                      f"{one.planned_wrong:+.1%}", f"{one.refused}")  # fmt: skip
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Run it; exit code 1 when a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.wall", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--server", action="append", choices=tuple(SERVERS), help="may be repeated")
    parser.add_argument("--latency", action="append", choices=tuple(LATENCIES))
    parser.add_argument("--mix", action="append", choices=tuple(MIXES))
    parser.add_argument("--seeds", type=int, default=1, help="runs of each (1)")
    options = parser.parse_args(words)
    console, began = Console(highlight=False, width=150), time.monotonic()
    plays = [
        Play(mix, server, latency, options.people, seed)
        for mix in options.mix or MIXES
        for server in options.server or ("fixed, from the first", "token bucket")
        for latency in options.latency or ("constant 80 ms", "lognormal")
        for seed in range(1, options.seeds + 1)
    ]
    with stage.pool(len(plays)) as pool:
        shown = list(pool.map(play, plays))
    console.print(table(shown))
    broken = [what for one in shown for what in one.broken]
    console.print("\n".join(broken) or "every bound holds")
    console.print(f"{time.monotonic() - began:.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
