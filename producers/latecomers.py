"""People whose jobs wait until all of their rows are read. Kept in a file that has no name."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Final

import orjson

IN_MEMORY: Final = 4 << 20
"""Bytes that are kept in memory, about 300,000 rows; more go to a file that nobody else sees."""


@dataclass(frozen=True, slots=True)
class Latecomer:
    """Our id of a contact, and the notes and tasks of one of its rows that the CRM lacks."""

    contact: int
    notes: tuple[int, ...] = ()
    tasks: tuple[int, ...] = ()


class Latecomers:
    """A list that may outgrow memory. Ids only: no personal data on the disk."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115

    def add(self, one: Latecomer) -> None:
        """Put one at the end."""
        self._file.write(orjson.dumps((one.contact, one.notes, one.tasks)) + b"\n")

    def batches(self, size: int) -> Iterator[list[Latecomer]]:
        """All of them, in order, so many at a time."""
        self._file.seek(0)
        while lines := list(islice(self._file, size)):
            yield [_read(line) for line in lines]

    def close(self) -> None:
        """Forget them."""
        self._file.close()


def _read(line: bytes) -> Latecomer:
    contact, notes, tasks = orjson.loads(line)
    return Latecomer(contact, tuple(notes), tuple(tasks))
