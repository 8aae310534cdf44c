"""How long so many calls take, and on how many of the CRM's days. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from contacts import tempo
from contacts.tempo import DAY_S, Counting
from worker.crm.limits import Limits


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


def counting_of(limits: Limits, seen: int) -> Counting:
    """How the CRM counts for us: as was seen, and slidingly where no header is trusted."""
    return Counting.SLIDING if limits.strict else Counting(seen)


def gap(limits: Limits, mean_ms: float, counting: Counting) -> float:
    """Seconds between two bulk calls, while work waits."""
    calls, window_ms = limits.per_window, limits.window_ms
    return tempo.gap_ms(counting, calls=calls, window_ms=window_ms, mean_ms=mean_ms) / 1000


def forecast(
    calls: int,
    limits: Limits,
    *,
    mean_ms: float,
    left_today: int,
    of_the_day: float,
    counting: Counting = Counting.UNKNOWN,
) -> Forecast:
    """How long so many bulk calls take.

    Args:
        mean_ms: mean time to an answer.
        left_today: calls of the day that are left for all lanes.
        of_the_day: seconds until the day's quota begins anew.
        counting: how the CRM counts.
    """
    step = gap(limits, mean_ms, counting)
    kept = int(limits.per_day * limits.day_bulk_share)
    today = max(0, left_today - kept)
    if not calls:
        return Forecast(0.0, step, 1)

    def took(some: int) -> float:
        spare = tempo.spare(counting, limits.per_window)
        limit_per_s = limits.per_window * 1000 / limits.window_ms
        going = tempo.seconds(some - 1, 1 / step, limit_per_s=limit_per_s, spare=spare)
        return going + mean_ms / 1000

    if calls <= today:
        return Forecast(took(calls), step, 1)
    rest, each, waited, days = calls - today, max(1, limits.per_day - kept), of_the_day, 2
    while rest > each:
        rest, waited, days = rest - each, waited + DAY_S, days + 1
    return Forecast(waited + took(rest), step, days)
