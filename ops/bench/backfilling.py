"""A backfill of new contacts, with a tag and perhaps a note each, through all of `rollbook up`."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contacts.store import ledger_view
from ops import judge, students
from ops.bench.figures import LIMIT_PER_S, Sample
from ops.bench.watching import Watcher
from ops.bench.world import Broken, Crm, Up

MAPPING: Final = """\
[fields]
email = "Email"
phone = "Phone"
name = "Name"
country = "Country"

[[tags]]
template = "course: {Course}"
"""

NOTE: Final = """
[[notes]]
template = "Enrolled in {Course} on {Enrolled on}"
"""

CALLS_EACH: Final = 1
"""A new contact is made with its tag; a note is one more."""

SETTLE_S: Final = 5.0
"""After the start: what the processes' own start costs is not what idling costs."""

IDLE_S: Final = 15.0
"""How long everything is watched while there is nothing to do."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Reading:
    """`rollbook backfill` itself: seconds that passed, and of CPU."""

    seconds: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What was seen.

    Attributes:
        idle, samples: looks at the processes, one a second, without work and with it.
        report: the CRM's count at the end.
        findings: what the judge found, the same file given again included.
    """

    idle: list[Sample]
    samples: list[Sample]
    reading: Reading
    report: dict[str, Any]
    findings: list[judge.Finding]


def run(
    up: Up, crm: Crm, file: Path, people: int, tell: Tell, *, notes: bool = False
) -> Backfilled:
    """Backfill the file, watch until the ledger has no open job, ask the judge.

    Args:
        notes: each gets one.

    Raises:
        Broken: the command failed, or it takes three times as long as the limit asks for.
    """
    mapping = MAPPING + NOTE if notes else MAPPING
    (up.home / "bench.toml").write_text(mapping, encoding="utf-8")
    patience_s = 60 + 3 * people * (CALLS_EACH + notes) / LIMIT_PER_S
    tell("idling")
    time.sleep(SETTLE_S)
    with Watcher(crm.accepted, [up.pid]) as idle:
        time.sleep(IDLE_S)
    with Watcher(crm.accepted, [up.pid]) as busy:
        reading = read(up, file)
        _wait_until_settled(up, patience_s, tell)
    before = crm.report()
    tell("the same file again")
    read(up, file)
    _wait_until_settled(up, patience_s, tell)
    findings = judged(crm, file, before=before, notes=notes)
    return Backfilled(idle.samples, busy.samples, reading, before, findings)


def judged(
    crm: Crm, file: Path, *, before: dict[str, Any], notes: bool = False
) -> list[judge.Finding]:
    """The judge's findings on people and tags, and on notes where the mapping writes them."""
    people = students.read_export(file)
    if not notes:
        for person in people:
            person.notes.clear()
    return judge.judge(crm.url, crm.location, people, before=before)


def read(up: Up, file: Path, *more: str) -> Reading:
    """`rollbook backfill` by the mapping `bench.toml` in the home, without waiting for its end.

    Args:
        more: options of the command.

    Raises:
        Broken: the command failed.
    """
    command = [sys.executable, "-m", "producers.cli.main", "backfill", str(file)]
    command += ["--map", str(up.home / "bench.toml"), "--no-wait", *more]
    began, spent = time.monotonic(), _children_cpu_s()
    done = subprocess.run(
        command, env=up.env, cwd=up.home, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Broken(f"rollbook backfill ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return Reading(time.monotonic() - began, _children_cpu_s() - spent)


def _wait_until_settled(up: Up, patience_s: float, tell: Tell) -> None:
    give_up = time.monotonic() + patience_s
    while open_jobs := ledger_view.counts(up.store).open:
        tell(f"{open_jobs:,} jobs are open")
        if time.monotonic() > give_up:
            raise Broken(f"{open_jobs} jobs are still open after {patience_s:.0f} s")
        time.sleep(1.0)


def _children_cpu_s() -> float:
    """CPU of our children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
