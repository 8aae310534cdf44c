"""A board that remembers, a supervisor that is always stopped, and the real `rollbook up`."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contacts.store.database import Store, open_store
from ops.bench import world
from ops.running.output import Board
from ops.running.redis_server import free_port
from ops.running.supervisor import Command, Supervisor


@pytest.fixture
def said() -> io.StringIO:
    """What the board was told."""
    return io.StringIO()


@pytest.fixture
def supervisor(said: io.StringIO) -> Iterator[Supervisor]:
    """A supervisor whose children end with the test, at once."""
    made = Supervisor(Board(said))
    yield made
    made.asked = 2
    made.stop()


@pytest.fixture
def python() -> Callable[..., Command]:
    """Makes a command out of a few lines of Python."""

    def make(code: str, name: str = "child", **kwargs: object) -> Command:
        argv = (sys.executable, "-I", "-S", "-c", code)
        return Command(name=name, argv=argv, env=dict(os.environ), **kwargs)  # type: ignore[arg-type]

    return make


@pytest.fixture
def until(supervisor: Supervisor) -> Callable[[Callable[[], bool]], None]:
    """Turns the supervisor's loop until something is so; gives up after 20 s."""

    def wait(is_so: Callable[[], bool]) -> None:
        give_up = time.monotonic() + 20
        while not is_so():
            assert time.monotonic() < give_up, "it did not happen"
            supervisor.turn(0.05)

    return wait


@dataclass
class Up:
    """A `rollbook up` that runs in a home of its own."""

    home: Path
    env: dict[str, str]
    process: subprocess.Popen[bytes]
    store: Store

    @property
    def said(self) -> str:
        """Its lines."""
        return (self.home / "up.log").read_text(encoding="utf-8")

    def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait for something to be so."""
        give_up = time.monotonic() + 60
        while not is_so():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < give_up, f"not {what}:\n{self.said}"
            time.sleep(0.1)

    def rollbook(self, *words: str) -> None:
        """Type a command; it must end well."""
        done = subprocess.run(
            [sys.executable, "-m", "producers.cli.main", *words],
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def flower(self, path: str) -> tuple[int, str]:
        """Flower's answer with the password: (status, page); status 0 when there is none."""
        address = json.loads((self.home / "up.json").read_text())["flower"]
        word = (self.home / "flower.password").read_text().strip()
        pair = base64.b64encode(f"rollbook:{word}".encode()).decode()
        request = urllib.request.Request(address + path, headers={"Authorization": f"Basic {pair}"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def rollbook_up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Starts `rollbook up` with these variables, until it is up; killed if a test leaves it."""
    made: list[Up] = []

    def start(**env: str) -> Up:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        values = {
            "ROLLBOOK_HOME": str(home),
            "ROLLBOOK_CRM_URL": f"http://127.0.0.1:{free_port()}",
            "ROLLBOOK_FLOWER_PORT": "0",
            "ROLLBOOK_RECEIVER_PORT": "0",
            "ROLLBOOK_WORKER_THREADS": "8",
            **env,
        }
        with (home / "up.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "ops.running"],
                env={**os.environ, **values},
                cwd=home,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        store = open_store(f"sqlite:///{home / 'rollbook.db'}", pool_size=1)
        up = Up(home, {**os.environ, **values}, process, store)
        made.append(up)
        up.until(lambda: "Rollbook is up" in up.said, "up")
        return up

    yield start
    for up in made:
        up.store.close()
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait()


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[world.Crm]:
    """The CRM's stand-in, a process of its own; answers take 80 to 400 ms."""
    with world.crm(tmp_path) as started:
        yield started


@pytest.fixture
def at_the_crm(crm: world.Crm) -> dict[str, str]:
    """The variables that lead to the stand-in."""
    return {
        "ROLLBOOK_CRM_URL": crm.url,
        "ROLLBOOK_CRM_LOCATION": crm.location,
        "ROLLBOOK_CRM_TOKEN": crm.token,
    }
