"""Who has more than one row in a file, and who was seen already: in bits, not in objects."""

from __future__ import annotations

from typing import Final

from contacts.contact import Person

_MOST_BITS: Final = 1 << 27
_FEWEST_BITS: Final = 1 << 16

BYTES_A_ROW: Final = 16
"""A row of fewer bytes is unlikely; the file's size tells how many bits are needed."""


class Recurring:
    """Which emails and phones stand in more than one row.

    A file is looked through once before it is read. The answer may be a false yes (about one row
    in a hundred at 1,000,000 rows), never a false no; a yes only costs a little work. Two bitmaps
    of at most 16 MB each.
    """

    def __init__(self, size: int) -> None:
        """``size``: of the file in bytes."""
        bits = _FEWEST_BITS
        while bits < _MOST_BITS and bits < 64 * size // BYTES_A_ROW:
            bits *= 2
        self._mask = bits - 1
        self._once = bytearray(bits // 8)
        self._again = bytearray(bits // 8)

    def look(self, person: Person) -> None:
        """Take in the cleaned email and phone of one row."""
        for key in _keys(person):
            place = hash(key) & self._mask
            byte, bit = place >> 3, 1 << (place & 7)
            if self._once[byte] & bit:
                self._again[byte] |= bit
            else:
                self._once[byte] |= bit

    def has(self, person: Person) -> bool:
        """Whether another row may mean the same person."""
        for key in _keys(person):
            place = hash(key) & self._mask
            if self._again[place >> 3] & (1 << (place & 7)):
                return True
        return False


def _keys(person: Person) -> list[str]:
    return [key for key in (person.email, person.phone) if key]


class Numbers:
    """A set of whole numbers of at least 0, one bit each, in pages of 8 KB."""

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}
        self.size = 0

    def add(self, number: int) -> None:
        """Put a number in."""
        page = self._pages.setdefault(number >> 16, bytearray(8192))
        byte, bit = (number & 0xFFFF) >> 3, 1 << (number & 7)
        self.size += not page[byte] & bit
        page[byte] |= bit

    def __contains__(self, number: int) -> bool:
        page = self._pages.get(number >> 16)
        return page is not None and bool(page[(number & 0xFFFF) >> 3] & (1 << (number & 7)))
