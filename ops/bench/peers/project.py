"""A peer that is a project of its own: its processes, its sender, a Redis of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import redis

from ops.bench import rival, world
from ops.bench.beside import own_redis
from ops.bench.peers.peer import Order, Row
from ops.bench.watching import family
from ops.bench.world import Broken

MODULE: Final = (sys.executable, "-m")

TOP: Final = str(Path(__file__).parents[3])
"""Where `ops` is found from any folder."""


@dataclass(frozen=True, slots=True)
class Commands:
    """How a project is run; each command without the Python before it.

    Attributes:
        workers: by name; they start with the project.
        live: reads rows as lines of JSON and puts each at once.
        open: jobs that are not at their end, by the project's own books.
        send: puts the file; None: there is no Redis to put it in, the workers are started with it.
        env: of all of them, beside what every project is told.
    """

    workers: Mapping[str, Sequence[str]]
    live: Sequence[str]
    open: Callable[[Project], int]
    send: Sequence[str] | None = None
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Broker:
    """The project's Redis."""

    url: str
    pid: int
    client: redis.Redis


@dataclass(slots=True)
class Project:
    """A project at work; see :class:`ops.bench.peers.peer.Running`."""

    commands: Commands
    order: Order
    env: Mapping[str, str]
    stack: contextlib.ExitStack
    broker: Broker | None
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    pids: list[int] = field(default_factory=list)
    sender: IO[bytes] | None = None

    def put(self) -> None:
        """Hand it the file.

        Raises:
            Broken: it did not take it.
        """
        if self.commands.send is None:
            self.start()
            return
        done = subprocess.run(
            [*MODULE, *self.commands.send],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Broken(f"the file could not be put:\n{done.stderr[-3000:]}")

    def live(self, row: Row) -> None:
        """Hand it one row that is urgent: a line to a process that lives as long as the project."""
        if self.sender is None:
            self.sender = self.start_sender()
        self.sender.write(json.dumps(dict(row)).encode() + b"\n")
        self.sender.flush()

    def kill(self) -> None:
        """kill -9 to all workers and what they started; then the same commands again."""
        self.end()
        self.start()

    def open(self) -> int:
        """Jobs that are not at their end."""
        return self.commands.open(self)

    @property
    def redis(self) -> redis.Redis:
        """A client of its Redis, for a look at its books."""
        assert self.broker is not None
        return self.broker.client

    def start(self) -> None:
        """Start the workers."""
        for name, words in self.commands.workers.items():
            log = self.order.folder / f"{name}.log"
            self.workers[name] = self.stack.enter_context(
                world.started([*MODULE, *words], self.env, log)
            )
        servers = [self.broker.pid] if self.broker else []
        self.pids[:] = [*servers, *(process.pid for process in self.workers.values())]

    def end(self) -> None:
        """kill -9 to all workers and what they started."""
        roots = [process.pid for process in self.workers.values()]
        for pid in family(roots):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self.workers.values():
            process.wait()

    def working(self) -> bool:
        """Whether a worker is alive."""
        return any(process.poll() is None for process in self.workers.values())

    def start_sender(self) -> IO[bytes]:
        """Start what puts live rows.

        Raises:
            Broken: it ended at its start.
        """
        log = self.order.folder / "live.log"
        with log.open("ab") as lines:
            process = subprocess.Popen(
                [*MODULE, *self.commands.live],
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=lines,
                start_new_session=True,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        self.stack.callback(_end, process)
        if process.stdout.readline().strip() != rival.READY:
            raise Broken(f"live jobs cannot be put:\n{log.read_text(errors='replace')[-3000:]}")
        return process.stdin


@contextlib.contextmanager
def running(order: Order, commands: Commands) -> Iterator[Project]:
    """The project at work: a Redis of its own and, if there is something to put, its workers."""
    with contextlib.ExitStack() as stack:
        broker = _broker(order, stack) if commands.send else None
        url = broker.url if broker else ""
        env = world.environment(**told(order, url), **commands.env, PYTHONPATH=TOP)
        project = Project(commands, order, env, stack, broker)
        stack.callback(project.end)
        if broker:
            project.start()
        if order.notes:  # the run with live jobs: they are not put by a process that starts
            project.sender = project.start_sender()
        yield project


def _broker(order: Order, stack: contextlib.ExitStack) -> Broker:
    server, pid = stack.enter_context(own_redis(order.folder))
    return Broker(server.url, pid, stack.enter_context(redis.Redis.from_url(server.url)))


def told(order: Order, broker: str) -> dict[str, str]:
    """What every project is told, as variables of the environment."""
    return {
        rival.BROKER: broker,
        rival.CRM_URL: order.crm.url,
        rival.LOCATION: order.crm.location,
        rival.TOKEN: order.crm.token,
        rival.ONE_CALL: "1",
        rival.NOTES: "1" if order.notes else "",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close its input, which is how it knows that no more rows come; then wait for it."""
    with contextlib.suppress(BrokenPipeError):
        process.communicate(timeout=world.STOP_S)
    world.stop(process)
