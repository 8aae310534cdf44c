"""Figures in their rows: nothing is left over, and no bound is without a figure."""

from __future__ import annotations

from typing import Any

import pytest

from ops.bench import report, rows
from ops.bench.backfilling import Backfilled, Reading
from ops.bench.beside import Beside
from ops.bench.figures import Sample, Usage
from ops.bench.live import Live
from ops.bench.many import Many
from ops.bench.report import Row
from ops.judge import Finding

MB = 2**20
ROLES = ("worker", "dispatcher", "beat", "up", "redis", "flower")


def run(per_s: float, roles: tuple[str, ...] = ROLES, seconds: int = 60) -> list[Sample]:
    """A run in which each role uses 10 ms of CPU a second and 60 MB."""
    return [
        Sample(
            float(s),
            round(s * per_s),
            {pid: Usage(name, s * 0.01, 60 * MB) for pid, name in enumerate(roles)},
        )
        for s in range(seconds + 1)
    ]


def findings(there: int, tagged: int, twice: int, again: int) -> list[Finding]:
    return [
        Finding("students in the CRM", "300", str(there), there == 300),
        Finding("of them with the tag of each course", "300", str(tagged), tagged == 300),
        Finding("contacts twice (email or phone)", "0", str(twice), twice == 0),
        Finding("calls for the same file again", "0", str(again), again == 0),
    ]


def ours(**worse: int) -> Backfilled:
    judged = {"there": 300, "tagged": 300, "twice": 0, "again": 0} | worse
    count = {"refused_429": 0, "max_in_window": 98, "arrivals": 600}
    return Backfilled(run(0), run(9.6), Reading(1.5, 1.1), count, findings(**judged))


def rival() -> Beside:
    count = {"refused_429": 812, "max_in_window": 311, "arrivals": 1412}
    events = {"task-succeeded": 297, "task-failed": 3, "task-retried": 640}
    return Beside(
        300, events, run(6.0, ("worker", "worker", "redis")), count, findings(298, 295, 1, 0)
    )


def value(section: report.Section, what: str) -> Row:
    return next(row for row in section.rows if row.what == what)


def test_all_sections_of_a_good_run_hold_their_bounds() -> None:
    sections = [
        rows.backfill(ours(), rival(), 300),
        rows.cpu(ours(), rival(), 30.0),
        rows.memory(ours(), rival()),
    ]

    assert [row.what for row in report.missed(sections)] == [rows.CPU[0].what]  # 4.2 ms of 2.5


def test_sections_stand_without_a_rival() -> None:
    sections = [rows.backfill(ours(), None, 300), rows.cpu(ours(), None, 30.0)]

    assert all(row.rival is None for section in sections for row in section.rows)


def test_the_rival_alone_has_no_bounds() -> None:
    sections = [
        rows.backfill(None, rival(), 300),
        rows.cpu(None, rival(), 30.0),
        rows.memory(None, rival()),
    ]

    assert report.missed(sections) == []
    assert all(row.value is None and row.rival is not None for s in sections for row in s.rows)


@pytest.mark.parametrize(
    ("worse", "what"),
    [
        ({"there": 299}, "students lost"),
        ({"tagged": 298}, "students without their tag"),
        ({"twice": 1}, "contacts twice"),
        ({"again": 4}, "calls for the same file again"),
    ],
)
def test_a_lost_or_doubled_student_is_a_missed_bound(worse: dict[str, int], what: str) -> None:
    section = rows.backfill(ours(**worse), None, 300)

    assert [row.what for row in report.missed([section])] == [what]


@pytest.mark.parametrize(
    ("noted", "people", "missed"),
    [
        pytest.param(300, 292, [], id="584 calls in 60 s, all are noted"),
        pytest.param(299, 292, ["students without exactly their note"], id="one is missing"),
        pytest.param(300, 291, ["by the time of the needed calls at 10 a second"], id="too slow"),
    ],
)
def test_with_a_note_each_it_has_a_time_to_keep(noted: int, people: int, missed: list[str]) -> None:
    mine = ours()
    mine.findings.append(Finding("of them with each note once", "300", str(noted), noted == 300))
    mine.findings.append(Finding("notes twice", "0", "0", True))

    section = rows.backfill(mine, None, people, notes=True)

    assert [row.what for row in report.missed([section])] == missed


