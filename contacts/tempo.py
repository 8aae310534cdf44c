"""How fast bulk calls go while work waits: what the limiter makes of a location's limit. Pure.

It hangs on how the CRM counts, which it does not say; docs/limiter.md has the measured figures. A
plan tells its time by this, and a run its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

DAY_S: Final = 86_400.0
"""Seconds of a day."""


class Counting(IntEnum):
    """How the CRM counts a location's calls, as far as the limiter has seen it under a full load
    (`counts` in worker/crm/script/look.lua)."""

    UNKNOWN = 0
    WINDOWS = 1
    """Fixed windows: what one leaves is gone in the next."""
    REFILLS = 2
    """A bucket: after a rest a window's calls are there besides what flows in."""
    SLIDING = 3
    """A sliding log or estimate, or no header is trusted."""


def counting(seen: Mapping[str, Any]) -> Counting:
    """By what a worker saw of the limiter (`locations.limits_seen`); that does not grow old."""
    return Counting(seen.get("counts") or 0)


USED: Final = {
    Counting.UNKNOWN: 0.98,
    Counting.WINDOWS: 0.985,
    Counting.REFILLS: 1.0,
    Counting.SLIDING: 0.98,
}
"""Of the limit; of a sliding kind after the calls' own time on the way."""

QUICK: Final = 0.9
"""Of an equal share of the window: the least between two bulk calls, where there are places."""

USUAL_MS: Final = 150.0
"""Mean time to an answer, where it was not measured or is not worth a question to the database:
the middle of what clients of this API report."""

ON_THE_WAY: Final = 16
"""Bulk calls without an answer, at most (docs/limiter.md)."""

SPACED_MS: Final = 10
"""A place is held so much longer than the window."""


def gap_ms(counting: Counting, *, calls: int, window_ms: float, mean_ms: float) -> float:
    """Between two bulk calls, in the mean, while work waits.

    Args:
        calls, window_ms: the limit.
        mean_ms: mean time to an answer.
    """
    held = window_ms + SPACED_MS + mean_ms if counting is Counting.SLIDING else window_ms
    return max(held / calls / USED[counting], mean_ms / ON_THE_WAY)


UNSURE: Final = 0.4
"""Of a window's calls, where it is not known how the CRM counts: the middle between a bucket, of
which 85 calls more than the usual pace come through in two minutes, and windows, which lose 14 of
the first half minute (`python -m ops.prove.wall`)."""


def spare(counting: Counting, calls: int) -> float:
    """Calls that go out beside the steady pace after a rest.

    Args:
        calls: of a window.
    """
    return {Counting.REFILLS: calls, Counting.UNKNOWN: UNSURE * calls}.get(counting, 0.0)


def seconds(calls: float, per_s: float, *, limit_per_s: float, spare: float = 0.0) -> float:
    """How long so many calls take.

    Args:
        per_s: the steady pace.
        limit_per_s: what the limit is; it is passed by a ninth at most (QUICK).
        spare: calls that go out besides, as fast as may be.
    """
    return max((calls - spare) / per_s, calls * QUICK / limit_per_s)
