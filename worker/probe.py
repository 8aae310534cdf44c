"""Measures in which window the CRM counts a location's calls.

Half a window of harmless reads at once, then a fifth of the full pace for two and a half windows,
reading `X-RateLimit-Remaining`; nothing is refused in any way of counting. Twice, at different
moments of a window: two jobs, the second put by the first. Many calls are one job here, because the
measurement is worth nothing in pieces; it only reads, so to repeat it does no harm.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from contacts.catalogue.checking import Request
from contacts.errors import GiveUp, NotYet
from contacts.jobs import Job
from contacts.settings import V3
from contacts.store import audit, ledger, probes
from contacts.store.database import Tx
from worker.crm import operations as op
from worker.crm.client import Call
from worker.crm.windows import Sample, tell
from worker.workbench import Effect, Workbench

WINDOWS: Final = 2.5
"""How many windows the even calls go on, and how many the location rests before the second part."""

APART: Final = (0.25, 0.75)
"""The second part begins at another moment of the window than the first: so much of one later."""

SPARE_S: Final = 3.0
"""For slow answers at the end."""


@dataclass(slots=True)
class Trace:
    """Makes the calls of one part, and keeps what their answers said."""

    job: Job
    bench: Workbench
    trail: list[audit.Call]
    samples: list[Sample] = field(default_factory=list)
    per_window: int | None = None
    window_ms: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def burst(self, calls: int) -> None:
        """So many calls at once; the limiter lets 20 be on their way."""
        with ThreadPoolExecutor(max_workers=calls) as pool:
            made = [pool.submit(self.one, judged=False) for _ in range(calls)]
        for one in made:
            one.result()

    def evenly(self, began: float, per_window: int, window_s: float) -> None:
        """A fifth of the full pace, for two and a half windows."""
        each = 5 * window_s / per_window
        for number in range(1, round(WINDOWS * window_s / each) + 1):
            self.bench.wait(max(0.0, began + number * each - self.bench.clock()))
            self.one(judged=True)

    def one(self, *, judged: bool) -> None:
        """One harmless read, of those that the sync needs a scope for anyhow."""
        location = self.job.location
        desk = self.bench.desk(
            self.job, self.trail, watch=lambda call: self.note(call, judged=judged)
        )
        if self.bench.settings.crm_version == V3:
            desk.anything(op.SEARCH, Request(body={"locationId": location, "pageLimit": 1}))
        else:
            desk.anything(op.LIST, Request(query={"locationId": location, "limit": 1}))

    def note(self, call: Call, *, judged: bool) -> None:
        """Keep one answer."""
        if call.quota is None:
            return
        with self.lock:
            answered = call.at + call.ms / 1000
            self.samples.append(Sample(call.at, answered, call.quota.remaining, judged))
            self.per_window = call.quota.per_window or self.per_window
            self.window_ms = call.quota.window_ms or self.window_ms


def location(job: Job, bench: Workbench, trail: list[audit.Call]) -> Effect:
    """Make one part; the second one tells the window from both.

    Raises:
        NotYet: the location has not rested long enough since the first part.
        GiveUp: a part would take longer than a job may.
        TryLater: the CRM asks us to wait.
    """
    limits = bench.place(job.location).limits
    window_s = limits.window_ms / 1000
    began = bench.clock()
    left_s = job.lease_until - bench.settings.call_seconds - began
    if left_s < WINDOWS * window_s + SPARE_S:
        raise GiveUp(
            f"a window of {window_s:g} s is too long to be probed within a job's lease",
            code="probe-too-long",
        )
    first = probes.seen(bench.store, job.location, 1)
    if job.subject == 2:
        _rested(first, began, window_s)
    trace = Trace(job, bench, trail)
    trace.burst(max(1, limits.per_window // 2))
    trace.evenly(began, limits.per_window, window_s)
    facts = _facts(trace, began, bench.clock(), limits.per_window, window_s)
    if job.subject == 2 and first is not None:
        facts |= _verdict(first, facts)

    def effect(tx: Tx) -> None:
        now = bench.clock()
        probes.keep(tx, job.location, job.subject, facts, now=now)
        if job.subject == 1:
            due_at = _second(began, now, window_s)
            ledger.put(tx, [probes.wish(job.location, 2, due_at=due_at)], now=now)

    return effect


def _second(began: float, ended: float, window_s: float) -> float:
    """When the second part begins: rested, and in the middle between two turns of the first."""
    due_at = ended + WINDOWS * window_s
    into = (due_at - began) % window_s
    return due_at + (0.4 * window_s - into) % window_s


def _rested(first: dict[str, Any] | None, now: float, window_s: float) -> None:
    if first is None:
        raise GiveUp("the first part of the probe was never made", code="probe-no-first")
    early = float(first["ended"]) + 2 * window_s - now
    into = (now - float(first["began"])) % window_s / window_s
    if early > 0 or not APART[0] <= into <= APART[1]:
        wait = max(early, (0.4 - into) % 1 * window_s)
        raise NotYet(
            "the second part of the probe begins at another moment of the window",
            seconds=wait,
            code="not-yet",
        )


def _facts(
    trace: Trace, began: float, ended: float, per_window: int, window_s: float
) -> dict[str, Any]:
    return {
        "began": began,
        "ended": ended,
        "per_window": trace.per_window,
        "window_s": None if trace.window_ms is None else trace.window_ms / 1000,
        "set": [per_window, window_s],
        "samples": [[s.sent, s.answered, s.left, s.judged] for s in trace.samples],
    }


def _verdict(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    parts = [[Sample(*row) for row in part["samples"]] for part in (first, second)]
    found = tell(
        parts,
        per_window=second["per_window"] or second["set"][0],
        window_s=second["window_s"] or second["set"][1],
    )
    return {"model": found.model.value, "misses": {m.value: n for m, n in found.misses.items()}}
