"""Rows of a CSV text as they stand, with the line each one begins in.

A row that cannot be read is reported, and the next line is read: one stray quote costs one line,
not the rest of the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TextIO

from producers.lines import Lines, is_cut

LONGEST: Final = 1_000_000
"""Characters of one value. Longer ones are taken for a quote that is never closed."""

UNCLOSED: Final = 'has a quote (") that is never closed'
TOO_LONG: Final = f"has a value of more than {LONGEST:,} characters"


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        line: number of its first line in the file, from 1.
        cells: texts in the order of the source's columns; may be shorter.
        problem: why the row cannot be used, as half a sentence; None for a good one.
    """

    line: int
    cells: list[str]
    problem: str | None = None


def separated(file: TextIO, delimiter: str) -> Iterator[Row]:
    """Every row, header and all; rows of nothing but delimiters are skipped.

    Args:
        file: opened with ``newline=""``.
    """
    csv.field_size_limit(LONGEST)
    lines = Lines(file)
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        lines.taken.clear()
        try:
            cells: list[str] | None = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = None
        # The reader only asks past the end of the file while a quote is open.
        unclosed = lines.ended or (cells is None and len(lines.taken) > 1)
        number, line = lines.taken[0]
        if unclosed or cells is None or any(is_cut(text) for _, text in lines.taken):
            yield Row(number, _as_it_stands(line, delimiter), UNCLOSED if unclosed else TOO_LONG)
            lines.give_back()
            reader = csv.reader(lines, delimiter=delimiter)
        elif any(cells):
            yield Row(number, cells)


def _as_it_stands(line: str, delimiter: str) -> list[str]:
    return [cell[:LONGEST] for cell in line.rstrip("\r\n").replace("\x00", "").split(delimiter)]
