"""From what was measured to any number of locations and contacts: pure arithmetic.

What a school does is assumed, and every assumption is a field of :class:`School`; what a call, a
row and a location cost is measured, and is in :class:`Measured`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from contacts.tempo import DAY_S

CORE: Final = 0.7
"""How full a core may be on average, so that a peak within a second finds room."""

REDIS_US: Final = 500_000.0
"""Of each second of Redis's one thread, microseconds that may be used."""

LIMIT: Final = 10.0
"""Calls a second of one location."""


@dataclass(frozen=True, slots=True)
class School:
    """Assumed: what happens in the sum of all locations.

    Attributes:
        changes: of a contact in a month that cost a call.
        peak: how many times the average the busiest hour is.
        page: contacts of one call of the nightly walk.
        walk_s: in which the night should be over.
        keep_calls_days, keep_jobs_days: how long the audit and what is done are kept.
        tags, notes: of a contact.
        bloat: how much larger tables are than their rows after weeks of updates.
    """

    changes: float = 4.0
    peak: float = 5.0
    page: float = 100.0
    walk_s: float = 4 * 3600.0
    keep_calls_days: float = 30.0
    keep_jobs_days: float = 30.0
    tags: float = 3.0
    notes: float = 1.0
    bloat: float = 1.4


@dataclass(frozen=True, slots=True)
class Measured:
    """Of PostgreSQL, bytes a row; of a call, as in ``running.Run``; of Redis, bytes a location."""

    rows: dict[str, float]
    cpu_ms: float
    redis_us: float
    redis_commands: float
    commits: float
    wal: float
    idle: float
    busy: float
    worker_mb: float


@dataclass(frozen=True, slots=True)
class Need:
    """What so many locations and contacts need.

    Attributes:
        day: calls of a day, all together.
        average, peak: calls a second.
        night: calls a second while the nightly walks go on.
        cores: for our processes at the peak or in the night, whichever is more.
        redis_mb, redis_share: memory; and of what its thread may do, the used part at the peak.
        commits, wal_mb: a second, at the peak.
        database_gb: tables and indexes.
        first_load_h: hours to push every contact once, all locations at once, with so many cores.
    """

    locations: int
    contacts: int
    day: float
    average: float
    peak: float
    night: float
    cores: float
    redis_mb: float
    redis_share: float
    commits: float
    wal_mb: float
    database_gb: float
    first_load_h: float


def need(locations: int, contacts: int, seen: Measured, school: School) -> Need:
    """The arithmetic."""
    changes = contacts * school.changes / 30
    pages = contacts / school.page
    average = (changes + pages) / DAY_S
    peak = min(changes / DAY_S * school.peak, locations * LIMIT)
    night = pages / school.walk_s
    most = max(peak, night)
    cores = max(1.0, most * seen.cpu_ms / 1000 / CORE)
    return Need(
        locations=locations,
        contacts=contacts,
        day=changes + pages,
        average=average,
        peak=peak,
        night=night,
        cores=cores,
        redis_mb=(locations * seen.idle + min(locations, most) * seen.busy) / 1e6,
        redis_share=most * seen.redis_us / REDIS_US,
        commits=most * seen.commits,
        wal_mb=most * seen.wal / 1e6,
        database_gb=_gigabytes(contacts, changes + pages, seen.rows, school),
        first_load_h=contacts / min(locations * LIMIT, cores * CORE * 1000 / seen.cpu_ms) / 3600,
    )


def _gigabytes(contacts: int, day: float, rows: dict[str, float], school: School) -> float:
    of_one = (
        rows["contact"] + rows["link"] + school.tags * rows["tag"] + school.notes * rows["note"]
    )
    kept = (
        school.keep_calls_days * rows["call in the audit"]
        + school.keep_jobs_days * rows["job, done"]
    )
    return (contacts * of_one + day * kept) * school.bloat / 1e9
