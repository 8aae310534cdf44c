"""How long a request takes to the server and its answer back: seven weathers and a hostile one.

A latency is ``(random, now) -> (up, down)``, all in ms.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Final

Latency = Callable[[Random, float], tuple[float, float]]

_SIGMA: Final = math.log(900 / 120) / 2.326  # median 120 ms, p99 900 ms


def split(random: Random, whole: float) -> tuple[float, float]:
    """Some of it on the way there, the rest on the way back."""
    up = whole * random.uniform(0.2, 0.8)
    return up, whole - up


def constant(random: Random, _now: float) -> tuple[float, float]:
    return split(random, 80.0)


def even(random: Random, _now: float) -> tuple[float, float]:
    return split(random, random.uniform(80, 400))


def lognormal(random: Random, _now: float) -> tuple[float, float]:
    return split(random, random.lognormvariate(math.log(120), _SIGMA))


def heavy(random: Random, now: float) -> tuple[float, float]:
    up, down = lognormal(random, now)
    if random.random() < 0.01:
        return (up + 5000, down) if random.random() < 0.5 else (up, down + 5000)
    return up, down


def storm(random: Random, now: float) -> tuple[float, float]:
    up, down = lognormal(random, now)
    late = min(random.expovariate(1 / 2000), 12_000) if random.random() < 0.1 else 0.0
    return up + late, down


def freeze(random: Random, now: float) -> tuple[float, float]:
    """Every two minutes nothing goes out for 5 s; then all of it arrives together."""
    up, down = lognormal(random, now)
    into = (now + up) % 120_000
    return (up + 5000 - into, down) if into < 5000 else (up, down)


def slow_uplinks(random: Random, now: float) -> tuple[float, float]:
    """Of 2 % of the requests the way there takes 2 to 8 s."""
    up, down = lognormal(random, now)
    return (up + random.uniform(2000, 8000), down) if random.random() < 0.02 else (up, down)


LATENCIES: Final[dict[str, Latency]] = {
    "constant 80 ms": constant,
    "even 80-400 ms": even,
    "lognormal": lognormal,
    "heavy tail": heavy,
    "storm": storm,
    "freeze": freeze,
    "slow uplinks": slow_uplinks,
}


class Hostile:
    """Weather that changes when it likes: quick, slow on one leg, or held and let go at once."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._until = 0.0
        self._kind = "quick"
        self._gate = 0.0

    def __call__(self, random: Random, now: float) -> tuple[float, float]:
        if now >= self._until:
            self._until = now + self._random.uniform(500, 30_000)
            self._kind = self._random.choice(["quick", "up", "down", "gate", "wild"])
            self._gate = now + self._random.uniform(500, 4000)
        match self._kind:
            case "quick":
                return random.uniform(0, 5), random.uniform(0, 5)
            case "up":
                return random.uniform(0, 4000), 1.0
            case "down":
                return 1.0, random.uniform(0, 4000)
            case "gate" if now < self._gate:
                return self._gate - now, 1.0
            case _:
                return random.choice([0.0, 4000.0]), random.choice([0.0, 4000.0])
