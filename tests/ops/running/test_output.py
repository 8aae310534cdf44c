"""The lines of the children on one terminal."""

from __future__ import annotations

import io
from pathlib import Path

from ops.running.output import Board


def test_a_line_stands_behind_the_name_of_who_said_it() -> None:
    stream = io.StringIO()
    Board(stream).say("dispatcher", "dispatching")
    assert stream.getvalue() == "dispatcher  dispatching\n"


def test_a_long_line_stays_one_line() -> None:
    stream = io.StringIO()
    Board(stream).say("worker-1", "word " * 100)
    assert stream.getvalue().count("\n") == 1


def test_square_brackets_are_text_and_no_markup() -> None:
    stream = io.StringIO()
    Board(stream).say("beat", "[red]job[/red] [/]")
    assert "[red]job[/red] [/]" in stream.getvalue()


def test_a_file_gets_no_colours() -> None:
    stream = io.StringIO()
    Board(stream).say("flower", "no escape")
    assert "\x1b" not in stream.getvalue()


def test_a_terminal_that_went_away_silences_it_and_ends_nothing(tmp_path: Path) -> None:
    stream = (tmp_path / "terminal").open("w")
    board = Board(stream)
    stream.close()
    board.say("up", "nobody hears this")
    board.show("nor this")
