"""Tables that a person can read, wherever they are written to."""

from __future__ import annotations

import io

from rich.console import Console

from producers.cli import screen


def test_a_narrow_terminal_shows_no_half_number() -> None:
    table = screen.table("Name", "Calls", "Reason", right=("Calls",))
    table.add_row("loc_with_a_long_name", "123,456", "a long sentence about nothing")
    out = io.StringIO()

    Console(file=out, width=24, color_system=None).print(table)

    number = out.getvalue().splitlines()[2].split()[1]
    assert number == "123,456" or number.endswith("…")


def test_a_table_in_a_pipe_has_no_blanks_at_its_ends(capsys) -> None:
    table = screen.table("Name", "Reason")
    table.add_row("a", "short")
    table.add_row("b", "a longer one")

    screen.show(table)

    out = capsys.readouterr().out
    assert out == "\n".join(line.rstrip() for line in out.split("\n"))
    assert "\x1b" not in out
