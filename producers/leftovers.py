"""What files here hold of a forgotten person: rejected rows, which go; logs, which are named."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

REJECTS: Final = "*.rejects*.csv"
DIGITS: Final = re.compile(r"\D+")


def clean(folders: Iterable[Path], names: Sequence[str]) -> list[tuple[Path, int]]:
    """Take the rows that name somebody out of the rejects files of these folders.

    A file of which nothing but the header is left goes.

    Args:
        names: emails, and phones as E.164; in a file they may be spelled in any way.

    Returns:
        each file that named them, and how many of its rows did.
    """
    found = []
    for path in sorted({path for folder in folders for path in folder.glob(REJECTS)}):
        if path.is_file() and (rows := _clean(path, names)):
            found.append((path, rows))
    return found


def logs(folder: Path, names: Sequence[str]) -> list[Path]:
    """The logs of a folder that name somebody. Ours name nobody; they are not changed."""
    found = []
    for path in sorted(folder.glob("*.log")):
        with path.open(encoding="utf-8", errors="replace") as lines:
            if any(name.casefold() in line.casefold() for line in lines for name in names):
                found.append(path)
    return found


def _clean(path: Path, names: Sequence[str]) -> int:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    kept = [row for row in rows if not _names(row, names)]
    if len(kept) == len(rows):
        return 0
    if not kept:
        path.unlink()
        return len(rows)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *kept])
    part.replace(path)
    return len(rows) - len(kept)


def _names(row: Sequence[str], names: Sequence[str]) -> bool:
    return any(_is(cell, name) for cell in row for name in names)


def _is(cell: str, name: str) -> bool:
    if "@" in name:
        return name.casefold() in cell.casefold()
    digits = list(_numbers(cell))
    # Without the country code, too: as many digits as no two people of one school share.
    return any(len(one) >= 7 and DIGITS.sub("", name).endswith(one) for one in digits)


def _numbers(cell: str) -> Iterator[str]:
    """The cell as a phone number, with and without a trunk's 0."""
    digits = DIGITS.sub("", cell)
    yield digits
    yield digits.lstrip("0")
