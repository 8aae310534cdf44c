"""How fast this machine is at this minute: a fixed piece of pure Python.

Figures of two machines, or of two minutes on a shared one, compare as ratios to it.
"""

from __future__ import annotations

import time
from typing import Final

ROUNDS: Final = 5
STEPS: Final = 300_000


def calibrate() -> float:
    """CPU milliseconds of the fixed loop, the best of five: about 30 on a core of 2024."""
    return min(_once() for _ in range(ROUNDS)) * 1000


def _once() -> float:
    began = time.process_time()
    seen: dict[int, str] = {}
    for step in range(STEPS):
        key = step * 7919 % 1021
        seen[key] = str(key)
    return time.process_time() - began
