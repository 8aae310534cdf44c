"""A probe of a location's window, in two parts, on a clock that waiting moves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from contacts.errors import CrmBusy, GiveUp, NotYet
from contacts.jobs import Job, Kind, Lane
from contacts.settings import Settings, load
from contacts.store import ledger, probes
from contacts.store.database import Store
from ops.simulator import limits as windows
from worker import probe
from worker.crm.limits import Limits
from worker.crm.shapes import Call, Quota

HERE = "loc1"


@dataclass
class Bench:
    """What the deed needs, before a CRM that counts in one way; each answer takes 60 ms."""

    store: Store
    settings: Settings
    server: windows.Window
    clock: Any
    limits: Limits = field(default_factory=Limits)
    refuse: Exception | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def place(self, location: str) -> Any:
        return SimpleNamespace(limits=self.limits)

    def wait(self, seconds: float) -> None:
        self.clock.tick(seconds)

    def desk(self, job: Job, trail: list[Any], *, watch: Callable[[Call], None]) -> Any:
        def anything(operation: Any, request: Any) -> dict[str, Any]:
            with self.lock:
                if self.refuse is not None:
                    raise self.refuse
                at = self.clock()
                assert self.server.arrive(at + 0.03)
                quota = Quota(self.server.left(at + 0.03), 100, 10_000)
                watch(Call(at, job.location, operation.name, 200, 60.0, None, quota))
            return {}

        return SimpleNamespace(anything=anything)

    def run(self, part: int) -> None:
        lease = self.clock() + self.settings.lease_seconds
        job = Job(1, 1, Kind.PROBE, HERE, 0, part, Lane.LIVE, 0, False, None, lease)
        effect = probe.location(job, self, [])  # type: ignore[arg-type]
        with self.store.write() as tx:
            effect(tx)


@pytest.fixture
def bench(sqlite_store: Store, tmp_path: Any, clock: Any) -> Bench:
    server = windows.window("sliding-log", 100, 10.0, counts_refused=False, phase=0.0)
    return Bench(sqlite_store, load(home=tmp_path), server, clock)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("fixed-clock", "fixed by the clock"),
        ("fixed-first", "fixed from the first call"),
        ("sliding-log", "sliding log"),
        ("sliding-counter", "sliding counter"),
        ("token-bucket", "token bucket"),
    ],
)
def test_two_parts_tell_how_the_crm_counts(bench: Bench, kind: str, told: str) -> None:
    bench.server = windows.window(kind, 100, 10.0, counts_refused=False, phase=3.7)
    bench.run(1)
    (ticket,) = _released(bench)
    assert (ticket.kind, ticket.location) == (Kind.PROBE, HERE)

    bench.run(2)

    seen = probes.seen(bench.store, HERE, 2)
    assert seen is not None
    assert (seen["model"], seen["per_window"], seen["window_s"]) == (told, 100, 10.0)
    assert len(seen["samples"]) == 100


def _released(bench: Bench) -> list[Any]:
    """The second part, once it is due: rested, and at another moment of the window."""
    room = {"room": 20, "limit": 10, "bulk_limit": 10, "lease_s": 30}
    assert ledger.release(bench.store, **room) == []
    bench.clock.tick(28.9)
    tickets = []
    while not tickets:
        bench.clock.tick(0.1)
        tickets = ledger.release(bench.store, **room)
    return tickets


def test_the_second_part_waits_until_the_location_has_rested(bench: Bench) -> None:
    bench.run(1)

    with pytest.raises(NotYet) as error:
        bench.run(2)

    assert 20 <= error.value.seconds <= 30


def test_a_second_part_without_a_first_is_given_up(bench: Bench) -> None:
    with pytest.raises(GiveUp, match="never made"):
        bench.run(2)


def test_a_window_longer_than_a_lease_is_not_probed(bench: Bench) -> None:
    bench.limits = Limits(window_ms=60_000)

    with pytest.raises(GiveUp, match="a window of 60 s is too long"):
        bench.run(1)


def test_a_refusal_ends_the_part_and_nothing_is_kept(bench: Bench) -> None:
    bench.refuse = CrmBusy("429", seconds=10, pause=True)

    with pytest.raises(CrmBusy):
        bench.run(1)

    assert probes.seen(bench.store, HERE, 1) is None
