"""Tables that a person can read, wherever they are written to."""

from __future__ import annotations

import io
from typing import Any

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


def drawn(width: int, *renderables: Any) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(*renderables, sep="\n")
    return [line.rstrip() for line in out.getvalue().splitlines()]


def places() -> screen.Folding:
    table = screen.Folding("Location", "Bulk", "Day left", right=("Bulk", "Day left"))
    table.add_row("loc_kX82hPqzR4vT91mYwB3c", "1,234", "199,688")
    table.add_row("loc_b", "7", "-")
    return table


def test_a_table_stays_one_line_a_row_where_there_is_room() -> None:
    assert drawn(41, places()) == [
        "Location                   Bulk  Day left",
        "─────────────────────────────────────────",
        "loc_kX82hPqzR4vT91mYwB3c  1,234   199,688",
        "loc_b                         7         -",
    ]


def test_on_a_narrow_terminal_each_name_stands_above_its_numbers() -> None:
    assert drawn(40, places()) == [
        "Location",
        "   Bulk  Day left",
        "  ───────────────",
        "loc_kX82hPqzR4vT91mYwB3c",
        "  1,234   199,688",
        "loc_b",
        "      7         -",
    ]


def test_a_sentence_that_does_not_fit_goes_on_below_and_stands_in() -> None:
    words = "the CRM counts in a sliding window"

    assert drawn(34, screen.Hanging(words)) == [words]
    assert drawn(33, screen.Hanging(words)) == ["the CRM counts in a sliding", "  window"]
    assert drawn(14, screen.Hanging(words)) == ["the CRM", "  counts in a", "  sliding", "  window"]


def test_what_one_word_is_longer_than_the_terminal_is_cut_and_not_lost() -> None:
    assert "".join(drawn(12, screen.Hanging("a" * 25))).replace(" ", "") == "a" * 25