@pytest.mark.parametrize(
    ("window", "bound"), [("sliding-counter", 100), ("fixed-clock", None), ("token-bucket", None)]
)
def test_only_what_counts_slidingly_bounds_the_calls_of_any_ten_seconds(
    window: str, bound: int | None
) -> None:
    section = rows.backfill(ours(), None, 300, window=window)
    assert value(section, "arrivals in the busiest 10 s").bound == bound


def test_the_rivals_figures_stand_beside_ours() -> None:
    section = rows.backfill(ours(), rival(), 300)

    assert value(section, "answers 429").rival == 812
    assert value(section, "students lost").rival == 2
    assert value(section, "tasks given up by Celery").rival == 3
    assert value(section, "calls made for each one needed").rival == pytest.approx(4.707, abs=0.001)
    assert value(section, "calls for the same file again").rival is None


def test_cpu_of_a_call_is_given_with_redis_and_flower_and_without() -> None:
    section = rows.cpu(ours(), rival(), 30.0)

    # Each role 10 ms a second, 9.6 calls a second: 1.04 ms a call.
    assert value(section, rows.CPU[0].what).value == pytest.approx(4.17, abs=0.02)
    assert value(section, "and Redis").value == pytest.approx(5.21, abs=0.02)
    assert value(section, "and Flower").value == pytest.approx(6.25, abs=0.02)
    assert value(section, "and Flower").rival is None
    assert value(section, "of it worker").rival == pytest.approx(3.33, abs=0.02)


def test_live_delays_are_shown_as_percentiles() -> None:
    delays = [float(n) for n in range(1, 101)]
    seen = Live(delays, 99_000, 25.0, run(9.7), {"refused_429": 0, "max_in_window": 97})

    section = rows.live(seen, 100_000)

    assert value(section, "put to request sent, median").value == 50
    assert value(section, "put to request sent, p99").value == 99
    assert value(section, "contacts with a job put each second").value == 4000
    assert report.missed([section]) == []


def test_a_slow_live_job_is_a_missed_bound() -> None:
    seen = Live([300.0] * 50, 9, 1.0, run(9.7), {"refused_429": 0, "max_in_window": 97})

    assert report.missed([rows.live(seen, 10)]) == [
        value(rows.live(seen, 10), "put to request sent, p99")
    ]


def many(**more: Any) -> Many:
    report = {"refused_429": 0, "max_in_window": 99}
    return Many(run(96.0), report, {f"loc_{n}": 400 + n for n in range(10)}, **more)


def test_many_locations_share_no_limit() -> None:
    section = rows.many(many(delays_ms={"before": [20.0] * 99 + [70.0]}), 10, 31.0)

    assert value(section, "use of what all are allowed").value == pytest.approx(96.0)
    assert value(section, "CPU of a call: but Flower").value == pytest.approx(0.42, abs=0.01)
    assert value(section, "Jain index of the calls of each").value == pytest.approx(1, abs=1e-4)
    assert value(section, "live jobs: put to request sent, p99").value == 20.0
    assert report.missed([section]) == []


def test_a_flood_that_the_others_notice_is_a_missed_bound() -> None:
    delays = {"before": [20.0], "adding": [300.0], "after": [41.0]}
    section = rows.many(many(delays_ms=delays, flood=1_000_000), 10, 31.0)

    assert [row.what for row in report.missed([section])] == ["more than before, p99"]


def test_a_figure_without_a_row_is_a_defect() -> None:
    with pytest.raises(KeyError, match="speed"):
        rows.filled([Row("time")], {"time": 1.0, "speed": 2.0}, {})


def test_a_bound_without_a_figure_is_a_defect() -> None:
    with pytest.raises(KeyError, match="time"):
        rows.filled([Row("time", bound=1.0), Row("use")], {"use": 1.0}, {"time": 2.0})
