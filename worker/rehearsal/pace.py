"""How long so many calls take: the limiter's own arithmetic. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from worker.crm.limits import Limits

DAY_S: Final = 86_400.0

SPACING: Final = 1.02
"""Bulk calls are spaced by so much more than an equal share of the window (limiter.lua)."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """When it will be over.

    Attributes:
        seconds: from the first call to the last answer, days' ends included.
        gap_s: between two calls.
        days: on how many of the CRM's days it will run.
    """

    seconds: float
    gap_s: float
    days: int


def gap(limits: Limits, mean_ms: float) -> float:
    """Seconds between two bulk calls, while work waits.

    Two bounds: the spacing, and that each of N places is held for a window (and 10 ms) after the
    answer of the call that took it.
    """
    spaced = limits.window_ms / limits.per_window * SPACING
    held = (limits.window_ms + 10 + mean_ms) / limits.per_window
    return max(spaced, held) / 1000


def forecast(
    calls: int, limits: Limits, *, mean_ms: float, left_today: int, of_the_day: float
) -> Forecast:
    """How long so many bulk calls take.

    Args:
        mean_ms: mean time to an answer.
        left_today: calls of the day that are left for all lanes.
        of_the_day: seconds until the day's quota begins anew.
    """
    step = gap(limits, mean_ms)
    kept = int(limits.per_day * limits.day_bulk_share)
    today = max(0, left_today - kept)
    if calls <= today or not calls:
        return Forecast(max(0, calls - 1) * step + (mean_ms / 1000 if calls else 0), step, 1)
    rest, each, waited, days = calls - today, max(1, limits.per_day - kept), of_the_day, 2
    while rest > each:
        rest, waited, days = rest - each, waited + DAY_S, days + 1
    return Forecast(waited + max(0, rest - 1) * step + mean_ms / 1000, step, days)
