"""What the samples of a run say: use of the limit, CPU of a call, memory, percentiles. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

LIMIT_PER_S: Final = 10.0
"""Calls a second that the CRM allows a location on average: 100 in 10 s."""

EDGE: Final = 0.05
"""The first and last 5 % of the calls do not count: the start, and the end when work runs out."""


@dataclass(frozen=True, slots=True)
class Usage:
    """One process at one moment.

    Attributes:
        role: worker, dispatcher, beat, receiver, flower, redis, up or other.
        cpu_s: user and system time since its start, seconds.
        rss: resident memory, bytes.
    """

    role: str
    cpu_s: float
    rss: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a run.

    Attributes:
        at: seconds of any steady clock.
        accepted: calls that the CRM had accepted by then.
        usage: the processes alive, by pid.
    """

    at: float
    accepted: int
    usage: Mapping[int, Usage]


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the process of a role that grew most, bytes.

    Attributes:
        early, late: median of the first and of the last third of the samples.
        peak: the largest of any process of the role.
    """

    early: float
    late: float
    peak: int

    @property
    def growth(self) -> float:
        """Bytes from early to late."""
        return self.late - self.early


def busy(samples: Sequence[Sample]) -> Sequence[Sample]:
    """The samples between 5 % and 95 % of the calls: while work waits.

    Raises:
        ValueError: fewer than three, so nothing can be said.
    """
    total = samples[-1].accepted if samples else 0
    found = [s for s in samples if EDGE * total <= s.accepted <= (1 - EDGE) * total]
    if total == 0 or len(found) < 3:
        raise ValueError("too few samples while calls were made: take more students")
    return found


def calls_per_s(samples: Sequence[Sample]) -> float:
    """Accepted calls a second from the first sample to the last."""
    first, last = samples[0], samples[-1]
    return (last.accepted - first.accepted) / (last.at - first.at)


def first_to_last_s(samples: Sequence[Sample]) -> float:
    """Seconds from the first accepted call to the last, as finely as the samples lie."""
    before = [s for s in samples if s.accepted == samples[0].accepted]
    after = [s for s in samples if s.accepted == samples[-1].accepted]
    return max(0.0, after[0].at - before[-1].at)


def cpu_s(samples: Sequence[Sample]) -> dict[str, float]:
    """CPU seconds from the first sample to the last, by role.

    A process that was not there at first began with nothing; one that ended is counted as far as
    it was seen.
    """
    last: dict[int, Usage] = {}
    for sample in samples:
        last.update(sample.usage)
    spent: dict[str, float] = {}
    for pid, usage in last.items():
        before = samples[0].usage.get(pid)
        seconds = usage.cpu_s - (before.cpu_s if before else 0.0)
        spent[usage.role] = spent.get(usage.role, 0.0) + seconds
    return spent


def cpu_ms_per_call(samples: Sequence[Sample]) -> dict[str, float]:
    """CPU milliseconds for each accepted call, by role."""
    calls = samples[-1].accepted - samples[0].accepted
    return {role: seconds * 1000 / calls for role, seconds in cpu_s(samples).items()}


def cpu_ms_per_s(samples: Sequence[Sample]) -> dict[str, float]:
    """CPU milliseconds in each second that passed, by role."""
    seconds = samples[-1].at - samples[0].at
    return {role: spent * 1000 / seconds for role, spent in cpu_s(samples).items()}


def memory(samples: Sequence[Sample], role: str) -> Memory:
    """How the memory of a role's processes went.

    Raises:
        ValueError: no process of that role was seen often enough.
    """
    by_pid: dict[int, list[int]] = {}
    for sample in samples:
        for pid, usage in sample.usage.items():
            if usage.role == role:
                by_pid.setdefault(pid, []).append(usage.rss)
    courses = [_course(sizes) for sizes in by_pid.values() if len(sizes) >= 3]
    if not courses:
        raise ValueError(f"no process was seen as {role}")
    worst = max(courses, key=lambda course: course.growth)
    return Memory(worst.early, worst.late, max(course.peak for course in courses))


def _course(sizes: Sequence[int]) -> Memory:
    third = len(sizes) // 3
    return Memory(median(sizes[:third]), median(sizes[-third:]), max(sizes))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of the values does not exceed (nearest rank).

    Args:
        share: above 0, at most 1.

    Raises:
        ValueError: no values, or the share is out of range.
    """
    if not values or not 0 < share <= 1:
        raise ValueError("a percentile needs values and a share in (0, 1]")
    return sorted(values)[math.ceil(share * len(values)) - 1]


def jain(values: Iterable[float]) -> float:
    """Jain's index of fairness: 1 when all are the same, 1/n when one has it all."""
    found = list(values)
    squares = len(found) * sum(value * value for value in found)
    return sum(found) ** 2 / squares if squares else 1.0
