"""Which figures are shown, and the bound of each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any, Final

from ops import judge
from ops.bench import figures
from ops.bench.backfilling import CALLS_EACH, Backfilled
from ops.bench.beside import Beside
from ops.bench.figures import LIMIT_PER_S, Sample
from ops.bench.live import Live
from ops.bench.many import Many
from ops.bench.report import Row, Section

OURS: Final = ("worker", "dispatcher", "beat", "receiver", "up", "other")
"""The roles of our own Python processes but Flower."""

MB: Final = 2**20

Found = Mapping[str, float]

BACKFILL: Final = (
    Row("from the first call to the last", "s"),
    Row("by the time of the needed calls at 10 a second", digits=3),
    Row("use of 10 calls/s while work waits", "%", 94.0, "more", digits=1),
    Row("answers 429", bound=0),
    Row("arrivals in the busiest 10 s", bound=100),
    Row("calls made for each one needed", digits=2),
    Row("students lost", bound=0),
    Row("students without their tag", bound=0),
    Row("contacts twice", bound=0),
    Row("students without exactly their note"),
    Row("notes twice"),
    Row("calls for the same file again", bound=0),
    Row("tasks tried again by Celery"),
    Row("tasks given up by Celery"),
    Row("tasks not at their end in time"),
)

CPU: Final = (
    Row("our processes but Flower", "ms", 2.5, digits=2),
    Row("and Redis", "ms", digits=2),
    Row("and Flower", "ms", digits=2),
    Row("of it worker", "ms", digits=2),
    Row("of it dispatcher", "ms", digits=2),
    Row("of it beat", "ms", digits=2),
    Row("of it receiver", "ms", digits=2),
    Row("of it up", "ms", digits=2),
    Row("of it other", "ms", digits=2),
    Row("of it redis", "ms", digits=2),
    Row("of it flower", "ms", digits=2),
    Row("idle, each second: but Flower", "ms", digits=1),
    Row("idle, each second: with all", "ms", digits=1),
    Row("a fixed loop of pure Python", "ms", digits=1),
    Row("our processes, in such loops", digits=3),
    Row("reading the file, putting the jobs", "s", digits=1),
    Row("CPU of that", "s", digits=1),
)

MEMORY: Final = (
    Row("first third of the run", "MB", digits=1),
    Row("last third of the run", "MB", digits=1),
    Row("growth", "MB", 5.0, digits=1),
    Row("peak", "MB", 120.0, digits=1),
)

LIVE: Final = (
    Row("put to request sent, median", "ms"),
    Row("put to request sent, p99", "ms", 250.0),
    Row("put to request sent, slowest", "ms"),
    Row("use of 10 calls/s meanwhile", "%", digits=1),
    Row("answers 429", bound=0),
    Row("arrivals in the busiest 10 s", bound=100),
    Row("contacts with a job put each second"),
)


MANY: Final = (
    Row("calls a second, all together"),
    Row("use of what all are allowed", "%", digits=1),
    Row("CPU of a call: but Flower", "ms", 3.0, digits=2),
    Row("and Redis", "ms", digits=2),
    Row("and Flower", "ms", digits=2),
    Row("of it worker", "ms", digits=2),
    Row("of it dispatcher", "ms", digits=2),
    Row("of it redis", "ms", digits=2),
    Row("a fixed loop of pure Python", "ms", digits=1),
    Row("cores that all of them use", digits=2),
    Row("Jain index of the calls of each", "", 0.99, "more", digits=4),
    Row("live jobs: put to request sent, median", "ms"),
    Row("live jobs: put to request sent, p99", "ms"),
    Row("answers 429", bound=0),
    Row("arrivals in the busiest 10 s of any", bound=100),
)

FLOOD: Final = (
    Row("jobs added to one location"),
    Row("live jobs of the others meanwhile, p99", "ms"),
    Row("live jobs of the others afterwards, p99", "ms"),
    Row("more than before, p99", "ms", 20),
)


MOST: Final = 1.03
"""With a note each the backfill may take so much of the time of its calls at the limit."""

SLIDING: Final = frozenset({"sliding-log", "sliding-counter"})
"""The stand-in's windows before which no 10 s may hold more than 100 calls. Windows by the clock
take 200 around their end, and a full bucket a hundred besides; there a 429 tells."""

NOTED: Final = {
    "by the time of the needed calls at 10 a second": MOST,
    "students without exactly their note": 0,
    "notes twice": 0,
}


def backfill(
    ours: Backfilled | None,
    rival: Beside | None,
    people: int,
    *,
    notes: bool = False,
    window: str = "sliding-log",
) -> Section:
    """Speed, refusals, and whether everybody is there once.

    Args:
        notes: each has a note too.
        window: how the stand-in counts.
    """
    calls = people * (CALLS_EACH + notes)
    bounds: dict[str, float | None] = dict(NOTED) if notes else {}
    if window not in SLIDING:
        bounds["arrivals in the busiest 10 s"] = None
    rows = [replace(row, bound=bounds.get(row.what, row.bound)) for row in BACKFILL]
    mine: dict[str, float] = {}
    theirs: dict[str, float] = {}
    if ours:
        mine = _run(ours.samples, ours.report, calls) | _outcome(ours.findings)
        if notes:
            mine |= _noted(ours.findings)
    if rival:
        theirs = _run(rival.samples, rival.report, calls) | _outcome(rival.findings)
        del theirs["calls for the same file again"]  # it was not given again
        theirs |= {
            "tasks tried again by Celery": rival.events.get("task-retried", 0),
            "tasks given up by Celery": rival.events.get("task-failed", 0),
            "tasks not at their end in time": max(0, rival.rows - rival.ended),
        }
    return Section(
        f"{people:,} new contacts with a tag{' and a note' * notes} each ({calls:,} calls), "
        f"answers in 80 to 400 ms, {window}",
        filled(rows, mine, theirs),
    )


def cpu(ours: Backfilled | None, rival: Beside | None, calibration_ms: float) -> Section:
    """CPU of each accepted call, by whom, while work waits; and with nothing to do."""
    mine = _cpu(ours.samples) if ours else {}
    theirs = _cpu(rival.samples) if rival else {}
    if ours:
        idle = figures.cpu_ms_per_s(ours.idle)
        mine |= {
            "idle, each second: but Flower": _sum(idle, OURS),
            "idle, each second: with all": sum(idle.values()),
            "a fixed loop of pure Python": calibration_ms,
            "our processes, in such loops": mine[CPU[0].what] / calibration_ms,
            "reading the file, putting the jobs": ours.reading.seconds,
            "CPU of that": ours.reading.cpu_s,
        }
    return Section("CPU for each accepted call, task events on", filled(CPU, mine, theirs))


def memory(ours: Backfilled | None, rival: Beside | None) -> Section:
    """The worker's memory over time."""
    mine = _memory(ours.samples) if ours else {}
    theirs = _memory(rival.samples) if rival else {}
    return Section("Memory of a worker process", filled(MEMORY, mine, theirs))


