"""The rival at work: the same file, its own stand-in of the CRM, its own Redis, two workers."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import redis
from celery import Celery

from ops import judge
from ops.bench import rival, world
from ops.bench.backfilling import judged
from ops.bench.figures import Sample
from ops.bench.watching import Watcher
from ops.bench.world import Broken, Crm
from ops.running import redis_server

WORKERS: Final = ("one", "two")
ENDED: Final = ("task-succeeded", "task-failed", "task-rejected", "task-revoked")

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Beside:
    """What was seen.

    Attributes:
        rows: tasks put.
        events: Celery's own count of what became of them, by kind of event.
        report: the CRM's count at the end.
        findings: what the judge found.
    """

    rows: int
    events: dict[str, int]
    samples: list[Sample]
    report: dict[str, Any]
    findings: list[judge.Finding]

    @property
    def ended(self) -> int:
        """How many tasks came to their end within the time."""
        return ended(self.events)


def ended(events: Mapping[str, int]) -> int:
    """How many tasks came to their end."""
    return sum(events.get(kind, 0) for kind in ENDED)


def run(folder: Path, crm: Crm, file: Path, *, rate: str, patience_s: float, tell: Tell) -> Beside:
    """Put the rows, start two workers, watch until every task has ended or the time is up."""
    with contextlib.ExitStack() as stack:
        server, redis_pid = stack.enter_context(own_redis(folder))
        env = world.environment(
            **{
                rival.BROKER: server.url,
                rival.CRM_URL: crm.url,
                rival.LOCATION: crm.location,
                rival.TOKEN: crm.token,
                rival.RATE: rate,
            }
        )
        rows = _send(file, env)
        events = stack.enter_context(_counted(server.url))
        module = [sys.executable, "-m", "ops.bench.rival"]
        pids = [
            stack.enter_context(
                world.started([*module, "worker", name], env, folder / f"rival-{name}.log")
            ).pid
            for name in WORKERS
        ]
        give_up = time.monotonic() + patience_s
        with Watcher(crm.accepted, [*pids, redis_pid]) as watcher:
            while ended(events) < rows and time.monotonic() < give_up:
                tell(f"{ended(events):,} of {rows:,} tasks have ended")
                time.sleep(1.0)
        report = crm.report()
        return Beside(rows, dict(events), watcher.samples, report, judged(crm, file, before=report))


def _send(file: Path, env: dict[str, str]) -> int:
    command = [sys.executable, "-m", "ops.bench.rival", "send", str(file)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(f"the rival could not put its tasks:\n{done.stderr[-3000:]}")
    return int(done.stdout)


@contextlib.contextmanager
def own_redis(folder: Path) -> Iterator[tuple[redis_server.RedisServer, int]]:
    """A Redis of its own, as ours has one; with its pid."""
    server = redis_server.prepare(folder)
    command = list(server.command().argv)
    with world.started(command, world.environment(), server.log) as process:
        world.wait(server.answers, process, server.log)
        yield server, process.pid


@contextlib.contextmanager
def _counted(broker: str) -> Iterator[Counter[str]]:
    """Celery's events, counted by kind from now on."""
    counts: Counter[str] = Counter()

    def count(event: dict[str, Any]) -> None:
        counts[str(event["type"])] += 1

    app = Celery(broker=broker, set_as_current=False)
    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": count})
        listener = threading.Thread(
            target=receiver.capture, kwargs={"wakeup": False}, name="events", daemon=True
        )
        listener.start()
        _wait_for_listener(broker)
        yield counts
        receiver.should_stop = True
        listener.join()


def _wait_for_listener(broker: str) -> None:
    with redis.Redis.from_url(broker) as client:
        give_up = time.monotonic() + world.READY_S
        while not client.pubsub_numpat() and time.monotonic() < give_up:
            time.sleep(0.02)
