"""How long a request takes to the CRM and its answer back: the weather between."""

from __future__ import annotations

import math
from random import Random
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat

_P99: Final = 2.3263478740408408
"""So many standard deviations above its mean lies the 99th percentile of a normal distribution."""

Chance = Annotated[float, Field(ge=0, le=1)]


class Weather(BaseModel):
    """What all kinds share.

    Attributes:
        uplink_share: the part of the whole that passes before the request arrives and is counted
            and done; the rest passes before its answer is sent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    uplink_share: Chance = 0.5


class Constant(Weather):
    """Always the same."""

    kind: Literal["constant"]
    ms: NonNegativeFloat = 0.0


class Uniform(Weather):
    """Anything between two bounds, all equally likely."""

    kind: Literal["uniform"]
    low_ms: NonNegativeFloat
    high_ms: NonNegativeFloat


class Lognormal(Weather):
    """Mostly quick, at times slow: what a healthy service over the Internet looks like."""

    kind: Literal["lognormal"]
    median_ms: PositiveFloat = 120.0
    p99_ms: PositiveFloat = 900.0


class HeavyTail(Weather):
    """Lognormal, and now and then one request or its answer hangs for seconds."""

    kind: Literal["heavy-tail"]
    median_ms: PositiveFloat = 120.0
    p99_ms: PositiveFloat = 900.0
    stall_chance: Chance = 0.01
    stall_ms: NonNegativeFloat = 5000.0


class Freeze(Weather):
    """At regular times nothing gets through for a while; then all of it arrives together."""

    kind: Literal["freeze"]
    ms: NonNegativeFloat = 80.0
    every_s: PositiveFloat = 120.0
    for_s: NonNegativeFloat = 5.0


Latency = Annotated[
    Constant | Uniform | Lognormal | HeavyTail | Freeze, Field(discriminator="kind")
]


def delays(latency: Latency, random: Random, now: float) -> tuple[float, float]:
    """Seconds on the way there and on the way back, for a request that leaves at ``now``."""
    whole = _whole_ms(latency, random) / 1000
    up = whole * latency.uplink_share
    down = whole - up
    if isinstance(latency, HeavyTail) and random.random() < latency.stall_chance:
        late = latency.stall_ms / 1000
        return (up + late, down) if random.random() < 0.5 else (up, down + late)
    if isinstance(latency, Freeze):
        into = (now + up) % latency.every_s
        return (up + latency.for_s - into, down) if into < latency.for_s else (up, down)
    return up, down


def _whole_ms(latency: Latency, random: Random) -> float:
    match latency:
        case Constant() | Freeze():
            return latency.ms
        case Uniform():
            return random.uniform(latency.low_ms, latency.high_ms)
        case Lognormal() | HeavyTail():
            sigma = math.log(latency.p99_ms / latency.median_ms) / _P99
            return random.lognormvariate(math.log(latency.median_ms), sigma)
