"""Numbered lines of a text, none of them endless, with a way back for those read too far."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, TextIO

LONGEST: Final = 4_000_000
"""Characters of one line that are kept; of a longer one the rest is skipped. A file without a
line break must not fill the memory: four characters of a value can take 16 bytes."""


def numbered(file: TextIO) -> Iterator[tuple[int, str]]:
    """(number from 1, line with its break), each cut to :data:`LONGEST` characters."""
    number = 0
    while line := file.readline(LONGEST):
        number += 1
        yield number, line
        while len(line) == LONGEST and not line.endswith(("\n", "\r")):
            line = file.readline(LONGEST)


def is_cut(line: str) -> bool:
    """Whether the line may be longer than what was kept of it."""
    return len(line) >= LONGEST


class Lines:
    """The lines, without NUL characters; those of the row in hand can be offered again.

    Attributes:
        taken: (number, line) of what was taken since it was last cleared.
        ended: somebody asked for more than there is.
    """

    def __init__(self, file: TextIO) -> None:
        self._lines = numbered(file)
        self._again: deque[tuple[int, str]] = deque()
        self.taken: list[tuple[int, str]] = []
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        pair = self._again.popleft() if self._again else next(self._lines, None)
        if pair is None:
            self.ended = True
            raise StopIteration
        self.taken.append(pair)
        return pair[1].replace("\x00", "") if "\x00" in pair[1] else pair[1]

    def give_back(self) -> None:
        """Offer again all lines taken but the first."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.ended = False
