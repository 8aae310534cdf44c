"""How far a run is, in words: nothing is said that nobody knows, and it fits a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from contacts.store.ledger_view import Counts
from contacts.store.runs import Run
from producers.cli import meter
from producers.progress import Limits, Look

RUN = Run(7, "loc_here", "backfill", "students.csv", "queued", 0.0, 1.0, None, {})
LOOK = Look(
    at=1_800_000_000.0,
    run=RUN,
    jobs=Counts(waiting=210, released=18, done=372, parked=1, retried=4),
    rate=9.8,
    pace=9.8,
    calls_left=228.0,
    limits=Limits(per_s=10.0, window=100, used=87, day_left=196_331),
    paused=None,
    missing=(),
)


def drawn(look: Look, width: int = 100) -> list[str]:
    """The panel as a terminal of that width shows it."""
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=True, color_system=None).print(meter.panel(look))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_line_says_everything_of_a_look() -> None:
    line = meter.line(LOOK).split("  ", 1)[1]

    assert line.startswith(
        "372 of 601 done, 228 queued, 4 tried again, 1 parked, 9.8 of 10 calls/s, "
        "87 of 100 tokens taken, 196,331 calls left today, done about "
    )
    assert line.endswith("(23 s)")


def test_what_nobody_knows_yet_is_not_said() -> None:
    look = replace(
        LOOK, rate=0.0, pace=0.0, limits=Limits(10.0, 100, None, None), jobs=Counts(waiting=5)
    )

    assert meter.line(look).split("  ", 1)[1] == "0 of 5 done, 5 queued, 0.0 of 10 calls/s"


def test_panel_fits_a_terminal_of_100_columns() -> None:
    lines = drawn(LOOK)

    assert len(lines) == 4
    assert lines[0].endswith("62 %  372 of 601 done")
    assert lines[1] == "228 queued · 4 tried again · 1 parked · 18 at work"
    assert lines[2] == "9.8 of 10 calls/s · 87 of 100 tokens taken · 196,331 calls left today"
    assert lines[3].startswith("done about ")


@pytest.mark.parametrize(
    ("look", "trouble"),
    [
        pytest.param(
            replace(LOOK, missing=("worker",)),
            "no worker is alive: start them with `rollbook up`",
            id="no worker",
        ),
        pytest.param(
            replace(LOOK, limits=Limits(10.0, 100, 87, 100)),
            "228 calls to make and only 100 left today: the rest goes on when the day's quota is "
            "back",
            id="the day is not enough",
        ),
    ],
)
def test_what_holds_a_run_up_is_said_and_no_finishing_time(look: Look, trouble: str) -> None:
    assert meter.troubles(look) == [trouble]
    assert meter.finishing(look) is None


def test_missing_processes_are_no_trouble_when_nothing_is_left_to_do() -> None:
    look = replace(LOOK, missing=("worker",), jobs=Counts(done=5))

    assert meter.troubles(look) == []
