"""How a text file is written: its encoding, its delimiter, whether it is CSV or NDJSON."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path
from typing import BinaryIO, Final

DELIMITERS: Final = (",", ";", "\t")

SAMPLE: Final = 65_536
"""Bytes looked at for the delimiter and for UTF-16 without a mark: some hundred rows."""

BLOCK: Final = 1 << 20

LOST: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands where a character could not be decoded, by us or by whoever wrote the file."""

_MARKS: Final = (
    # UTF-32's little-endian mark begins with UTF-16's: first the longer one.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_NOT_IN_1252: Final = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))
"""Bytes that mean nothing in Windows-1252; Latin-1 gives each byte a meaning."""


def encoding(path: Path) -> str:
    """The encoding of a file, by its mark, else UTF-8 if all or most of it is, else a western one.

    Reads the whole file once in blocks (about 1 s a GB): a Latin-1 name may stand in the last row.
    A few damaged characters do not make Latin-1 of a UTF-8 file: every other name would be wrong.

    Returns:
        a Python codec name; ``cp1252`` and ``latin-1`` are guesses that deserve a warning.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(SAMPLE)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return name
        if wide := _wide_without_mark(start):
            return wide
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        valid, western = True, True
        while block := file.read(BLOCK):
            if valid:
                valid = _decodes(decoder, block)
            western = western and not any(byte in block for byte in _NOT_IN_1252)
        if (valid and _decodes(decoder, b"", final=True)) or _is_damaged_utf8(file):
            return "utf-8"
    return "cp1252" if western else "latin-1"


def _is_damaged_utf8(file: BinaryIO) -> bool:
    """Whether more characters beyond ASCII are right in UTF-8 than are not."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    right, lost = 0, 0
    while block := file.read(BLOCK):
        text = decoder.decode(block)
        if not text.isascii():
            wrong = text.count(LOST)
            lost += wrong
            right += len(text) - len(text.encode("ascii", "ignore")) - wrong
    return right > lost


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _wide_without_mark(start: bytes) -> str | None:
    """UTF-16 of mostly western text has a zero in every second byte."""
    even, odd = start[0::2], start[1::2]
    if not odd:
        return None
    if odd.count(0) > len(odd) * 0.4 and even.count(0) < len(even) * 0.1:
        return "utf-16-le"
    if even.count(0) > len(even) * 0.4 and odd.count(0) < len(odd) * 0.1:
        return "utf-16-be"
    return None


def is_ndjson(path: Path, sample: str) -> bool:
    """Whether the file holds one JSON object a line: by its name, else by its first character."""
    if path.suffix.lower() in (".ndjson", ".jsonl"):
        return True
    return sample.lstrip("\ufeff \t\r\n").startswith("{")


def delimiter(sample: str) -> str:
    """The delimiter of a CSV file: the one that makes the most even table of its first rows.

    Args:
        sample: the beginning of the file; its last line may be cut off.
    """
    lines = sample.splitlines(keepends=True)
    if lines and (told := _told(lines[0])):
        return told
    whole = lines[:-1] if len(lines) > 1 else lines
    scores = [(_score(whole, candidate), candidate) for candidate in DELIMITERS]
    # max keeps the first of equals: a comma for a file of one column.
    return max(scores, key=lambda pair: pair[0])[1]


def _told(line: str) -> str | None:
    """Excel's own first line, ``sep=;``."""
    text = line.lstrip("\ufeff").rstrip("\r\n")
    if text.lower().startswith("sep=") and text[4:] in DELIMITERS:
        return text[4:]
    return None


def _score(lines: list[str], candidate: str) -> float:
    """0 for a header of one column; else how many rows have the header's width, then the width."""
    widths: list[int] = []
    try:
        for row in csv.reader(lines, delimiter=candidate):
            if row:
                widths.append(len(row))
            if len(widths) == 200:
                break
    except csv.Error:
        pass  # a value beyond the limit; what was read so far must do
    if not widths or widths[0] == 1:
        return 0.0
    even = sum(width == widths[0] for width in widths) / len(widths)
    return 100.0 * even + min(widths[0], 99)
