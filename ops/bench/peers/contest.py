"""The two runs of a peer: one undisturbed, one with live jobs and a kill -9.

They are apart because each would spoil the other's figures: a limiter that keeps places for live
calls sends fewer bulk ones, and a dead worker none.

1. **Steady**: the file, nothing else. Time, use of the limit, refusals, CPU.
2. **Crash**: a third of it, a note for each contact, so that what is done twice can be seen (an
   upsert done twice leaves no trace). From the first contact on live jobs come at random, one a
   second, until 40 % are there; at 50 % everything but Redis is killed with -9 and started again.
   The stand-in takes all of its time after a call has arrived, so a contact's date is the moment
   when its request was sent.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ops import judge, students
from ops.bench import world
from ops.bench.figures import Sample
from ops.bench.peers.peer import Order, Peer, Row, Running
from ops.bench.watching import Watcher
from ops.bench.world import Crm
from ops.students import Student

SEED: Final = 1

QUIET_S: Final = 150.0
"""So long without a call, and what is still open is not waited for. Leases of a dead worker run out
in 60 s; who notices it late (RQ after ten minutes or more, Celery in an hour) holds them."""

SETTLE_S: Final = 3.0
"""So long without a call after the last job has ended: a task that is acknowledged before it runs
is nobody's job while it runs."""

LIVE_GAP_S: Final = 1.0
"""Live jobs come at random, one a second: a tenth of what the CRM allows."""

LIVE_MOST: Final = 10_000
"""Live jobs, at most: hours of them."""

LIVE_UNTIL: Final = 0.4
"""The share of the contacts that is there when the last live job comes: how long it takes is to be
the queue's affair and not the kill's."""

KILL_AT: Final = 0.5
"""The share of the contacts that is there when everything is killed."""

LOOK_S: Final = 0.2

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Steady:
    """The undisturbed run.

    Attributes:
        people: in the file.
        report: the stand-in's count at the end.
        findings: the judge's.
        open: jobs that had not come to their end.
    """

    people: int
    samples: list[Sample]
    report: dict[str, Any]
    findings: list[judge.Finding]
    open: int


@dataclass(frozen=True, slots=True)
class Crash:
    """The run with live jobs and a kill -9.

    Attributes:
        people: in the file, and those of the live jobs.
        delays_ms: of each live job, until its request was sent and let through; infinite: never.
        report, findings, open: as in :class:`Steady`.
    """

    people: int
    delays_ms: list[float]
    report: dict[str, Any]
    findings: list[judge.Finding]
    open: int


def steady(peer: Peer, folder: Path, people: int, quiet_s: float, tell: Tell) -> Steady:
    """Give it the file and wait for its end.

    Args:
        folder: is made.
        quiet_s: see :data:`QUIET_S`.
    """
    with started(peer, folder, people, notes=False) as (order, at):
        with Watcher(order.crm.accepted, at.pids) as watcher:
            at.put()
            open_jobs = wait_for_end(at, order.crm, quiet_s, _patience_s(people), tell)
        report = order.crm.report()
        findings = judged(order, [], report)
        return Steady(people, watcher.samples, report, findings, open_jobs)


def crash(peer: Peer, folder: Path, people: int, quiet_s: float, tell: Tell) -> Crash:
    """Give it the file, live jobs in the first half, kill it in the middle, wait for its end.

    Args:
        folder: is made.
        quiet_s: see :data:`QUIET_S`.
    """
    with started(peer, folder, people, notes=True) as (order, at):
        at.put()
        put_at = _live_jobs(at, order.crm, people, tell)
        tell("kill -9")
        at.kill()
        open_jobs = wait_for_end(at, order.crm, quiet_s, _patience_s(2 * people), tell)
        report = order.crm.report()
        urgent = [student(row) for row in live_rows(len(put_at))]
        return Crash(
            people + len(urgent),
            delays_ms(put_at, judge.get(order.crm.url, f"contacts?location={order.crm.location}")),
            report,
            judged(order, urgent, report),
            open_jobs,
        )


