"""Distributions of latency."""

from __future__ import annotations

from random import Random
from statistics import quantiles
from typing import Any

import pytest
from pydantic import TypeAdapter

from ops.simulator.latency import Latency, delays

READ: TypeAdapter[Latency] = TypeAdapter(Latency)


def draws(now: float = 0.0, **latency: Any) -> list[tuple[float, float]]:
    rng, one = Random(1), READ.validate_python(latency)
    return [delays(one, rng, now) for _ in range(20_000)]


def wholes(**latency: Any) -> list[float]:
    return [up + down for up, down in draws(**latency)]


def test_constant() -> None:
    assert set(draws(kind="constant", ms=80)) == {(0.04, 0.04)}


def test_uniform_keeps_its_bounds() -> None:
    found = wholes(kind="uniform", low_ms=80, high_ms=400)
    assert min(found) == pytest.approx(0.080, abs=0.001)
    assert max(found) == pytest.approx(0.400, abs=0.001)


def test_lognormal_has_the_median_and_p99_it_was_told() -> None:
    percent = quantiles(wholes(kind="lognormal", median_ms=120, p99_ms=900), n=100)
    assert percent[49] == pytest.approx(0.120, rel=0.03)
    assert percent[98] == pytest.approx(0.900, rel=0.08)


def test_a_heavy_tail_hangs_on_either_way() -> None:
    found = draws(kind="heavy-tail", stall_chance=0.1, stall_ms=60_000)
    late = [(up > 60, down > 60) for up, down in found if up + down > 60]
    assert len(late) / len(found) == pytest.approx(0.1, abs=0.01)
    assert {(True, False), (False, True)} == set(late)


def test_a_freeze_lets_go_of_all_at_once() -> None:
    freeze = {"kind": "freeze", "ms": 100, "every_s": 120, "for_s": 5}
    for now in (240.0, 242.0, 244.9):
        assert now + draws(now, **freeze)[0][0] == pytest.approx(245.0)
    assert draws(245.0, **freeze)[0] == (0.05, 0.05)


@pytest.mark.parametrize(("share", "split"), [(0, (0, 0.1)), (1, (0.1, 0)), (0.2, (0.02, 0.08))])
def test_how_much_of_it_is_on_the_way_there(share: float, split: tuple[float, float]) -> None:
    assert draws(kind="constant", ms=100, uplink_share=share)[0] == pytest.approx(split)
