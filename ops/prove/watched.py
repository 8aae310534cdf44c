"""A Redis, its replica and three Sentinels of our own, whose master a proof may kill."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import redis

from contacts import redis_client
from ops.running.redis_server import find_server, free_port

MASTER: Final = "rollbook"

READY_S: Final = 20.0

DOWN_MS: Final = 1000
"""How long a master is silent before the Sentinels speak of it. Two of three must agree."""

SERVER: Final = """\
port {port}
bind 127.0.0.1
dir {folder}
save ""
appendonly yes
maxmemory-policy noeviction
repl-diskless-sync-delay 0
{more}
"""

SENTINEL: Final = """\
port {port}
bind 127.0.0.1
dir {folder}
sentinel monitor {group} 127.0.0.1 {master} 2
sentinel down-after-milliseconds {group} {down_ms}
sentinel failover-timeout {group} 5000
"""


@dataclass(slots=True)
class Watched:
    """The servers by their ports, and the address that names them all."""

    folder: Path
    servers: list[int] = field(default_factory=list)
    sentinels: list[int] = field(default_factory=list)
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """As a person sets it."""
        places = ",".join(f"127.0.0.1:{port}" for port in self.sentinels)
        return f"sentinel://{places}/0?master={MASTER}"

    def master(self) -> int:
        """The port of the master that the Sentinels name now; 0: they name none."""
        with redis.Redis(port=self._a_sentinel(), socket_timeout=2) as client:
            found = client.sentinel_get_master_addr_by_name(MASTER)
        return int(found[1]) if found else 0

    def kill_master(self) -> int:
        """kill -9; returns its port."""
        port = self.master()
        self.end(port)
        return port

    def end(self, port: int) -> None:
        """kill -9 of one of the servers or Sentinels."""
        self.processes[port].kill()
        self.processes[port].wait()

    def until_another_leads(self, than: int) -> int:
        """Wait until a client finds another master that takes writes; returns its port."""
        with redis_client.connect(self.url, timeout_s=2, connect_s=1, tries=0) as client:

            def leader() -> int:
                return (
                    int(client.info("server")["tcp_port"]) if client.role()[0] == b"master" else 0
                )

            _until(lambda: leader() not in (0, than), "another master")
            return leader()

    def bring_back(self, port: int) -> None:
        """Start a server again; the Sentinels make a replica of it."""
        self._start(port, f"redis-{port}")

    def _a_sentinel(self) -> int:
        return next(port for port in self.sentinels if self.processes[port].poll() is None)

    def _start(self, port: int, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[port] = subprocess.Popen(
                [find_server(), self.folder / f"{name}.conf", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _configure(self, name: str, text: str, **values: object) -> None:
        own = self.folder / name
        own.mkdir()
        (self.folder / f"{name}.conf").write_text(text.format(folder=own, **values))


@contextmanager
def watched() -> Iterator[Watched]:
    """Two servers and three Sentinels that know each other; all are gone afterwards.

    Raises:
        TimeoutError: they do not find together within 20 s.
    """
    with tempfile.TemporaryDirectory(prefix="rollbook-sentinel-") as folder:
        made = Watched(Path(folder))
        try:
            _servers(made)
            _sentinels(made)
            yield made
        finally:
            for process in made.processes.values():
                process.kill()
                process.wait()


def _servers(made: Watched) -> None:
    made.servers = [free_port(), free_port()]
    master, replica = made.servers
    for port in made.servers:
        more = f"replicaof 127.0.0.1 {master}" if port == replica else ""
        made._configure(f"redis-{port}", SERVER, port=port, more=more)
        made._start(port, f"redis-{port}")
    _until(lambda: _takes_writes(master) and _follows(replica), "the replica")


def _sentinels(made: Watched) -> None:
    made.sentinels = [free_port() for _ in range(3)]
    values = {"group": MASTER, "master": made.servers[0], "down_ms": DOWN_MS}
    for port in made.sentinels:
        made._configure(f"sentinel-{port}", SENTINEL, port=port, **values)
        made._start(port, f"sentinel-{port}", "--sentinel")
    _until(lambda: all(_knows_the_others(port) for port in made.sentinels), "the Sentinels")
    with redis_client.connect(made.url, timeout_s=5, connect_s=2) as client:
        client.ping()


def _takes_writes(port: int) -> bool:
    with redis.Redis(port=port, socket_timeout=2) as client:
        return bool(client.role()[0] == b"master")


def _follows(port: int) -> bool:
    with redis.Redis(port=port, socket_timeout=2) as client:
        return bool(client.info("replication").get("master_link_status") == "up")


def _knows_the_others(port: int) -> bool:
    with redis.Redis(port=port, socket_timeout=2) as client:
        found = client.sentinel_master(MASTER)
    return int(found["num-other-sentinels"]) == 2 and int(found["num-slaves"]) == 1


def _until(is_so: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + READY_S
    while True:
        try:
            if is_so():
                return
        except (redis.RedisError, OSError):
            pass
        if time.monotonic() > give_up:
            raise TimeoutError(f"{what} did not come within {READY_S:.0f} s")
        time.sleep(0.05)
