"""Redis is restarted again and again under load: is work going on within 5 s, and all done once?

    python -m ops.prove.restarts --times 20

A Redis of our own, `rollbook up` with SQLite, and the CRM's stand-in, all on loopback and in a
folder that is deleted at the end. Redis is killed with -9 and ended with SIGTERM in turn, and every
third time its file is deleted before it comes back.
"""

from __future__ import annotations

import argparse
import csv
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from contacts.store import ledger_view
from ops import students
from ops.bench import world
from ops.bench.world import Broken, Crm, Up
from ops.judge import Finding, exactly, read_out
from ops.running import redis_server
from ops.running.redis_server import RedisServer

BOUND_S: Final = 5.0
"""How long after Redis answers again the first job may be done, seconds."""

SLOWEST: Final = "slowest recovery, s"

PATIENCE_S: Final = 120.0
"""How long anything is waited for before the proof is given up."""

AWAY_S: Final = (0.2, 3.0)
"""How long Redis is away, seconds: any time between as likely."""

BETWEEN: Final = 15
"""Jobs that are done between a recovery and the next restart: everything runs again."""

CHUNK: Final = 100
"""Students that are backfilled at a time; three jobs each (contact, tag, note). The next ones come
when less than two jobs each are left, so that there is always work."""

MAPPING: Final = """\
[fields]
email = "Email"
phone = "Phone"
name = "Name"
country = "Country"

[[tags]]
template = "course: {Course}"

[[notes]]
template = "Enrolled in {Course} on {Enrolled on}"
"""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Restart:
    """One restart and what came after.

    Attributes:
        how: ``kill -9`` or ``SIGTERM``.
        away_s: from its end to its first answer.
        call_s: from there to the next call that reached the CRM.
        done_s: from there to the next job that was done.
    """

    how: str
    emptied: bool
    away_s: float
    call_s: float
    done_s: float


@dataclass(frozen=True, slots=True)
class Proof:
    """What was seen.

    Attributes:
        deaths: how often a process of ours ended and was started again.
    """

    restarts: list[Restart]
    deaths: int
    findings: list[Finding]


