"""How far the reading of a file is, where lines stay."""

from __future__ import annotations

import json
import signal

import pytest

from producers.cli.reading import Reading, reading
from producers.survey import Tally


def test_a_short_file_is_read_without_a_word(clock, capsys) -> None:
    shown = Reading(clock=clock)
    shown.looked(5_000)
    shown.begin(5_000)
    shown.read(Tally(rows=5_000))

    assert capsys.readouterr() == ("", "")


def test_a_long_file_is_a_line_every_few_seconds(clock, capsys) -> None:
    shown = Reading(clock=clock)
    clock.tick(5)
    shown.looked(400_000)
    shown.begin(1_000_000)
    for rows in (500, 1_000, 1_500):
        clock.tick(3)
        shown.read(Tally(rows=rows, pushes=rows))

    assert capsys.readouterr().err.splitlines() == [
        "looked through 400,000 rows",
        "read 1,000 of 1,000,000 rows, 1,000 jobs queued",
    ]


def test_a_machine_gets_objects(clock, capsys) -> None:
    shown = Reading(json=True, clock=clock)
    shown.begin(1_000)
    clock.tick(5)
    shown.read(Tally(rows=500, people=500, pushes=500))

    line = json.loads(capsys.readouterr().out)
    assert (line["event"], line["rows"], line["of"], line["jobs"]) == ("reading", 500, 1_000, 500)


def test_ctrl_c_ends_reading_when_it_is_next_told_something() -> None:
    with reading(json=True) as shown:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            shown.read(Tally())

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