def live(seen: Live, put: int) -> Section:
    """How soon a live job is on its way."""
    found = {
        "put to request sent, median": figures.percentile(seen.delays_ms, 0.5),
        "put to request sent, p99": figures.percentile(seen.delays_ms, 0.99),
        "put to request sent, slowest": max(seen.delays_ms),
        "use of 10 calls/s meanwhile": _use(seen.samples),
        "answers 429": seen.report["refused_429"],
        "arrivals in the busiest 10 s": seen.report["max_in_window"],
        "contacts with a job put each second": put / seen.put_s,
    }
    title = f"{len(seen.delays_ms)} live jobs while {seen.waiting:,} of {put:,} bulk jobs wait"
    return Section(title, filled(LIVE, found, {}))


def many(seen: Many, locations: int, calibration_ms: float) -> Section:
    """What a call costs when there is always one to make, and whether all get the same."""
    by_role = figures.cpu_ms_per_call(seen.samples)
    per_s = figures.calls_per_s(seen.samples)
    found = {
        "calls a second, all together": per_s,
        "use of what all are allowed": per_s / LIMIT_PER_S / locations * 100,
        "CPU of a call: but Flower": _sum(by_role, OURS),
        "and Redis": _sum(by_role, (*OURS, "redis")),
        "and Flower": sum(by_role.values()),
        "a fixed loop of pure Python": calibration_ms,
        "cores that all of them use": sum(by_role.values()) * per_s / 1000,
        "Jain index of the calls of each": figures.jain(seen.by_location.values()),
        **{f"of it {role}": by_role.get(role, 0.0) for role in ("worker", "dispatcher", "redis")},
        "answers 429": seen.report["refused_429"],
        "arrivals in the busiest 10 s of any": seen.report["max_in_window"],
    }
    p99 = {phase: figures.percentile(one, 0.99) for phase, one in seen.delays_ms.items()}
    if "before" in p99:
        found["live jobs: put to request sent, median"] = median(seen.delays_ms["before"])
        found["live jobs: put to request sent, p99"] = p99["before"]
    if not seen.flood:
        return Section(f"{locations} locations at once", filled(MANY, found, {}))
    found |= {
        "jobs added to one location": seen.flood,
        "live jobs of the others meanwhile, p99": p99["adding"],
        "live jobs of the others afterwards, p99": p99["after"],
        "more than before, p99": p99["after"] - p99["before"],
    }
    return Section(f"{locations} locations at once", filled((*MANY, *FLOOD), found, {}))


