"""``FILE.rejects.csv``: what was not sent, why, and the row itself, to correct and give again."""

from __future__ import annotations

import contextlib
import csv
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Final, TextIO

from contacts.errors import UsageError
from producers.ndjson import LIST_MARK
from producers.readers import LIST_SHOWN, REJECTS_MARK

BLOCK: Final = 1 << 16

_RUNNABLE: Final = re.compile(r"'*[=+\-@\t\r]")


class Outcome(StrEnum):
    """What became of the row."""

    LEFT_OUT = "left out"
    TRIMMED = "sent without this value"
    SENT = "sent as it is"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong with a row. ``reason`` finishes the sentence that ``column`` begins."""

    column: str
    reason: str


def where(source: Path) -> Path:
    """The rejects file of a source: its name and ``.rejects.csv``."""
    return source.with_name(f"{source.name}.rejects.csv")


class Rejects:
    """Writes the file, from the first complaint on; none if there is none.

    The file appears under its name when it is complete. An earlier run's, which somebody may have
    begun to correct, is set aside under another name unless the new one says all of it again. A
    value that a spreadsheet would run as a formula gets an apostrophe before it; reading the file
    again takes it off.

    Attributes:
        path: where it will be.
        rows: how many were kept.
        aside: where an earlier file went; None if there was none to keep.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.rows = 0
        self.aside: Path | None = None
        self._columns = columns
        # By the process: two at once over one file do not write into each other's.
        self._part = path.with_name(f"{path.name}.{os.getpid()}.part")
        self._file: TextIO | None = None
        self._ended = False
        self._kept: Path | None = None

    def keep_off(self, source: Path) -> None:
        """Make sure that this is not the file that is read.

        Raises:
            UsageError: it is; nothing was written.
        """
        if self.path.exists() and self.path.samefile(source):
            self.abandon()
            raise UsageError(f"{source} is the file to read: name another place with --rejects")

    def add(
        self, line: int, complaints: Sequence[Complaint], outcome: Outcome, cells: Sequence[str]
    ) -> None:
        """Keep one row, with all that is wrong with it.

        Raises:
            UsageError: the file cannot be written.
        """
        columns = dict.fromkeys(complaint.column for complaint in complaints)
        reasons = [f"{complaint.column} {complaint.reason}" for complaint in complaints]
        first = [str(line), "; ".join(columns), "; ".join(reasons), outcome.value]
        with self._writing():
            writer = csv.writer(self._file or self._begin())
            writer.writerow([guarded(cell) for cell in (*first, *map(_shown, cells))])
        self.rows += 1

    def close(self) -> Path | None:
        """Finish the file; a second time nothing more happens.

        Returns:
            where it is; None if there was nothing to complain of, or if writing it failed before.

        Raises:
            UsageError: the file cannot be written.
        """
        if not self._ended:
            with self._writing():
                self._kept = self._finish()
            self._ended = True
        return self._kept

    def _finish(self) -> Path | None:
        if self._file is None:
            self._set_aside()
            return None
        self._file.close()
        self._file = None
        if not (self.path.is_file() and _begins_with(self._part, self.path)):
            self._set_aside()
        return self._part.replace(self.path)

    def _begin(self) -> TextIO:
        if self.path.exists() and not self.path.is_file():
            raise UsageError(f"{self.path} is not a file: name another place with --rejects")
        # The mark makes Excel read UTF-8 as UTF-8.
        self._file = self._part.open("w", encoding="utf-8-sig", newline="")
        csv.writer(self._file).writerow([guarded(name) for name in (*REJECTS_MARK, *self._columns)])
        return self._file

    def _set_aside(self) -> None:
        if self.path.is_file():
            names = (f"{self.path.stem}.{number}{self.path.suffix}" for number in count(1))
            free = (path for name in names if not (path := self.path.with_name(name)).exists())
            self.aside = self.path.rename(next(free))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.abandon()
            raise UsageError(
                f"{self.path} cannot be written ({error.strerror}): name another place "
                "with --rejects"
            ) from None

    def abandon(self) -> None:
        """Leave nothing behind of what was kept so far; after ``close`` nothing to do."""
        self._ended = True
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
            self._part.unlink(missing_ok=True)


def _begins_with(new: Path, old: Path) -> bool:
    """Whether all that stands in the old file stands at the beginning of the new one."""
    with new.open("rb") as long, old.open("rb") as short:
        while block := short.read(BLOCK):
            if long.read(len(block)) != block:
                return False
    return True


def guarded(cell: str) -> str:
    """The value with an apostrophe before it where a spreadsheet would run it as a formula."""
    return f"'{cell}" if _RUNNABLE.match(cell) else cell


def _shown(cell: str) -> str:
    return cell.replace(LIST_MARK, LIST_SHOWN)
