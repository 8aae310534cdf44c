"""Does the receiver keep up, and keep what it accepted? 800 signed webhooks a second for a minute.

    python -m ops.prove.receiving
    python -m ops.prove.receiving --database postgresql+psycopg://... --seconds 20

A receiver of our own as a process, on one core where there are two; everything on loopback and in a
folder that is deleted at the end. A database given by ``--database`` must be an empty one; its
tables are left behind. The time of an event is from when it was due to its answer, which comes
after its commit. In a second part the receiver is killed with -9 again and again in the middle.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rich.console import Console
from sqlalchemy import select

from contacts.store.database import Store, migrate, open_store
from contacts.store.tables import webhooks
from ops.judge import Finding, exactly, read_out
from ops.prove.senders import Answer, Post, prepare, send
from ops.running.redis_server import free_port

LOCATION: Final = "loc_proof"
HOST: Final = "127.0.0.1"
PER_SECOND: Final = 800.0
P99_MS: Final = 50.0
CONTACTS: Final = 10_000
UP_S: Final = 30.0

KILLS_EACH_S: Final = 2.0
"""How long a receiver lives in the second part, seconds."""


@dataclass(slots=True)
class Receiver:
    """A receiver's process, its key and its database."""

    folder: Path
    database: str
    port: int
    key: Ed25519PrivateKey
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            RuntimeError: it did not; what it said.
        """
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        env = {
            **os.environ,
            "ROLLBOOK_HOME": str(self.folder),
            "ROLLBOOK_DATABASE_URL": self.database,
            "ROLLBOOK_RECEIVER_PORT": str(self.port),
            "ROLLBOOK_CRM_LOCATION": LOCATION,
            "ROLLBOOK_WEBHOOK_KEY": pem.decode(),
        }
        log = self.folder / "receiver.log"
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "producers.receiver"], env=env, stdout=file, stderr=file
            )
        give_up = time.monotonic() + UP_S
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"the receiver did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.02)

    def _listens(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/health", timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def end(self, *, kill: bool = False) -> None:
        """End it, by a kill -9 if asked."""
        if self.process is not None:
            self.process.kill() if kill else self.process.terminate()
            self.process.wait()
            self.process = None

    def cpu_s(self) -> float:
        """User and system seconds that it has used (Linux)."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def receiver(folder: Path, database: str | None) -> Iterator[tuple[Receiver, Store]]:
    """A receiver that is not started yet, and its empty database."""
    url = database or f"sqlite:///{folder / 'rollbook.db'}"
    migrate(url)
    store = open_store(url, pool_size=1)
    made = Receiver(folder, url, free_port(), Ed25519PrivateKey.generate())
    try:
        yield made, store
    finally:
        made.end()
        store.close()


def keeps_up(one: Receiver, posts: Sequence[Post], per_second: float) -> list[Finding]:
    """A steady rate on one core; how long each event takes until it is durable."""
    cores = sorted(os.sched_getaffinity(0))
    one.start()
    assert one.process is not None
    if len(cores) > 1:
        os.sched_setaffinity(one.process.pid, {cores[0]})
        os.sched_setaffinity(0, {cores[1]})
    before, began = one.cpu_s(), time.perf_counter()
    answers = asyncio.run(send(posts, host=HOST, port=one.port, per_second=per_second))
    took, used = time.perf_counter() - began, one.cpu_s() - before
    os.sched_setaffinity(0, cores)
    one.end()
    kept = sum(answer.status == 200 for answer in answers)
    rate = kept / took
    p99 = percentile([answer.seconds for answer in answers], 0.99) * 1000
    median = percentile([answer.seconds for answer in answers], 0.5) * 1000
    return [
        Finding("events kept a second", f"≥ {per_second:.0f}", f"{rate:.0f}",
                rate >= 0.99 * per_second),
        exactly("events refused or unanswered", len(answers) - kept, 0),
        Finding("due to durable, p99", f"≤ {P99_MS:.0f} ms", f"{p99:.1f} ms", p99 <= P99_MS),
        Finding("due to durable, median", "", f"{median:.1f} ms", True),
        Finding("CPU of an event", "", f"{used / len(answers) * 1000:.2f} ms", True),
    ]  # fmt: skip


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def survives(one: Receiver, posts: Sequence[Post], per_second: float, kills: int) -> list[Answer]:
    """The same, but killed with -9 so many times in the middle, and started again."""
    answers: list[Answer] = []
    share = len(posts) // kills
    for n in range(kills):
        one.start()
        batch = posts[n * share : (n + 1) * share]
        answers += asyncio.run(_until_killed(one, batch, per_second))
    return answers


async def _until_killed(one: Receiver, posts: Sequence[Post], per_second: float) -> list[Answer]:
    """Killed when about half of them have been sent."""

    async def kill() -> None:
        await asyncio.sleep(len(posts) / per_second / 2)
        one.end(kill=True)

    killing = asyncio.create_task(kill())
    answers = await send(posts, host=HOST, port=one.port, per_second=per_second)
    await killing
    return answers


def lost(store: Store, answers: Sequence[Answer]) -> int:
    """How many were answered 200 and are not in the database."""
    with store.read() as tx:
        kept = set(tx.execute(select(webhooks.c.webhook)).scalars())
    return sum(one.status == 200 and one.webhook not in kept for one in answers)


def prove(
    folder: Path, database: str | None, *, seconds: float, per_second: float, kills: int
) -> list[Finding]:
    """Both parts."""
    with receiver(folder, database) as (one, store):
        host = f"{HOST}:{one.port}"
        steady, apart = int(seconds * per_second), int(kills * KILLS_EACH_S * per_second)
        posts = prepare(
            steady + apart, location=LOCATION, key=one.key, host=host, contacts=CONTACTS
        )
        findings = keeps_up(one, posts[:steady], per_second)
        answers = survives(one, posts[steady:], per_second, kills)
        accepted = sum(answer.status == 200 for answer in answers)
        return [
            *findings,
            Finding(f"accepted around {kills} kills", "≥ 1", str(accepted), accepted >= 1),
            exactly("accepted, but lost", lost(store, answers), 0),
        ]


def main(words: Sequence[str] | None = None) -> int:
    """Print what was seen; exit code 1 when something is out of its bound."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.receiving", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of the steady part (60)")
    parser.add_argument("--rate", type=float, default=PER_SECOND, help="events a second (800)")
    parser.add_argument("--kills", type=int, default=10, help="in the second part (10)")
    parser.add_argument("--database", help="URL of an empty one; SQLite in a file otherwise")
    options = parser.parse_args(words)
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="rollbook-receiving-") as folder:
        findings = prove(
            Path(folder),
            options.database,
            seconds=options.seconds,
            per_second=options.rate,
            kills=options.kills,
        )
    return 0 if read_out(findings, console.print) else 1


if __name__ == "__main__":
    sys.exit(main())
