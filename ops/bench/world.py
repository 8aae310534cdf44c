"""A world for one measurement: a temporary home, the CRM's stand-in, `rollbook up`.

Everything listens on loopback and lives in a folder that is deleted at the end. Processes are
ended by the pid that we started, each in a session of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contacts.store import processes
from contacts.store.database import Store, open_store
from ops import judge

READY_S: Final = 60.0
"""How long a process may take to be ready; 4 s on two cores."""

STOP_S: Final = 40.0
"""How long a graceful stop may take: running calls finish first."""

LATENCY: Final = {"kind": "uniform", "low_ms": 80, "high_ms": 400}
"""How long the stand-in takes for an answer: every time between 80 and 400 ms is as likely."""


class Broken(Exception):
    """A process did not do its part; the text ends with its last lines."""


@dataclass(frozen=True, slots=True)
class Crm:
    """The CRM's stand-in: its address, and its locations, each with its token."""

    url: str
    locations: tuple[tuple[str, str], ...]

    @property
    def location(self) -> str:
        """The first one, which `rollbook up` is told of."""
        return self.locations[0][0]

    @property
    def token(self) -> str:
        """The first location's."""
        return self.locations[0][1]

    def report(self) -> dict[str, Any]:
        """Its own count of what it was asked, of all locations."""
        return dict(judge.get(self.url, "report"))

    def accepted(self) -> int:
        """How many calls it has let through its limit by now."""
        return int(self.report()["accepted"])


@dataclass(frozen=True, slots=True)
class Up:
    """A running `rollbook up`: its process, the environment of its commands, its servers."""

    pid: int
    env: Mapping[str, str]
    home: Path
    store: Store
    redis_url: str


@contextlib.contextmanager
def crm(
    folder: Path, *, locations: int = 1, switches: Mapping[str, Any] | None = None
) -> Iterator[Crm]:
    """The CRM's stand-in as a process of its own.

    Args:
        switches: of `ops/simulator`, instead of those that are set here.

    Raises:
        Broken: it did not start.
    """
    pairs = tuple(
        (f"loc_{secrets.token_hex(8)}", f"pit-bench-{secrets.token_hex(12)}")
        for _ in range(locations)
    )
    world = {
        "locations": [judge.location(location) for location, _ in pairs],
        "tokens": [judge.token(token, location) for location, token in pairs],
        "latency": LATENCY,
        **(switches or {}),
    }
    ready, log = folder / "simulator.json", folder / "simulator.log"
    command = [sys.executable, "-m", "ops.simulator", "--port", "0", "--ready-file", str(ready)]
    with started([*command, "-c", json.dumps(world)], environment(), log) as process:
        wait(ready.exists, process, log)
        yield Crm(json.loads(ready.read_text())["url"], pairs)


@contextlib.contextmanager
def up(
    folder: Path,
    crm: Crm,
    *,
    database: str | None = None,
    redis: str | None = None,
    settings: Mapping[str, str] | None = None,
    module: str = "ops.running",
) -> Iterator[Up]:
    """`rollbook up` with a home of its own, until a worker lives; stopped gracefully at the end.

    Args:
        database: address of a database of ours; None: SQLite in the home.
        redis: address of a Redis of ours; None: the embedded one.
        settings: further ones, as variables of the environment.
        module: what is run.

    Raises:
        Broken: it did not start.
    """
    home, log = folder / "home", folder / "up.log"
    env = environment(
        ROLLBOOK_HOME=str(home),
        ROLLBOOK_FLOWER_PORT="0",
        ROLLBOOK_RECEIVER_PORT="0",
        ROLLBOOK_CRM_URL=crm.url,
        ROLLBOOK_CRM_LOCATION=crm.location,
        ROLLBOOK_CRM_TOKEN=crm.token,
        ROLLBOOK_DATABASE_URL=database or "",
        ROLLBOOK_REDIS_URL=redis or "",
        **(settings or {}),
    )
    with started([sys.executable, "-m", module], env, log) as process:
        wait((home / "up.json").exists, process, log)
        store = open_store(database or f"sqlite:///{home / 'rollbook.db'}", pool_size=2)
        with contextlib.closing(store):
            wait(lambda: processes.slots(store, "worker") > 0, process, log)
            address = home / "redis" / "address.json"
            url = redis or str(json.loads(address.read_text())["url"])
            yield Up(process.pid, env, home, store, url)


def environment(**more: str) -> dict[str, str]:
    """Our environment without any ROLLBOOK_ of the person's, and with these."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ROLLBOOK_")}
    return clean | more


@contextlib.contextmanager
def started(
    command: list[str], env: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the log's folder (no .env of the person's there), ended at the end."""
    with log.open("ab") as lines:
        process = subprocess.Popen(
            command, env=env, cwd=log.parent, stdout=lines, stderr=lines, start_new_session=True
        )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes], patience_s: float = STOP_S) -> None:
    """End it as Ctrl-C does; after the patience by force, with what it started in its session."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = READY_S
) -> None:
    """Wait until something is so while the process lives.

    Raises:
        Broken: it ended, or the time is up.
    """
    give_up = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > give_up:
            raise Broken(
                f"{log.stem} did not get ready:\n{log.read_text(errors='replace')[-3000:]}"
            )
        time.sleep(0.05)
