"""What the kernel says of processes and their children: CPU time, memory, role (Linux /proc)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from ops.bench.figures import Sample, Usage

PROC: Final = Path("/proc")

ROLES: Final[Mapping[str, str]] = {
    "worker": "worker",
    "producers.dispatcher": "dispatcher",
    "producers.clock": "beat",
    "producers.receiver": "receiver",
    "ops.running.flower": "flower",
    "ops.running": "up",
    "producers.cli.main": "up",
    "ops.bench.rival": "worker",
}
"""What a process is, by the module it was started with (``python -m MODULE``)."""

SERVERS: Final = ("redis-server", "valkey-server")


EVERY_S: Final = 1.0
"""How often a run is looked at; a look costs this process about 10 ms."""


class Watcher:
    """Looks at a run once a second, in a thread of its own, from ``with`` to its end.

    Args:
        accepted: how many calls the CRM has accepted by now.
        roots: pids; they and their descendants are watched.
        every_s: seconds between two looks.
    """

    def __init__(
        self, accepted: Callable[[], int], roots: Sequence[int], *, every_s: float = EVERY_S
    ) -> None:
        self.samples: list[Sample] = []
        self._accepted = accepted
        self._roots = roots
        self._every_s = every_s
        self._over = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="watcher")

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if kind is None:
            if self._error is not None:
                raise self._error
            self._look()

    def _run(self) -> None:
        try:
            while not self._over.wait(self._every_s):
                self._look()
        except Exception as error:  # noqa: BLE001 - shown by the thread that waits for us
            self._error = error

    def _look(self) -> None:
        accepted = self._accepted()
        self.samples.append(Sample(time.monotonic(), accepted, family(self._roots)))


@dataclass(frozen=True, slots=True)
class Stat:
    """What ``/proc/PID/stat`` says: parent, CPU seconds, resident bytes."""

    parent: int
    cpu_s: float
    rss: int


def parse_stat(text: str, *, ticks_per_s: int, page: int) -> Stat:
    """Read the text of ``/proc/PID/stat`` (proc(5)).

    Args:
        ticks_per_s: clock ticks a second, ``sysconf("SC_CLK_TCK")``.
        page: bytes of a page of memory.
    """
    # The second field, the name in brackets, may hold blanks and brackets itself.
    fields = text.rpartition(")")[2].split()
    parent, user, system, pages = (int(fields[n]) for n in (1, 11, 12, 21))
    return Stat(parent, (user + system) / ticks_per_s, pages * page)


def role(words: list[str]) -> str:
    """What a process is, by the words of its command."""
    if "-m" in words[:-1]:
        return ROLES.get(words[words.index("-m") + 1], "other")
    name = words[0].split()[0].rpartition("/")[2] if words and words[0] else ""
    return "redis" if name in SERVERS else "other"


def family(roots: Iterable[int]) -> dict[int, Usage]:
    """These processes and all their descendants that are alive now, by pid."""
    stats = {pid: stat for pid in _pids() if (stat := _stat(pid)) is not None}
    members = {pid for pid in roots if pid in stats}
    grown = True
    while grown:
        more = {pid for pid, stat in stats.items() if stat.parent in members} - members
        members |= more
        grown = bool(more)
    return {
        pid: Usage(role(_command(pid)), stats[pid].cpu_s, stats[pid].rss) for pid in sorted(members)
    }


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]


def _stat(pid: int) -> Stat | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None  # it ended in this very moment
    return parse_stat(text, ticks_per_s=os.sysconf("SC_CLK_TCK"), page=os.sysconf("SC_PAGE_SIZE"))


def _command(pid: int) -> list[str]:
    try:
        raw = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode(errors="replace").rstrip("\0").split("\0")
