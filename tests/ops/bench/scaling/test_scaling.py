"""How cost grows: each part in short, the arithmetic and the simulation by their own laws."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from contacts.store.database import Store
from ops.bench.scaling import __main__ as command
from ops.bench.scaling import fairness, ledger, sizes, sums
from ops.bench.scaling.fairness import Rule, simulate

SEEN = sums.Measured(
    rows=dict.fromkeys([name for name, _, _ in sizes.ROWS], 200.0),
    cpu_ms=2.0,
    redis_us=500.0,
    redis_commands=70.0,
    commits=2.0,
    wal=5000.0,
    idle=650.0,
    busy=8500.0,
    worker_mb=120.0,
)


def test_a_row_with_more_in_it_is_larger(store: Store) -> None:
    found = sizes.measure(store, 2000)
    assert 0 < found["tag"] < found["note"] < found["contact"] < 2000
    assert found["job, done"] < found["job, waiting"]


def test_the_ledger_is_timed_with_all_its_jobs_spread(store: Store) -> None:
    found = ledger.measure(store, 600, 30)
    assert (found.jobs, found.locations) == (600, 30)
    assert min(found.put, found.first, found.round, found.claim, found.done) > 0


def test_more_contacts_cost_in_proportion() -> None:
    one = sums.need(100, 1_000_000, SEEN, sums.School())
    ten = sums.need(1000, 10_000_000, SEEN, sums.School())
    assert ten.day == pytest.approx(10 * one.day)
    assert ten.database_gb == pytest.approx(10 * one.database_gb)
    assert ten.commits == pytest.approx(10 * one.commits)


def test_no_school_is_pushed_faster_than_its_limit() -> None:
    rich = replace(SEEN, cpu_ms=0.001)
    found = sums.need(10, 1_000_000, rich, sums.School(changes=3000.0))
    assert found.peak == 10 * sums.LIMIT
    assert found.first_load_h == pytest.approx(1_000_000 / 100 / 3600)


def test_half_the_cpu_of_a_call_is_half_the_cores() -> None:
    many = (10_000, 100_000_000)
    dear = sums.need(*many, SEEN, sums.School())
    cheap = sums.need(*many, replace(SEEN, cpu_ms=1.0), sums.School())
    assert cheap.cores == pytest.approx(dear.cores / 2)


def test_with_threads_for_all_everybody_gets_the_same() -> None:
    found = simulate(20, 400, round_s=0.05, seconds=60)
    assert found.jain > 0.99


def test_who_waits_longest_is_fairer_than_chance_and_nobody_waits_much_over_the_mean() -> None:
    chance, queue = (
        simulate(1000, 50, round_s=0.1, seconds=300, rule=rule)
        for rule in (Rule.CHANCE, Rule.LONGEST)
    )
    mean_s = 1000 / queue.calls_per_s
    assert queue.jain > chance.jain
    assert queue.longest_s < 1.5 * mean_s < chance.longest_s
    assert chance.calls_per_s == pytest.approx(queue.calls_per_s, rel=0.05)


def test_the_same_seed_shows_the_same() -> None:
    first, again = (simulate(50, 20, round_s=0.1, seconds=20, seed=3) for _ in range(2))
    assert first == again


def test_no_location_has_more_out_than_its_room() -> None:
    found = simulate(1, 500, round_s=0.1, seconds=30)
    assert found.calls_per_s <= fairness.ROOM / (0.1 + fairness.TICK_S)


@pytest.mark.redis
def test_the_command_shows_and_writes_what_it_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "STEPS", ((500, 10), (500, 50)))

    assert command.main(["--quick", "--only", "ledger,redis", "--json", "found.json"]) == 0

    shown = capsys.readouterr().out
    assert "The ledger on SQLite, ms" in shown
    found = json.loads((tmp_path / "found.json").read_text())
    assert 2.0 <= found["redis"]["scripts"] < 3.0
    assert found["redis"]["idle"] < found["redis"]["busy"]
    assert found["sums"] == []


def test_a_part_that_there_is_not_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--only", "everything"])
    assert "everything is none of sizes, ledger" in capsys.readouterr().err
