"""A file of people as rows, one after the other, never the whole of it.

CSV with ``,``, ``;`` or tab, and NDJSON, in whatever encoding; see docs/mapping.md.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO

from contacts.errors import UsageError
from producers import ndjson, sniffing
from producers.ndjson import LIST_MARK
from producers.rows import LONGEST, Row, separated

MOST_COLUMNS: Final = 2_000
"""Different names in an NDJSON file. More is not a table of people."""

REJECTS_MARK: Final = ("line", "column", "reason", "outcome")
"""The first columns of a rejects file; they are skipped when one is read again."""

LIST_SHOWN: Final = "\N{SYMBOL FOR UNIT SEPARATOR}"
"""What a rejects file shows between the parts of a list that stood in NDJSON."""

_GUARDED: Final = re.compile(r"'+[=+\-@\t\r]")


@dataclass(slots=True)
class Source:
    """A file and how it is written.

    Attributes:
        delimiter: of CSV; None: NDJSON.
        columns: names, without doubles.
        warnings: sentences for the person.
        is_rejects: a rejects file that was corrected and is given again.
    """

    path: Path
    encoding: str
    delimiter: str | None
    columns: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    is_rejects: bool = False
    _stamp: tuple[int, ...] = ()
    _places: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes, when it was opened."""
        return self._stamp[2]

    def rows(self) -> Iterator[Row]:
        """Read the file from its beginning.

        Raises:
            UsageError: it became unreadable, or is not the file any more that was opened.
        """
        try:
            with self.path.open(encoding=self.encoding, errors="replace", newline="") as file:
                self._check_stamp(file)
                yield from _csv_rows(self, file) if self.delimiter else self._objects(file)
                self._check_stamp(file)
        except OSError as error:
            raise UsageError(f"{self.path} cannot be read: {error.strerror}") from None

    def _check_stamp(self, file: TextIO) -> None:
        """A file that is written meanwhile may have other columns, or half of its rows."""
        if _stamp(os.fstat(file.fileno())) != self._stamp:
            raise UsageError(
                f"{self.path} was changed while it was read: give it again when it is complete"
            )

    def _objects(self, file: TextIO) -> Iterator[Row]:
        for line, found in ndjson.objects(file):
            if isinstance(found, dict):
                yield Row(line, self._placed(found))
            else:
                yield Row(line, [found[:LONGEST]], "is not a JSON object")

    def _placed(self, values: dict[str, str]) -> list[str]:
        """Cells in the order of the columns; a name that is new is one more column."""
        for name in values:
            if name not in self._places:
                if len(self.columns) == MOST_COLUMNS:
                    raise UsageError(f"{self.path} has more than {MOST_COLUMNS} different names")
                self._places[name] = len(self.columns)
                self.columns.append(name)
        cells = [""] * len(self.columns)
        for name, value in values.items():
            cells[self._places[name]] = value
        return cells


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def open_source(path: Path) -> Source:
    """Find out how a file is written, and the names of its columns.

    An NDJSON file is read to its end for that: a name may stand in its last line only.

    Raises:
        UsageError: it is missing, unreadable, a folder, empty, or holds no people.
    """
    try:
        status = path.stat()
        _refuse_special(path, status.st_mode)
        encoding = sniffing.encoding(path)
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            sample = file.read(sniffing.SAMPLE)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    _refuse_content(path, sample)
    source = Source(path, encoding, None, _stamp=_stamp(status))
    if encoding in ("cp1252", "latin-1"):
        source.warnings.append(
            f"{path.name} is not UTF-8; read as Latin-1 (Windows-1252). If names look wrong, "
            "save it as UTF-8"
        )
    if sniffing.is_ndjson(path, sample):
        _read_names(source)
    else:
        source.delimiter = sniffing.delimiter(sample)
        _read_header(source)
    return source


def _refuse_special(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path} is a folder: name a CSV or NDJSON file")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path} is not a file that can be read twice: save it to a file first")


def _refuse_content(path: Path, sample: str) -> None:
    text = sample.strip("\ufeff\x00 \t\r\n")
    if not text:
        raise UsageError(f"{path} is empty")
    if sample.startswith(("PK\x03\x04", "ÐÏ\x11à", "%PDF", "\x1f")):
        raise UsageError(
            f"{path} is not a text file (a spreadsheet or archive?): save it as CSV first"
        )
    if text.startswith("[") and text[1:].lstrip().startswith("{"):
        raise UsageError(
            f"{path} is one JSON array: write one object a line, as `jq -c '.[]'` does"
        )


def _read_names(source: Source) -> None:
    for _ in source.rows():
        pass  # each row adds its names
    if not source.columns:
        raise UsageError(f"{source.path} has no line that is a JSON object of its own")


# ---------------------------------------------------------------- CSV


def _read_header(source: Source) -> None:
    """Name the columns of a CSV source.

    Raises:
        UsageError: there is no header.
    """
    assert source.delimiter
    with source.path.open(encoding=source.encoding, errors="replace", newline="") as file:
        header = _header(separated(file, source.delimiter))
    if header is None or header.problem:
        raise UsageError(f"{source.path} has no header: its first line must name the columns")
    names = [name.strip("\ufeff") for name in header.cells]
    source.is_rejects = tuple(names[: len(REJECTS_MARK)]) == REJECTS_MARK
    if source.is_rejects:
        names = [_unguarded(name) for name in names[len(REJECTS_MARK) :]]
    source.columns, notices = _distinct(names)
    source.warnings += notices


def _header(rows: Iterator[Row]) -> Row | None:
    for row in rows:
        named = [cell.strip("\ufeff \t").lower() for cell in row.cells]
        if any(named) and named != ["sep=", ""]:  # Excel's own first line, `sep=;`
            return row
    return None


def _distinct(header: list[str]) -> tuple[list[str], list[str]]:
    """Names without doubles and blanks, and what was done about them."""
    names: list[str] = []
    notices: list[str] = []
    taken: set[str] = set()
    for position, raw in enumerate(header, start=1):
        base = " ".join(raw.split()) or f"column {position}"
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base} ({number})"
        if number > 1:
            notices.append(f'two columns are called "{base}": the later one is "{name}" here')
        taken.add(name)
        names.append(name)
    return names, notices


def _csv_rows(source: Source, file: TextIO) -> Iterator[Row]:
    assert source.delimiter
    rows = separated(file, source.delimiter)
    _header(rows)
    width = len(source.columns)
    for row in rows:
        cells = row.cells
        if source.is_rejects:
            cells = [_unguarded(cell) for cell in cells[len(REJECTS_MARK) :]]
            if not any(cells):
                continue  # a complaint about a column, not a row
        if row.problem:
            yield Row(row.line, cells, row.problem)
        elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
            problem = (
                f"has {len(cells)} values, the header {width}: is there a {_spoken(source)} "
                "inside a value that is not quoted?"
            )
            yield Row(row.line, cells, problem)
        else:
            yield Row(row.line, cells[:width])


def _spoken(source: Source) -> str:
    return {",": "comma", ";": "semicolon", "\t": "tab"}[source.delimiter or ","]


def _unguarded(cell: str) -> str:
    """As the source had it, without what a rejects file does to a value."""
    bare = cell[1:] if _GUARDED.match(cell) else cell
    return bare.replace(LIST_SHOWN, LIST_MARK)
