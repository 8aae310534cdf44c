"""A short run of everything: what a call costs each server, and what each process holds.

`rollbook up` on a PostgreSQL, the CRM's stand-in beside it, some locations that always have work.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import redis
from sqlalchemy import text

from contacts import redis_client
from contacts.jobs import Kind, Lane
from contacts.settings import load
from contacts.store import accounts, ledger_view
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from ops.bench import world
from ops.bench.figures import Sample
from ops.bench.putting import people, put
from ops.bench.watching import Watcher
from ops.bench.world import Broken, Up

LOCATIONS: Final = 4

SETTINGS: Final = {"ROLLBOOK_WORKER_THREADS": "48"}

IDLE_S: Final = 10.0

PATIENCE_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Run:
    """Of each call to the CRM, but for ``memory``. What the servers do when there is nothing to do
    is taken off; CPU of our own processes is all that there was.

    Attributes:
        calls: how many there were.
        cpu_ms: of all our processes and Redis, the database's server not among them.
        redis_commands: that Redis ran, those within scripts too.
        redis_us: microseconds of CPU of the Redis process, nearly all in its one thread.
        commits: of the database.
        wal: bytes of the log of the database's server: of all that is done there meanwhile.
        memory: resident bytes of the largest process of each role.
    """

    calls: int
    cpu_ms: float
    redis_commands: float
    redis_us: float
    commits: float
    wal: float
    memory: dict[str, int]


def measure(folder: Path, database: str, contacts: int) -> Run:
    """Push and tag so many new contacts of each of four locations.

    Raises:
        Broken: something did not start, or was not done in five minutes.
    """
    with (
        world.crm(folder, locations=LOCATIONS) as crm,
        world.up(folder, crm, database=database, settings=SETTINGS) as up,
        redis_client.connect(up.redis_url, timeout_s=5, connect_s=2) as client,
    ):
        _connect(up, crm.locations)
        idle = _idle(client, up.store)
        before, began = _servers(client, up.store), time.monotonic()
        with Watcher(crm.accepted, [up.pid]) as watcher:
            for location, _ in crm.locations:
                for batch in people(contacts, "scaling"):
                    put(up.store, location, batch, Lane.BULK, (Kind.PUSH, Kind.TAG))
            _until_done(up)
        after, seconds = _servers(client, up.store), time.monotonic() - began
        spent = {name: after[name] - before[name] - idle[name] * seconds for name in after}
        return _run(watcher.samples, spent)


def _idle(client: redis.Redis, store: Store) -> dict[str, float]:
    """What the servers do each second when there is nothing to do: pulses, ticks, polls."""
    before = _servers(client, store)
    time.sleep(IDLE_S)
    after = _servers(client, store)
    return {name: (after[name] - before[name]) / IDLE_S for name in after}


def _connect(up: Up, locations: tuple[tuple[str, str], ...]) -> None:
    cipher = Cipher.from_settings(load(home=up.home))
    with up.store.write() as tx:
        for location, token in locations:
            accounts.ensure_location(tx, location, token=token, cipher=cipher)


def _until_done(up: Up) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while left := ledger_view.counts(up.store).open:
        if time.monotonic() > give_up:
            raise Broken(f"{left} jobs are still open")
        time.sleep(0.5)


def _servers(client: redis.Redis, store: Store) -> dict[str, float]:
    cpu = client.info("cpu")
    with store.read() as tx:
        commits = tx.execute(
            text("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        ).scalar_one()
        wal = tx.execute(text("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")).scalar_one()
    return {
        "commands": float(client.info("stats")["total_commands_processed"]),
        "us": 1e6 * (float(cpu["used_cpu_user"]) + float(cpu["used_cpu_sys"])),
        "commits": float(commits),
        "wal": float(wal),
    }


def _run(samples: list[Sample], spent: dict[str, float]) -> Run:
    calls = samples[-1].accepted - samples[0].accepted
    cpu: dict[int, float] = {}
    memory: dict[str, int] = {}
    for sample in samples:
        for pid, usage in sample.usage.items():
            cpu[pid] = usage.cpu_s - samples[0].usage[pid].cpu_s if pid in samples[0].usage else 0.0
            memory[usage.role] = max(memory.get(usage.role, 0), usage.rss)
    return Run(
        calls=calls,
        cpu_ms=sum(cpu.values()) * 1000 / calls,
        redis_commands=spent["commands"] / calls,
        redis_us=spent["us"] / calls,
        commits=spent["commits"] / calls,
        wal=spent["wal"] / calls,
        memory=memory,
    )