@contextmanager
def started(
    peer: Peer, folder: Path, people: int, *, notes: bool
) -> Iterator[tuple[Order, Running]]:
    """The peer with a stand-in and a file of its own, in a folder that is made."""
    folder.mkdir()
    file = folder / "students.csv"
    students.write_export(file, people, seed=SEED)
    latency = world.LATENCY | ({"uplink_share": 0.0} if notes else {})
    with world.crm(folder, switches={"seed": SEED, "latency": latency}) as crm:
        order = Order(folder, crm, file, notes)
        with peer.start(order) as at:
            yield order, at


def _live_jobs(at: Running, crm: Crm, people: int, tell: Tell) -> dict[str, float]:
    """Put live jobs until the middle; returns when each was put, by email."""
    rng = random.Random(SEED)
    rows, put_at = live_rows(LIVE_MOST), dict[str, float]()
    give_up = time.monotonic() + _patience_s(people)
    while (there := crm.report()["contacts"] - len(put_at)) < KILL_AT * people:
        if time.monotonic() > give_up:
            raise world.Broken(f"the middle was not reached: {there} of {people} contacts")
        tell(f"{len(put_at)} live jobs, {there:,} of {people:,} contacts")
        if not 0 < there < LIVE_UNTIL * people:
            time.sleep(LOOK_S)
            continue
        time.sleep(rng.expovariate(1 / LIVE_GAP_S))
        row = rows[len(put_at)]
        put_at[row["Email"]] = time.time()
        at.live(row)
    return put_at


def live_rows(number: int) -> list[Row]:
    """People who come by a live job: no phone, and no date, so no note either."""
    return [
        dict.fromkeys(students.HEADER, "")
        | {
            "Name": "Live Student",
            "Email": f"live{n:05}@example.org",
            "Country": "US",
            "Course": students.COURSES[n % len(students.COURSES)],
        }
        for n in range(number)
    ]


def delays_ms(put_at: dict[str, float], contacts: Sequence[dict[str, Any]]) -> list[float]:
    """From each put to the contact's date, milliseconds; infinite where there is none.

    Args:
        put_at: seconds since the epoch, by email.
        contacts: as the stand-in tells them.
    """
    added = {
        one["email"]: datetime.fromisoformat(one["dateAdded"]).timestamp()
        for one in contacts
        if one.get("email")
    }
    # The stand-in's date is cut to a millisecond.
    return [
        max(0.0, added[email] - at) * 1000 if email in added else float("inf")
        for email, at in put_at.items()
    ]


def over(open_jobs: int, silent_s: float, quiet_s: float) -> bool:
    """Whether a run has ended: nothing is open, or what is open has been silent for too long.

    Args:
        silent_s: seconds since the last call arrived.
        quiet_s: see :data:`QUIET_S`.
    """
    return silent_s >= (SETTLE_S if open_jobs == 0 else quiet_s)


def wait_for_end(at: Running, crm: Crm, quiet_s: float, patience_s: float, tell: Tell) -> int:
    """Wait until the run has ended, or the time is up; returns the jobs that are still open."""
    began = last = time.monotonic()
    arrivals = -1
    while True:
        open_jobs, report = at.open(), crm.report()
        now = time.monotonic()
        if report["arrivals"] != arrivals:
            arrivals, last = report["arrivals"], now
        tell(f"{report['contacts']:,} contacts, {open_jobs:,} jobs open")
        if over(open_jobs, now - last, quiet_s) or now - began > patience_s:
            return open_jobs
        time.sleep(1.0)


def _patience_s(calls: int) -> float:
    """Four times what the limit asks for, and half an hour for leases and the longest backoffs."""
    return 1800 + 4 * calls / 10


def judged(order: Order, urgent: list[Student], report: dict[str, Any]) -> list[judge.Finding]:
    """The judge's findings on the file's people and those of live jobs."""
    people = students.read_export(order.file)
    if not order.notes:
        for person in people:
            person.notes.clear()
    return judge.judge(order.crm.url, order.crm.location, [*people, *urgent], before=report)


def student(row: Row) -> Student:
    """Who is expected after a live job."""
    return Student(row["Name"], row["Email"], "", {f"course: {row['Course']}".lower()})