@dataclass(slots=True)
class Redis:
    """A Redis of ours that is there to be ended."""

    server: RedisServer
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait for its first answer."""
        command = [str(self.server.binary), str(self.server.config.absolute())]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        wait_until(self.server.answers, "Redis")

    def end(self, how: str, *, emptied: bool = False) -> None:
        """End it; emptied: as if its disk had been lost."""
        if self.process is None:
            return
        if how == "kill -9":
            self.process.kill()
        else:
            self.process.terminate()
        self.process.wait()
        if emptied:
            shutil.rmtree(self.server.folder / "appendonlydir")


@dataclass(slots=True)
class Feed:
    """Students without end, backfilled a chunk at a time by the command that a person types."""

    up: Up
    folder: Path
    chunk: int
    fed: int = 0
    _rows: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        export = self.folder / "students.csv"
        students.write_export(export, 20_000)
        with export.open(newline="", encoding="utf-8") as file:
            self._rows = list(csv.reader(file))
        (self.folder / "map.toml").write_text(MAPPING, encoding="utf-8")

    def top_up(self) -> None:
        """Backfill another chunk if little is left to do."""
        if open_jobs(self.up) >= 2 * self.chunk:
            return
        header, *rows = self._rows
        file = self.folder / f"students-from-{self.fed}.csv"
        with file.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([header, *rows[self.fed : self.fed + self.chunk]])
        words = ["backfill", str(file), "--map", str(self.folder / "map.toml"), "--no-wait"]
        done = subprocess.run(
            [sys.executable, "-m", "producers.cli.main", *words],
            env=dict(self.up.env),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Broken(f"backfill ended with {done.returncode}: {done.stderr}")
        self.fed += self.chunk


def prove(folder: Path, times: int, *, seed: int, tell: Tell, chunk: int = CHUNK) -> Proof:
    """Restart Redis so many times, let everything be done, and ask the CRM.

    Raises:
        Broken: something did not start, or did not go on within two minutes.
    """
    chance = random.Random(seed)
    redis = Redis(redis_server.prepare(folder))
    try:
        redis.start()
        with world.crm(folder) as crm, world.up(folder, crm, redis=redis.server.url) as up:
            feed = Feed(up, folder, chunk)
            restarts = []
            for number in range(times):
                feed.top_up()
                _work(up)
                restart = _restart(redis, crm, up, number, chance.uniform(*AWAY_S))
                tell(f"{number + 1}: {restart.how}, job done after {restart.done_s:.1f} s")
                restarts.append(restart)
            tell("the rest is done")
            wait_until(lambda: not open_jobs(up), "the end", PATIENCE_S + chunk)
            findings = _findings(restarts, crm.report(), feed.fed, parked=_parked(up))
        log = (folder / "up.log").read_text(encoding="utf-8")
        return Proof(restarts, log.count("; started again "), findings)
    finally:
        redis.end("SIGTERM")


def _work(up: Up) -> None:
    """Wait until everything runs again."""
    before = done_jobs(up)
    wait_until(lambda: done_jobs(up) >= before + BETWEEN, "work")


def _restart(redis: Redis, crm: Crm, up: Up, number: int, away_s: float) -> Restart:
    how, emptied = ("kill -9", "SIGTERM")[number % 2], number % 3 == 2
    gone = time.monotonic()
    redis.end(how, emptied=emptied)
    time.sleep(away_s)
    redis.start()
    back, calls, done = time.monotonic(), crm.report()["arrivals"], done_jobs(up)
    wait_until(lambda: crm.report()["arrivals"] > calls, "a call")
    call = time.monotonic()
    wait_until(lambda: done_jobs(up) > done, "a job that is done")
    now = time.monotonic()
    return Restart(how, emptied, back - gone, call - back, now - back)


def open_jobs(up: Up) -> int:
    """Jobs that are owed."""
    return ledger_view.counts(up.store).open


def done_jobs(up: Up) -> int:
    """Jobs that are done."""
    return ledger_view.counts(up.store).done


def _parked(up: Up) -> int:
    return ledger_view.counts(up.store).parked


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
    """Look every 20 ms.

    Raises:
        Broken: it did not happen in that time.
    """
    give_up = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > give_up:
            raise Broken(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.02)


def _findings(
    restarts: list[Restart], report: dict[str, Any], people: int, *, parked: int
) -> list[Finding]:
    slowest = max(restart.done_s for restart in restarts)
    bounded = (report["max_in_window"], report["limit"])
    return [
        Finding(SLOWEST, f"≤ {BOUND_S:g}", f"{slowest:.1f}", slowest <= BOUND_S),
        exactly("students in the CRM", report["contacts"], people),
        exactly("contacts twice", report["duplicate_contacts"], 0),
        exactly("notes in the CRM", report["notes"], people),
        exactly("notes twice", report["duplicate_notes"], 0),
        exactly("jobs parked", parked, 0),
        exactly("answers 429", report["refused_429"], 0),
        Finding("busiest 10 s", f"≤ {bounded[1]}", str(bounded[0]), bounded[0] <= bounded[1]),
    ]


def draw(proof: Proof) -> Table:
    """The restarts, one a row."""
    numbers = ("Away s", "First call s", "First job done s")
    table = Table(title="Restarts of Redis under load", title_justify="left")
    for name in ("", "How", "Emptied"):
        table.add_column(name)
    for name in numbers:
        table.add_column(name, justify="right")
    for number, one in enumerate(proof.restarts, 1):
        seconds = (f"{value:.1f}" for value in (one.away_s, one.call_s, one.done_s))
        table.add_row(str(number), one.how, "yes" if one.emptied else "", *seconds)
    return table


def main() -> int:
    """Print what was seen; exit code 1 when something is out of its bound."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.restarts", description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="restarts (20)")
    parser.add_argument("--seed", type=int, default=1, help="of the times that Redis is away (1)")
    options = parser.parse_args()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="rollbook-restarts-") as folder:
        proof = prove(Path(folder), options.times, seed=options.seed, tell=console.print)
    console.print(draw(proof))
    good = read_out(proof.findings, console.print)
    console.print(f"    processes of ours that ended and were started again: {proof.deaths}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
