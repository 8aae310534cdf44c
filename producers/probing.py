"""Has a worker measure in which window the CRM counts a location's calls, and waits for it.

Producers do not call the CRM: the probe is a job, ``location.probe``, which puts its second part.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from contacts.errors import UsageError
from contacts.store import audit, ledger, ledger_view, probes
from contacts.store.database import Store

PATIENCE_S: Final = 180.0
"""Two parts of 25 s, with 25 s of rest between them, and what a busy machine adds."""

LOOK_S: Final = 0.5

QUIET_S: Final = 30.0
"""A location is idle when it made no call for three windows."""


def busy(store: Store, location: str) -> str | None:
    """Why a probe would disturb, or be disturbed: a sentence; None: the location is idle."""
    if probes.open_jobs(store, location):
        return "a probe of it is under way"
    counts = ledger_view.counts(store, location=location)
    if counts.open:
        return f"{counts.open:,} of its jobs wait or run"
    if audit.rate(store, location=location, seconds=QUIET_S):
        return f"it made calls in the last {QUIET_S:.0f} s"
    return None


def run(
    store: Store,
    location: str,
    *,
    ring: Callable[[], None],
    tell: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Put the probe, and wait for both of its parts.

    Args:
        ring: wakes the dispatcher.
        tell: is told once of each step.

    Returns:
        what the second part saw, with the ``model`` that was told; see ``contacts.store.probes``.

    Raises:
        UsageError: it was given up, or took too long.
    """
    before = {part: _at(store, location, part) for part in probes.PARTS}
    began = store.clock()
    with store.write() as tx:
        ledger.put(tx, [probes.wish(location, 1)], now=began)
    ring()
    tell("first part: half a window of reads at once, then some a second (25 s)")
    told = False
    while store.clock() - began < PATIENCE_S:
        sleep(LOOK_S)
        if _at(store, location, 2) != before[2]:
            return probes.seen(store, location, 2) or {}
        if not told and _at(store, location, 1) != before[1]:
            told = True
            tell("the location rests (about 25 s), then the second part (25 s)")
        for state, _, reason in probes.open_jobs(store, location):
            if state == "parked":
                raise UsageError(f"the probe was given up: {reason}")
    reasons = [reason for _, _, reason in probes.open_jobs(store, location) if reason]
    why = f": {reasons[0]}" if reasons else "; are dispatcher and worker alive? `rollbook status`"
    raise UsageError(f"the probe was not done within {PATIENCE_S:.0f} s{why}")


def _at(store: Store, location: str, part: int) -> float | None:
    seen = probes.seen(store, location, part)
    return None if seen is None else float(seen["at"])
