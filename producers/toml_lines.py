"""In which line of a TOML text a key stands, for whoever has to mend it. Pure."""

from __future__ import annotations

import re
from typing import Final

_HEADER: Final = re.compile(r"\s*(\[{1,2})\s*(.+?)\s*\]{1,2}\s*(#.*)?$")
_KEY: Final = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART: Final = re.compile(r"""[A-Za-z0-9_-]+|"([^"]*)"|'([^']*)'""")
_FENCE: Final = re.compile(r'"""|\'\'\'')


def line_of(text: str, key: str) -> int | None:
    """The line, from 1, of a key such as ``platform.feed.size`` or ``tags[2].template``.

    Of a key that is not there, the line of the table that it would stand in.
    """
    places = _places(text)
    wanted = [part for one in key.split("[") for part in _parts(one.replace("]", ""))]
    while wanted:
        found = places.get(tuple(wanted))
        if found is not None:
            return found
        wanted.pop()
    return None


def _places(text: str) -> dict[tuple[str, ...], int]:
    places: dict[tuple[str, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        was_inside = inside
        inside ^= len(_FENCE.findall(line)) % 2 == 1
        if was_inside:
            continue
        if header := _HEADER.match(line):
            table = tuple(_parts(header[2]))
            if header[1] == "[[":
                counts[table] = counts.get(table, 0) + 1
                places.setdefault(table, number)
                table = (*table, str(counts[table]))
            places.setdefault(table, number)
        elif found := _KEY.match(line):
            places.setdefault((*table, *_parts(found[1])), number)
    return places


def _parts(dotted: str) -> list[str]:
    return [found[1] or found[2] or found[0] for found in _PART.finditer(dotted)]
