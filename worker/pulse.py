"""The pulse of a worker: that it is alive, and what the limiter shows, for `rollbook status`."""

from __future__ import annotations

from typing import Any, Final

import structlog

from contacts.errors import SyncError
from contacts.store import accounts, processes
from contacts.store.database import DatabaseDown
from worker.crm.limits import Limits, Look
from worker.workbench import Workbench

BEAT_S: Final = 5.0
"""How often the process says that it is alive; it is taken for dead after 20 s of silence."""

LOOK_S: Final = 3.0
"""How often the limiter's state is copied for people to see: one read of Redis and one small
write for each location that had a job in the last half minute."""

BUSY_S: Final = 30.0

log = structlog.get_logger("rollbook.worker")


def pulse(bench: Workbench) -> None:
    """Beat until the worker stops, then say goodbye. Runs in a thread of its own."""
    beat_at = 0.0
    while True:
        stopping = bench.stopping.is_set()
        try:
            if stopping:
                processes.gone(bench.store, bench.name)
            elif bench.clock() - beat_at >= BEAT_S:
                processes.beat(bench.store, bench.name, "worker", bench.settings.worker_threads)
                beat_at = bench.clock()
            show_limits(bench)
        except DatabaseDown:
            pass  # the jobs say so, and it is tried again
        except Exception:  # without a pulse the worker is taken for dead, and gets no work
            log.exception("the pulse stumbled")
        if stopping:
            return
        bench.stopping.wait(LOOK_S)


def _reserve(limits: Limits) -> int:
    """As the limiter's script has it: of a small window a tenth at most."""
    return min(limits.live_reserve, limits.per_window // 10)


def seen_of(look: Look, limits: Limits, now: float) -> dict[str, Any]:
    """What is kept of a location's limiter; see ``accounts.save_limits_seen``."""
    return {
        "at": now,
        "used": look.used,
        "per_window": look.per_window,
        "window_ms": look.window_ms,
        "day_left": look.day_left,
        "per_day": look.per_day,
        "ghosts": look.ghosts,
        "waiting_live": look.waiting_live,
        "waiting_bulk": look.waiting_bulk,
        "reserve": _reserve(limits) if look.live_seen else 0,
        "cold": look.cold,
        "flying": look.flying,
        "kept": look.day_kept,
        "pace": look.day_pace / 1000,
        "heard": bool(look.day_heard),
        "begins_from": look.begins_from,
        "begins_to": look.begins_to,
        "armed": bool(look.armed),
        "counts": look.counts,
    }


def show_limits(bench: Workbench) -> None:
    """Copy what the limiter holds of each busy location into the database.

    Raises:
        DatabaseDown: no answer.
    """
    now = bench.clock()
    busy = {name: one for name, one in list(bench.places.items()) if now - one.read_at < BUSY_S}
    seen: dict[str, dict[str, Any]] = {}
    for location, place in busy.items():
        try:
            look = bench.limiter.look(location)
        except SyncError:  # no Redis: the calls themselves say so
            return
        seen[location] = seen_of(look, place.limits, now)
    if seen:
        with bench.store.write() as tx:
            for location, values in seen.items():
                accounts.save_limits_seen(tx, location, values)
                if values["heard"] and values["day_left"] > values["kept"]:
                    accounts.end_days_pause(tx, location)
