"""The measurement of the stand-in measures."""

from __future__ import annotations

from ops.bench import simulator


def test_it_counts_answers_of_both_kinds() -> None:
    figures = simulator.measure(seconds=0.2)
    assert [one.what for one in figures] == ["reads", "upserts"]
    assert all(one.per_second > 0 and one.per_cpu_second > 0 for one in figures)
