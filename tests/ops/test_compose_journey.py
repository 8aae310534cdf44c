"""The commands of docker-compose.yml, run by hand against a real PostgreSQL and a real Redis.

There is no Docker engine in the tests. So each service's command and health check is run with the
service's own environment, only hosts, ports and HOME put in place; in the order that its
``depends_on`` asks for; and stopped with SIGTERM, as Compose does.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ops.running.redis_server import free_port

TOP = Path(__file__).parents[2]
POSTGRES = os.environ.get("ROLLBOOK_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")

LASTING = ("worker", "dispatcher", "beat", "flower", "simulator")

pytestmark = [pytest.mark.journey, pytest.mark.redis, pytest.mark.postgres]


@dataclass
class Containers:
    """The services, as processes of this machine."""

    services: dict[str, dict[str, Any]]
    places: dict[str, str]
    home: Path
    server: Any
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def here(self, text: str) -> str:
        """A word of a service with its host, port and folder put in place."""
        for there, place in self.places.items():
            text = text.replace(there, place)
        return text

    def environment(self, name: str) -> dict[str, str]:
        """What the service is started with."""
        ours = {key: self.here(value) for key, value in self.services[name]["environment"].items()}
        return {**os.environ, "ROLLBOOK_WORKER_THREADS": "4", **ours}

    def command(self, name: str) -> list[str]:
        """Entry point and command."""
        service = self.services[name]
        return self._found([*service.get("entrypoint", _entry_point()), *service["command"]])

    def check(self, name: str) -> list[str]:
        """The command of its health check."""
        return self._found(self.services[name]["healthcheck"]["test"][1:])

    def _found(self, words: Sequence[str]) -> list[str]:
        """The programs of the image are those of this environment."""
        first, *others = words
        found = Path(sys.executable).with_name(first)
        return [str(found) if found.exists() else first, *map(self.here, others)]

    def start(self, name: str) -> None:
        """Start a service that lasts."""
        with (self.home / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                self.command(name),
                env=self.environment(name),
                cwd=self.home,
                stdout=log,
                stderr=log,
            )

    def healthy(self, name: str) -> bool:
        """Whether its health check says so."""
        assert self.running[name].poll() is None, self.said(name)
        return self.run(name, self.check(name)).returncode == 0

    def run(self, name: str, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        """Run a command in a service from its start to its end."""
        return subprocess.run(
            command,
            env=self.environment(name),
            cwd=self.home,
            capture_output=True,
            check=False,
        )

    def said(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text()

    def until_healthy(self, name: str) -> None:
        """Wait for its health check, as ``service_healthy`` does."""
        give_up = time.monotonic() + 60
        while not self.healthy(name):
            assert time.monotonic() < give_up, self.said(name)
            time.sleep(0.2)

    def stop(self, name: str) -> int:
        """SIGTERM, and its grace.

        Returns:
            the exit code.
        """
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        grace = int(self.services[name]["stop_grace_period"].removesuffix("s"))
        return process.wait(grace)


def _entry_point() -> list[str]:
    for line in (TOP / "ops" / "Dockerfile").read_text().splitlines():
        if line.startswith("ENTRYPOINT "):
            return list(json.loads(line.removeprefix("ENTRYPOINT ")))
    raise AssertionError("ops/Dockerfile has no ENTRYPOINT")


@pytest.fixture
def empty_database() -> Iterator[str]:
    """Address of a PostgreSQL database without tables; removed at the end."""
    with contextlib.ExitStack() as stack:
        try:
            admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
        except psycopg.OperationalError:
            if os.environ.get("CI"):
                raise
            pytest.skip("needs a PostgreSQL (set ROLLBOOK_TEST_POSTGRES to its address)")
        stack.enter_context(contextlib.closing(admin))
        name = f"rollbook_compose_{uuid.uuid4().hex[:12]}"
        admin.execute(f"CREATE DATABASE {name}")
        stack.callback(admin.execute, f"DROP DATABASE {name} WITH (FORCE)")
        yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"


@pytest.fixture
def containers(
    compose: Callable[..., dict[str, Any]],
    new_redis: Callable[..., Any],
    empty_database: str,
    tmp_path: Path,
) -> Iterator[Containers]:
    """The services with the hosts of this machine; whatever still runs is killed at the end."""
    server = new_redis()
    places = {
        "redis://redis:6379/0": server.url,
        "postgresql://rollbook@postgres:5432/rollbook": empty_database,
        "/var/lib/rollbook": str(tmp_path),
        "0.0.0.0": "127.0.0.1",
        "5555": str(free_port()),
        "8765": str(free_port()),
    }
    # A server that trusts everybody takes any password.
    made = Containers(compose()["services"], places, tmp_path, server)
    yield made
    for process in made.running.values():
        process.kill()
        process.wait()


def test_its_services_come_up_in_order_are_healthy_and_end_well(containers: Containers) -> None:
    with its_redis(containers), told_when_it_fails(containers):
        migrated = containers.run("migrate", containers.command("migrate"))
        assert migrated.returncode == 0, migrated.stderr.decode()

        for name in LASTING:
            containers.start(name)
        for name in LASTING:
            containers.until_healthy(name)

        said = {name: containers.said(name) for name in LASTING}
        codes = {name: containers.stop(name) for name in LASTING}
        assert codes == dict.fromkeys(LASTING, 0)
        assert not [name for name, text in said.items() if "Traceback" in text]


def test_a_health_check_fails_when_its_process_is_not_there(containers: Containers) -> None:
    with its_redis(containers):
        assert containers.run("migrate", containers.command("migrate")).returncode == 0
        for name in LASTING:
            assert containers.run(name, containers.check(name)).returncode == 1, name


@contextlib.contextmanager
def told_when_it_fails(containers: Containers) -> Iterator[None]:
    """Shows what they said when something fails."""
    try:
        yield
    except AssertionError:
        for name in containers.running:
            print(f"--- {name}\n{containers.said(name)}")
        raise


@contextlib.contextmanager
def its_redis(containers: Containers) -> Iterator[None]:
    """The redis service's own command, on a port and in a folder of ours."""
    server, command = containers.server, containers.services["redis"]["command"]
    process = subprocess.Popen(
        [server.binary, *command[1:], "--port", str(server.port), "--bind", "127.0.0.1"],
        cwd=server.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with redis.Redis(
            port=server.port, retry=Retry(NoBackoff(), 0), decode_responses=True
        ) as client:
            _until_it_answers(client)
            for name in ("appendonly", "maxmemory-policy"):
                given = command[command.index(f"--{name}") + 1]
                assert client.config_get(name)[name] == given
        yield
        process.terminate()
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _until_it_answers(client: redis.Redis) -> None:
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        with contextlib.suppress(redis.RedisError):
            client.ping()
            return
        time.sleep(0.05)
    raise AssertionError("redis-server did not answer")
