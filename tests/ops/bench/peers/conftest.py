"""Scores to compare, made by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ops.bench.peers.score import Score

Scores = Callable[..., Score]


@pytest.fixture
def score() -> Scores:
    """Makes a score; keywords are what matters to the test."""

    def make(name: str = "rollbook", **figures: float) -> Score:
        calm: dict[str, float] = {
            "bound_s": 100.0, "seconds": 105.0, "use": 95.1, "refused": 0, "busiest": 99,
            "cpu_ms": 12.5, "missing": 0, "lost": 0, "held": 0, "doubled": 0, "live": 40,
            "live_ms": 23.0, "live_p99_ms": 54.0,
        }  # fmt: skip
        return Score(name, name.title(), "as it comes", **(calm | figures))  # type: ignore[arg-type]

    return make
