"""Many locations at once: what a call costs when the worker is busy, and whether all get the same.

At ten calls a second a process sleeps most of the time and finds its caches cold at each call. How
many locations a core can carry is told by this part instead. In the middle of it one location may
be given a flood of jobs more: what do the live jobs of the others notice of it?
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from contacts.jobs import Kind, Lane
from contacts.settings import load
from contacts.store import accounts, ledger_view
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from ops import judge, students
from ops.bench import backfilling
from ops.bench.figures import LIMIT_PER_S, Sample
from ops.bench.live import sent_at
from ops.bench.putting import people, put
from ops.bench.watching import Watcher
from ops.bench.world import Broken, Crm, Up
from producers.bell import Bell

THREADS_EACH: Final = 5
"""Threads of the worker for each location. At ten calls a second, 0.24 s an answer and 0.08 s for
token, claim and commit 3.2 are busy, and a quarter of all is kept for live jobs: 4.3. At most 256
in a process."""

LIVE_GAP_S: Final = 0.25
"""Live jobs of locations at random come at random, four a second all together."""

SETTLE_S: Final = 20.0
"""Before anything is measured: the limiter of a location begins at half speed for one window."""

Tell = Callable[[str], None]


def settings(locations: int) -> dict[str, str]:
    """Of the worker, as variables of the environment."""
    return {"ROLLBOOK_WORKER_THREADS": str(min(256, max(32, THREADS_EACH * locations)))}


@dataclass(frozen=True, slots=True)
class Many:
    """What was seen.

    Attributes:
        samples: while all locations had work.
        report: the CRM's count of all locations together.
        by_location: calls accepted of each in the same time.
        delays_ms: of live jobs of the other locations, from just before their transaction began
            until their request left, by phase: ``before``, ``adding``, ``after`` the flood.
        flood: jobs that were added to one location.
    """

    samples: list[Sample]
    report: dict[str, Any]
    by_location: dict[str, int] = field(default_factory=dict)
    delays_ms: dict[str, list[float]] = field(default_factory=dict)
    flood: int = 0


def run(up: Up, crm: Crm, *, seconds: float, flood: int, tell: Tell) -> Many:
    """Give every location work for longer than that, and measure for so many seconds.

    Args:
        seconds: of each measured phase; there is one, or with a flood two and its adding.
        flood: jobs that are added to the first location after the first phase; 0: none.

    Raises:
        Broken: a location ran out of work, or a live job was not sent within a minute.
    """
    cipher = Cipher.from_settings(load(home=up.home))
    with up.store.write() as tx:
        for location, token in crm.locations:
            accounts.ensure_location(tx, location, token=token, cipher=cipher)
    busy_s = SETTLE_S + seconds + (seconds + flood / SLOWEST_PUT if flood else 0)
    each = int(LIMIT_PER_S * busy_s * 1.2)
    for number, (location, _) in enumerate(crm.locations):
        tell(f"putting {each:,} jobs for location {number + 1} of {len(crm.locations)}")
        for batch in people(each, "many"):
            put(up.store, location, batch, Lane.BULK, (Kind.PUSH,))
    tell("the limiters wake")
    time.sleep(SETTLE_S)
    others = [location for location, _ in crm.locations[1:]] or [crm.location]
    with Probes(up, others) as probes, Watcher(crm.accepted, [up.pid]) as watcher:
        before = accepted(crm)
        _phase(probes, "before", seconds, tell)
        samples = list(watcher.samples)
        after = accepted(crm)
        if flood:
            probes.phase = "adding"
            _flood(up, crm.location, flood, tell)
            _phase(probes, "after", seconds, tell)
    _all_had_work(up.store, [location for location, _ in crm.locations])
    by_location = {name: after[name] - before[name] for name in after}
    return Many(samples, crm.report(), by_location, probes.delays_ms(), flood)


SLOWEST_PUT: Final = 1_000.0
"""Jobs of the flood that are put a second at least, beside the work."""


def accepted(crm: Crm) -> dict[str, int]:
    """Calls that the CRM has accepted by now, by location."""
    return {name: int(judge.look(crm.url, name)["accepted"]) for name, _ in crm.locations}


def _phase(probes: Probes, name: str, seconds: float, tell: Tell) -> None:
    probes.phase = name
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        tell(f"{name}: {left:.0f} s to go")
        time.sleep(min(1.0, left))


def _flood(up: Up, location: str, jobs: int, tell: Tell) -> None:
    """A file of people for a location, a push and a tag each, by `rollbook backfill`."""
    tell(f"adding {jobs:,} jobs by `rollbook backfill`")
    (up.home / "bench.toml").write_text(backfilling.MAPPING, encoding="utf-8")
    file = up.home / "flood.csv"
    students.write_export(file, jobs // 2)
    # Not by the CRM's list: there pushes wait for the walk, and would not be out yet.
    backfilling.read(up, file, "--location", location, "--existence", "each")


def _all_had_work(store: Store, locations: Iterable[str]) -> None:
    waiting = {one.location: one.bulk for one in ledger_view.waiting_by_location(store)}
    idle = [name for name in locations if not waiting.get(name)]
    if idle:
        raise Broken(f"{len(idle)} locations ran out of work before the end: nothing is said")


class Probes:
    """Live jobs put at random moments for locations at random, by a thread of its own.

    Args:
        locations: whose.
    """

    def __init__(self, up: Up, locations: list[str]) -> None:
        self.phase = "before"
        self._up = up
        self._locations = locations
        self._bell = Bell(up.redis_url)
        self._put: dict[int, tuple[str, float]] = {}
        self._over = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="probes")

    def __enter__(self) -> Probes:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._bell.close()

    def _run(self) -> None:
        chance = random.Random(1)
        try:
            for person in people(10**6, "live", batch=1, tagged=False):
                if self._over.wait(chance.expovariate(1 / LIVE_GAP_S)):
                    return
                phase, at = self.phase, time.time()
                location = chance.choice(self._locations)
                (contact,) = put(self._up.store, location, person, Lane.LIVE, (Kind.PUSH,))
                self._bell.ring()
                self._put[contact] = phase, at
        except Exception as error:  # noqa: BLE001 - shown by the thread that waits for us
            self._error = error

    def delays_ms(self) -> dict[str, list[float]]:
        """By phase.

        Raises:
            Broken: one was not sent within a minute.
        """
        if self._error is not None:
            raise self._error
        sent = sent_at(self._up.store, set(self._put))
        found: dict[str, list[float]] = {}
        for contact, (phase, at) in self._put.items():
            found.setdefault(phase, []).append((sent[contact] - at) * 1000)
        return found
