"""How long to wait before a dead child is started again. Pure."""

from __future__ import annotations

from typing import Final

QUICK_S: Final = 5.0
"""A child that dies younger than this died at its start: something is wrong with it."""

STEADY_S: Final = 30.0
"""A child that lived this long is healthy: its quick deaths are forgotten."""

LONGEST_S: Final = 30.0


def next_start(lived_s: float, quick_deaths: int) -> tuple[float, int]:
    """Decide when a child that died is started again.

    At once the first time; 1, 2, 4 … 30 s when it keeps dying at its start.

    Args:
        lived_s: seconds from its start to its death.
        quick_deaths: how often it died at its start since it was last healthy.

    Returns:
        (seconds to wait, quick deaths to remember).
    """
    if lived_s >= STEADY_S:
        return 0.0, 0
    if lived_s >= QUICK_S:
        return 0.0, quick_deaths
    if quick_deaths == 0:
        return 0.0, 1
    return min(LONGEST_S, 2.0 ** min(quick_deaths - 1, 10)), quick_deaths + 1
