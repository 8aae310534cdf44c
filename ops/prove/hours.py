"""The limiter through days in which everything happens: ``python -m ops.prove.hours``.

    python -m ops.prove.hours --hours 24 --workers 8 --jobs 2

Each of the five kinds of server lives twice through so many virtual hours, with headers and
without. Every ten minutes or so the weather and the trouble change: calm, a hidden consumer of
30 %, a hundred foreign calls at once, Redis restarted or emptied, gateways that answer 503 and
answers that get lost, live calls in bursts; every ten minutes a worker is killed. The real script
runs in a Redis of its own for each world. Exit code 1 when a bound is broken.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Final

import redis
from rich.console import Console
from rich.table import Table

from contacts.errors import UsageError
from contacts.jobs import Lane
from ops.prove.company import Company
from ops.prove.latencies import LATENCIES
from ops.prove.own_redis import own_redis
from ops.prove.servers import SERVERS
from ops.prove.world import Faults, Seen, Steps, World

MINUTE: Final = 60_000.0
KILL_EVERY: Final = 10 * MINUTE
THREADS: Final = 3
"""Of a worker."""

CALM, HIDDEN, SHOCK = "calm", "hidden consumer", "100 foreign calls at once"
RESTART, EMPTIED, RETRIES, LIVE = "Redis restarted", "Redis emptied", "retries", "live bursts"

STORY: Final = (
    ("lognormal", CALM),
    ("heavy tail", EMPTIED),
    ("lognormal", HIDDEN),
    ("storm", RETRIES),
    ("lognormal", SHOCK),
    ("freeze", LIVE),
    ("constant 80 ms", RESTART),
    ("slow uplinks", CALM),
    ("lognormal", RETRIES),
    ("lognormal", EMPTIED),
    ("freeze", CALM),
    ("heavy tail", LIVE),
)
"""Weather and trouble, chapter by chapter; after the last the first again, from another seed."""

LEARNT: Final = ("fixed, by the clock", "fixed, from the first", "token bucket")
LEAST_USE, LEAST_LEARNT, LEAST_BESIDE = 0.94, 0.98, 0.84
SHOCKS: Final = 4
"""Fewer bursts have no mean worth judging."""

MOST_BESIDE, MOST_SHOCK = 50.0, 3.0
"""Answers 429 of 10,000 calls beside a hidden consumer; of one burst, in the mean."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which world: its server, whether there are headers, for how long, how many workers."""

    server: str
    headers: bool
    hours: float
    workers: int
    seed: int

    @property
    def name(self) -> str:
        """Its server, and whether it has headers."""
        return f"{self.server}, {'with' if self.headers else 'without'} headers"


@dataclass
class Lived:
    """What a world showed.

    Attributes:
        by_us: answers 429 that our own calls alone explain.
        most, over, unallowed: see ``ops.prove.allowed.Judge``.
        calm: use of the limit in calm lognormal chapters; ``beside``: of what strangers left.
        refused_beside, sent_beside: beside the hidden consumer.
        shocks: answers 429 of each foreign burst.
    """

    sent: int = 0
    by_us: int = 0
    most: int = 0
    over: int = 0
    unallowed: int = 0
    calm: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    refused_beside: int = 0
    sent_beside: int = 0
    shocks: list[int] = field(default_factory=list)

    @property
    def per_10k(self) -> float:
        """Answers 429 of 10,000 calls beside the hidden consumer."""
        return 1e4 * self.refused_beside / max(1, self.sent_beside)

    def broken(self, of: Where) -> Iterator[str]:
        """The bounds that do not hold."""
        where = of.name
        if self.by_us:
            yield f"{where}: {self.by_us} answers 429 by our own doing"
        if self.unallowed or (self.over and not of.headers):
            yield f"{where}: {self.most} calls in a window, {self.unallowed} not allowed"
        least = LEAST_LEARNT if of.headers and of.server in LEARNT else LEAST_USE
        if _mean(self.calm) < least:
            yield f"{where}: only {_mean(self.calm):.1%} of the limit is used"
        if not of.headers:
            return  # of strangers it knows nothing but their answers 429
        if _mean(self.beside) < LEAST_BESIDE:
            yield f"{where}: only {_mean(self.beside):.1%} of what strangers leave is used"
        if self.per_10k >= MOST_BESIDE:
            yield f"{where}: {self.per_10k:.0f} answers 429 of 10,000 calls beside strangers"
        if len(self.shocks) >= SHOCKS and _mean(self.shocks) > MOST_SHOCK:
            yield f"{where}: {_mean(self.shocks):.1f} answers 429 for a foreign burst"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