def filled(rows: Sequence[Row], mine: Found, theirs: Found) -> list[Row]:
    """The rows with our figures and the rival's; those that neither has are left out.

    Where ours was not measured at all, there are no bounds.

    Raises:
        KeyError: a figure has no row, or a bound has no figure of ours.
    """
    if not mine:
        rows = [replace(row, bound=None) for row in rows]
    names = {row.what for row in rows}
    bounds = {row.what for row in rows if row.bound is not None}
    if wrong := {*mine, *theirs} - names | bounds - mine.keys():
        raise KeyError(*sorted(wrong))
    found = [replace(row, value=mine.get(row.what), rival=theirs.get(row.what)) for row in rows]
    return [row for row in found if row.value is not None or row.rival is not None]


def _run(samples: Sequence[Sample], report: Mapping[str, Any], calls: int) -> dict[str, float]:
    took_s = figures.first_to_last_s(samples)
    return {
        "from the first call to the last": took_s,
        "by the time of the needed calls at 10 a second": took_s * LIMIT_PER_S / calls,
        "use of 10 calls/s while work waits": _use(samples),
        "answers 429": report["refused_429"],
        "arrivals in the busiest 10 s": report["max_in_window"],
        "calls made for each one needed": report["arrivals"] / calls,
    }


def _outcome(findings: Sequence[judge.Finding]) -> dict[str, float]:
    found = {finding.what: finding for finding in findings}

    def missing(what: str) -> int:
        return int(found[what].bound) - int(found[what].value)

    return {
        "students lost": missing("students in the CRM"),
        "students without their tag": missing("of them with the tag of each course"),
        "contacts twice": int(found["contacts twice (email or phone)"].value),
        "calls for the same file again": int(found["calls for the same file again"].value),
    }


def _noted(findings: Sequence[judge.Finding]) -> dict[str, float]:
    found = {finding.what: finding for finding in findings}
    noted = found["of them with each note once"]
    return {
        "students without exactly their note": int(noted.bound) - int(noted.value),
        "notes twice": int(found["notes twice"].value),
    }


def _cpu(samples: Sequence[Sample]) -> dict[str, float]:
    by_role = figures.cpu_ms_per_call(figures.busy(samples))
    found = {f"of it {role}": spent for role, spent in by_role.items()}
    found[CPU[0].what] = _sum(by_role, OURS)
    if "redis" in by_role:  # not somebody else's server
        found["and Redis"] = _sum(by_role, (*OURS, "redis"))
    if "flower" in by_role:
        found["and Flower"] = sum(by_role.values())
    return found


def _memory(samples: Sequence[Sample]) -> dict[str, float]:
    seen = figures.memory(figures.busy(samples), "worker")
    return {
        "first third of the run": seen.early / MB,
        "last third of the run": seen.late / MB,
        "growth": seen.growth / MB,
        "peak": seen.peak / MB,
    }


def _use(samples: Sequence[Sample]) -> float:
    return figures.calls_per_s(figures.busy(samples)) / LIMIT_PER_S * 100


def _sum(by_role: Mapping[str, float], roles: Sequence[str]) -> float:
    return sum(by_role.get(role, 0.0) for role in roles)
