"""A whole house of real processes, that a test may kill: Redis, database, CRM's stand-in, ours.

The window is 50 calls a second, so that a journey of a few hundred calls takes seconds; leases are
as short as the time-outs allow. Processes are started by the commands that a person types, and
ended by their pid alone.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from contacts.store import ledger_view, runs
from contacts.store.database import DatabaseDown, Store, open_store
from ops import judge, students
from ops.running.redis_server import free_port
from ops.simulator import control

HERE = "loc_journey"
TOKEN = "pit-journey-1234567890"
WINDOW = {"per_window": 50, "window_s": 1.0}

PATIENCE_S = 90.0
"""How long a journey may take to settle: several times what it takes."""

OURS = {
    "ROLLBOOK_CRM_LOCATION": HERE,
    "ROLLBOOK_CRM_TOKEN": TOKEN,
    "ROLLBOOK_WINDOW_CALLS": "50",
    "ROLLBOOK_WINDOW_SECONDS": "1",
    "ROLLBOOK_BACKOFF_SECONDS": "0.2",
    "ROLLBOOK_CONNECT_TIMEOUT": "1",
    "ROLLBOOK_READ_TIMEOUT": "2",
    "ROLLBOOK_LEASE_SECONDS": "14",
    "ROLLBOOK_SWEEP_SECONDS": "1",
    "ROLLBOOK_LATE_SECONDS": "3",
    "ROLLBOOK_IN_FLIGHT": "24",
    "ROLLBOOK_FLOWER_PORT": "0",
    "ROLLBOOK_RECEIVER_PORT": "0",
}


@dataclass
class House:
    """The processes of one journey and everything they share.

    Attributes:
        crm: the stand-in, asked from its own side.
        redis: the Redis of this journey.
    """

    folder: Path
    crm: control.Control
    redis: Any
    env: dict[str, str]
    store: Store
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    # ------------------------------------------------------------ processes

    def start(self, *names: str) -> None:
        """Start processes by the person's commands; ``worker-2`` is a second ``worker``."""
        for name in names:
            env = {**self.env, "ROLLBOOK_WORKER_NAME": name}
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    [*self.command, name.partition("-")[0]],
                    env=env,
                    cwd=self.folder,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    command = (sys.executable, "-m", "producers.cli.main")

    def receiver_at(self) -> str:
        """Choose where the receiver will listen, with the CRM's key; returns its address."""
        port = free_port()
        self.env |= {
            "ROLLBOOK_RECEIVER_PORT": str(port),
            "ROLLBOOK_RECEIVER_PATIENCE": "5",
            "ROLLBOOK_WEBHOOK_KEY": self.crm.webhooks()["public_key"],
        }
        return f"http://127.0.0.1:{port}"

    def start_with_receiver(self, url: str, *more: str) -> None:
        """Start all that a house needs, and wait until the receiver listens."""
        self.start("receiver", *more)
        self.until(lambda: _listens(url), "the receiver is up")

    def kill(self, name: str) -> None:
        """kill -9."""
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self, name: str) -> int:
        """Ask it to end; returns its exit code."""
        self.processes[name].send_signal(signal.SIGINT)
        return self.processes[name].wait(60)

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def restart_redis_empty(self) -> None:
        """kill -9, and a new one on the same port that knows nothing."""
        self.redis.kill()
        shutil.rmtree(self.redis.folder)
        self.redis.folder.mkdir()
        self.redis.start()

    def rollbook(self, *words: str) -> str:
        """Type a command; returns what it prints."""
        done = subprocess.run(
            [*self.command, *words],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    # ------------------------------------------------------------ the job

    def export(self, how_many: int) -> Path:
        """A file of so many students with a mapping beside it: a tag and a note for each."""
        file = self.folder / "students.csv"
        students.write_export(file, how_many)
        self.rollbook("init", str(file), "--out", "rollbook.toml")
        note = '\n[[notes]]\ntemplate = "Enrolled in {Course} on {Enrolled on}"\n'
        mapping = self.folder / "rollbook.toml"
        mapping.write_text(mapping.read_text("utf-8") + note, "utf-8")
        return file

    def backfill(self, file: Path) -> int:
        """Queue the whole file; returns the run."""
        return int(self.rollbook("backfill", str(file), "--no-wait").split()[-1])

    @property
    def counts(self) -> ledger_view.Counts:
        return ledger_view.counts(self.store)

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait for something to be so."""
        give_up = time.monotonic() + PATIENCE_S
        while True:
            try:
                if is_so():
                    return
            except DatabaseDown:  # our own connection was cut as well
                pass
            logs = {path.name: path.read_text()[-3000:] for path in self.folder.glob("*.log")}
            assert time.monotonic() < give_up, (what, self.counts, logs)
            time.sleep(0.05)

    def until_calls(self, number: int) -> None:
        """Wait until the CRM has seen so many calls: the backfill is in full swing."""
        self.until(lambda: self.crm.report()["arrivals"] >= number, f"{number} calls")

    def until_settled(self) -> None:
        """Wait until no job is open."""
        self.until(lambda: self.counts.open == 0, "settled")

    # ------------------------------------------------------------ the verdict

    def judge(self, file: Path, *, refused: bool = False) -> None:
        """Everybody, every tag and every note is there exactly once, and no window was too full.

        Args:
            refused: whether the CRM was told to answer 429, so that some are no fault of ours.
        """
        before = judge.look(self.crm.url, HERE)
        findings = judge.judge(self.crm.url, HERE, students.read_export(file), before=before)
        assert [
            finding
            for finding in findings
            if not finding.good and not (refused and finding.what == "answers 429")
        ] == []
        assert before["max_in_window"] <= before["limit"] == WINDOW["per_window"]
        theirs = self.crm.contacts(HERE)
        assert all(len(one["tags"]) == len(set(one["tags"])) == 1 for one in theirs)
        assert all(len(one["notes"]) == 1 for one in theirs)
        counts = self.counts
        assert (counts.open, counts.parked, counts.cancelled) == (0, 0, 0)

    def costs_nothing_again(self, file: Path) -> None:
        """The same file again makes zero calls."""
        before = self.crm.report()["arrivals"]
        run = self.backfill(file)
        found = runs.get(self.store, run)
        assert found is not None
        assert (found.state, ledger_view.counts(self.store, run=run).total) == ("finished", 0)
        assert self.crm.report()["arrivals"] == before


WORLD: dict[str, Any] = {
    "locations": [judge.location(HERE)],
    "tokens": [judge.token(TOKEN, HERE)],
    "latency": {"kind": "uniform", "low_ms": 20, "high_ms": 120},
    "limits": WINDOW,
}
"""The CRM's stand-in: answers take 20 to 120 ms."""

Houses = Callable[..., House]


@pytest.fixture
def new_house(tmp_path: Path, new_redis: Callable[[], Any]) -> Iterator[Houses]:
    """Makes houses; whatever they started ends with the test."""
    yield from _houses(tmp_path, new_redis)


@pytest.fixture(scope="module")
def shared_house(
    tmp_path_factory: pytest.TempPathFactory, shared_redis: Callable[[], Any]
) -> Iterator[Houses]:
    """Makes houses that the tests of one file live in, each with students of its own."""
    yield from _houses(tmp_path_factory.mktemp("houses"), shared_redis)


def _houses(parent: Path, new_redis: Callable[[], Any]) -> Iterator[Houses]:
    made: list[House] = []
    with ExitStack() as stack:

        def make(*, database: str | None = None, own_redis: bool = True, **more: str) -> House:
            folder = parent / f"house-{len(made)}"
            folder.mkdir()
            crm = stack.enter_context(control.in_process(WORLD, folder))
            redis = new_redis()
            home = folder / "home"
            url = database or f"sqlite:///{home / 'rollbook.db'}"
            env = {**os.environ, **OURS, "ROLLBOOK_HOME": str(home), "ROLLBOOK_CRM_URL": crm.url}
            if database:
                env["ROLLBOOK_DATABASE_URL"] = database
            if own_redis:
                redis.start()
                env["ROLLBOOK_REDIS_URL"] = redis.url
            store = open_store(url, pool_size=1)
            stack.callback(store.close)
            house = House(folder, crm, redis, {**env, **more}, store)
            made.append(house)
            house.rollbook("migrate")
            return house

        yield make
        for house in made:
            for process in house.processes.values():
                if process.poll() is None:
                    process.kill()
                    process.wait()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of an empty PostgreSQL database of this journey's own."""
    shared = str(request.getfixturevalue("postgres_url"))
    server, _, name = shared.rpartition("/")
    own = f"{name}_{os.getpid()}_{time.monotonic_ns() % 10**9}"
    with psycopg.connect(shared, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {own}")
    yield f"{server}/{own}"
    with psycopg.connect(shared, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {own} WITH (FORCE)")


def _listens(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == 200
    except httpx.HTTPError:
        return False