class Life:
    """One world from its beginning to its end."""

    def __init__(self, connection: redis.Redis, of: Where) -> None:
        self._of, self._lived, self._process = of, Lived(), 0
        self._random = Random(of.seed)
        self._company = Company(
            lambda: SERVERS[of.server](100, 10_000.0),
            window=10_000.0, headers=of.headers, random=Random(of.seed + 1),
        )  # fmt: skip
        self._world = World(
            connection,
            server=self._company.arrive,
            latency=LATENCIES["lognormal"],
            random=Random(of.seed + 2),
            life=lambda: f"p{self._process}",
        )

    def run(self) -> Lived:
        """Live through it."""
        rounds = max(1, round(self._of.hours / 2))
        chapter = self._of.hours * 60 * MINUTE / (rounds * len(STORY))
        self._world.workers(Lane.BULK, self._of.workers, threads=THREADS)
        self._world.begin(self._killings(), after=KILL_EVERY)
        for number in range(rounds * len(STORY)):
            self._chapter(*STORY[number % len(STORY)], begin=number * chapter, length=chapter)
        self._lived.by_us = self._company.by_us
        judge = self._world.judge
        lived = self._lived
        lived.most, lived.over, lived.unallowed = judge.most, judge.over, judge.unallowed
        return lived

    def _killings(self) -> Steps:
        while True:
            self._world.kill(self._random.randrange(self._of.workers))
            yield KILL_EVERY

    def _chapter(self, weather: str, trouble: str, *, begin: float, length: float) -> None:
        world, company, lived = self._world, self._company, self._lived
        world.latency, world.seen = LATENCIES[weather], Seen()
        world.faults = Faults(lost=0.005, unseen=0.02) if trouble == RETRIES else Faults()
        settled, end = begin + min(MINUTE, length / 2), begin + length
        if trouble == HIDDEN:
            company.come(3.0, now=world.now)
        world.run(settled)
        self._make(trouble)
        refused, taken = company.by_us + company.by_them, company.taken
        world.run(end)
        refused = company.by_us + company.by_them - refused
        lived.sent += len(world.seen.arrivals)
        if trouble == HIDDEN:
            lived.beside.append(world.used(settled, end, others=company.taken - taken))
            lived.refused_beside += refused
            lived.sent_beside += sum(at >= settled for at in world.seen.arrivals)
            company.come(0, now=world.now)
        if trouble == SHOCK:
            lived.shocks.append(refused)
        if (weather, trouble) == ("lognormal", CALM):
            lived.calm.append(world.used(settled, end))

    def _make(self, trouble: str) -> None:
        match trouble:
            case "100 foreign calls at once":
                self._company.burst(100, now=self._world.now)
            case "Redis restarted":
                self._process += 1
            case "Redis emptied":
                self._world.connection.flushall()
            case "live bursts":
                for _ in range(self._random.randint(20, 60)):
                    self._world.begin(self._world.call(Lane.LIVE))


def live(of: Where) -> Lived:
    """One world, in a Redis of its own."""
    with own_redis() as connection:
        return Life(connection, of).run()


def table(found: Sequence[tuple[Where, Lived]]) -> Table:
    """One line for each world."""
    drawn = Table(title="Days in which everything happens")
    drawn.add_column("server")
    drawn.add_column("headers")
    names = ("calls", "429 by us", "most in 10 s", "beyond, allowed", "not allowed", "use, calm",
             "use beside 30 %", "429 of 10,000", "429 a burst")  # fmt: skip
    for name in names:
        drawn.add_column(name, justify="right")
    for of, one in found:
        drawn.add_row(
            of.server, "yes" if of.headers else "no", f"{one.sent:,}", f"{one.by_us}",
            f"{one.most}", f"{one.over - one.unallowed}", f"{one.unallowed}",
            f"{_mean(one.calm):.1%}", f"{_mean(one.beside):.1%}", f"{one.per_10k:.0f}",
            f"{_mean(one.shocks):.1f}",
        )  # fmt: skip
    return drawn


def _in_a_line(of: Where, one: Lived) -> str:
    """What a world showed, as soon as it is over: all of them take hours."""
    return (
        f"{of.name}: {one.sent:,} calls, "
        f"{one.by_us} answers 429 by us, {one.unallowed} calls not allowed, "
        f"{_mean(one.calm):.1%} used when calm, {_mean(one.beside):.1%} beside strangers "
        f"({one.per_10k:.0f} of 10,000 refused), {_mean(one.shocks):.1f} a burst"
    )


def main(words: Sequence[str] | None = None) -> int:
    """The command; 0 when every bound holds, 1 when one does not, 2 for a person's mistake."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.hours", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--hours", type=float, default=24, help="virtual, of each world")
    parser.add_argument("--workers", type=int, default=8, help=f"of {THREADS} threads each")
    parser.add_argument("--jobs", type=int, default=2, help="worlds at a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only", default="", metavar="WORDS", help="worlds named so: 'sliding log, with headers'"
    )
    chosen = parser.parse_args(words)
    if chosen.hours < 0.4 or chosen.workers < 1 or chosen.jobs < 1:
        parser.error("--hours must be at least 0.4, --workers and --jobs at least 1")
    worlds = [
        Where(server, headers, chosen.hours, chosen.workers, chosen.seed)
        for headers in (True, False)
        for server in SERVERS
    ]
    worlds = [one for one in worlds if chosen.only in one.name]
    if not worlds:
        parser.error(f"no world is named {chosen.only!r}: a server is one of {', '.join(SERVERS)}")
    quiet = Console(stderr=True, highlight=False)
    found = []
    try:
        with ProcessPoolExecutor(chosen.jobs) as pool:
            for of, lived in zip(worlds, pool.map(live, worlds), strict=True):
                found.append((of, lived))
                quiet.print(_in_a_line(of, lived))
    except UsageError as error:
        print(f"ops.prove.hours: {error}", file=sys.stderr)  # noqa: T201
        return 2
    broken = [one for of, lived in found for one in lived.broken(of)]
    console = Console(highlight=False)
    console.print(table(found))
    console.print("\n".join(broken) or "every bound holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
