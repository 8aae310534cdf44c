"""`rollbook up`: all of Rollbook on this machine, with a Redis of its own if none is set."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import redis
from pydantic import SecretStr
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from contacts import redis_client
from contacts.errors import LimiterDown, UsageError
from contacts.settings import Settings, load
from contacts.store import accounts, platforms
from contacts.store.cipher import Cipher
from contacts.store.database import DatabaseDown, migrate, open_store
from ops.running import flower, ports, redis_server
from ops.running.commands import commands, feed
from ops.running.files import only_one, write_private
from ops.running.output import Board
from ops.running.redis_server import RedisServer
from ops.running.supervisor import Command, Supervisor, signals_ask
from worker.crm.limiter import Limiter, Limits

READY_S = 60.0
"""How long our Redis may read its append-only file at its start (1 GB takes about 10 s)."""

NOTE = "up.json"


def main(settings: Settings, board: Board | None = None) -> int:
    """Run everything until Ctrl-C or SIGTERM; then running calls finish and it ends.

    Returns:
        0 when it was stopped, 2 when a process ended at its start for a person's mistake.

    Raises:
        UsageError: another one runs in this home, no Redis server, no database, port taken.
    """
    if sys.platform == "win32":
        raise UsageError("`rollbook up` needs Linux or macOS: use WSL or `docker compose up`")
    board = board or Board()
    with only_one(settings.home):
        prepare_database(settings)
        settings = settings.model_copy(
            update={f"{name}_port": ports.choose(settings, name) for name in ("flower", "receiver")}
        )
        supervisor = Supervisor(board)
        with signals_ask(supervisor), _stopped(supervisor), _redis(settings, supervisor) as found:
            if not supervisor.asked:
                _begin(found, supervisor, board)
            return supervisor.run()


def prepare_database(settings: Settings) -> None:
    """Create or upgrade the tables; make the quick start's location known.

    Raises:
        UsageError: the database does not answer or cannot be used.
    """
    try:
        migrate(settings.database)
        if settings.crm_location is None:
            return
        token = settings.crm_token.get_secret_value() if settings.crm_token else None
        store = open_store(settings.database, pool_size=1)
        try:
            with store.write() as tx:
                accounts.ensure_location(
                    tx, settings.crm_location, token=token, cipher=Cipher.from_settings(settings)
                )
        finally:
            store.close()
    except DatabaseDown as error:
        raise UsageError(
            f"the database ({database_kind(settings)}) does not answer ({error}): is "
            "ROLLBOOK_DATABASE_URL right, and does its server run?"
        ) from None


def needed(settings: Settings) -> Command | None:
    """The feed, once a course platform is connected that can be asked what changed."""
    store = open_store(settings.database, pool_size=1)
    try:
        able = any(one.platform.feed is not None for one in platforms.connected(store))
    except DatabaseDown:  # asked again in a moment
        able = False
    finally:
        store.close()
    return feed(settings) if able else None


def database_kind(settings: Settings) -> str:
    """The database for people: kind and place, no user, no password."""
    from urllib.parse import urlsplit

    parts = urlsplit(settings.database)
    if parts.scheme.startswith("sqlite"):
        return f"SQLite, {parts.path.removeprefix('/')}"
    return f"PostgreSQL, {parts.path.lstrip('/')} at {parts.hostname or 'this machine'}"


def _cores() -> list[int]:
    """The cores we may use; beginning with another one each time, or the workers of two
    installations on one machine would all keep to its first."""
    if sys.platform != "linux":
        return []
    cores = sorted(os.sched_getaffinity(0))
    first = os.getpid() % len(cores)
    return cores[first:] + cores[:first]


def _begin(settings: Settings, supervisor: Supervisor, board: Board) -> None:
    word, made = flower.password(settings)
    for command in commands(settings, _cores()):
        supervisor.add(command)
    supervisor.later = lambda: needed(settings)
    note = {
        "pid": os.getpid(),
        "flower": flower_url(settings),
        "flower_user": settings.flower_user,
        "receiver": receiver_url(settings),
        "started_at": time.time(),
    }
    write_private(settings.home / NOTE, json.dumps(note) + "\n")
    board.show(summary(settings, word if made else None))


def flower_url(settings: Settings) -> str:
    """Where to open Flower on this machine."""
    return _url(settings.flower_host, settings.flower_port)


def receiver_url(settings: Settings) -> str:
    """Where the receiver of webhooks listens on this machine."""
    return _url(settings.receiver_host, settings.receiver_port)


def _url(host: str, port: int) -> str:
    if host in ("0.0.0.0", "::", ""):
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def summary(settings: Settings, made: str | None) -> Panel:
    """What a person wants to see first.

    Args:
        made: Flower's password if it was made just now; else only its place is told.
    """
    rows = Table.grid(padding=(0, 2))
    workers = f"{settings.worker_processes} x {settings.worker_threads} threads"
    for name, value in (
        ("Home", str(settings.home.absolute())),
        ("Database", database_kind(settings)),
        ("Redis", _redis_kind(settings)),
        ("CRM", f"{settings.crm_url}, location {settings.crm_location or 'by `rollbook`'}"),
        ("Workers", workers),
        ("Webhooks", receiver_url(settings)),
        ("Flower", flower_url(settings)),
        ("", f"user {settings.flower_user}, password {made or flower.whence(settings)}"),
    ):
        rows.add_row(Text(name, style="bold"), Text(value))
    now = datetime.now(UTC)
    return Panel(
        rows,
        title="Rollbook is up",
        subtitle=f"{now:%H:%M:%S} UTC; Ctrl-C stops it, running calls finish",
        expand=False,
    )


def _redis_kind(settings: Settings) -> str:
    where = redis_client.read(redis_client.required(settings)).where
    own = (settings.home / "redis" / redis_server.ADDRESS).exists()
    return f"{'embedded' if own else 'external'}, {where}"


@contextlib.contextmanager
def _stopped(supervisor: Supervisor) -> Iterator[None]:
    """Whatever happens: no child stays behind."""
    try:
        yield
    finally:
        supervisor.stop()


@contextlib.contextmanager
def _redis(settings: Settings, supervisor: Supervisor) -> Iterator[Settings]:
    """The settings with the address of a Redis in them: the one set, or our own, started now.

    Raises:
        UsageError: no server binary, or it does not answer.
    """
    note = settings.home / NOTE
    try:
        if settings.redis_url is not None:
            redis_server.end_left_over(settings.home / "redis")
            _look_at(settings.redis_url.get_secret_value(), supervisor.board)
            yield settings
            return
        is_new = not (settings.home / "redis").exists()
        server = redis_server.prepare(settings.home)
        try:
            _wait_until_ready(server, supervisor)
            if is_new and not supervisor.asked:
                _vouch(server)
            server.announce()
            yield settings.model_copy(update={"redis_url": SecretStr(server.url)})
        finally:
            supervisor.stop()
            server.withdraw()
    finally:
        note.unlink(missing_ok=True)


def _wait_until_ready(server: RedisServer, supervisor: Supervisor) -> None:
    supervisor.add(server.command())
    give_up = time.monotonic() + READY_S
    while not supervisor.asked and not server.answers():
        if time.monotonic() > give_up:
            raise UsageError(f"our Redis ({server.binary}) does not answer: see {server.log}")
        supervisor.turn(0.02)


def _vouch(server: RedisServer) -> None:
    """Tell the limiter that its empty memory has lost nothing: nobody has called with it yet."""
    with (
        redis_client.connect(server.url, timeout_s=3, connect_s=3) as client,
        contextlib.suppress(LimiterDown),  # then it begins with a probe
    ):
        Limiter(client, limits=lambda _: Limits()).vouch()


def _look_at(url: str, board: Board) -> None:
    """Say what is wrong with somebody else's Redis; go on, for it may come back."""
    try:
        with redis_client.connect(url, timeout_s=3, connect_s=3, tries=1) as client:
            policy = str(client.info("memory").get("maxmemory_policy", "noeviction"))
    except redis.RedisError as error:
        board.say("up", f"Redis {redis_client.trouble(error, url)}: waiting for it")
        return
    if policy != "noeviction":
        board.say(
            "up",
            f"Redis may throw our messages away (maxmemory-policy {policy}): set it to noeviction",
        )


def run_from_environment() -> int:
    """``python -m ops.running``; exit code 2 for a person's mistake."""
    try:
        return main(load())
    except UsageError as error:
        print(f"rollbook up: {error}", file=sys.stderr)  # noqa: T201
        return 2
