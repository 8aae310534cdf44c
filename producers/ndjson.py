"""One JSON object a line, as flat texts by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TextIO

import orjson

from producers.lines import numbered

LIST_MARK: Final = "\x1f"
"""Between the parts of a list within one text."""


def objects(file: TextIO) -> Iterator[tuple[int, dict[str, str] | str]]:
    """(number of the line, its object; or the line itself if it is none). Blank lines are skipped.

    An object within an object is ``outer.inner``; numbers and truth values are spelled as JSON
    does, null is blank.
    """
    for number, line in numbered(file):
        text = line.strip("\ufeff\x00 \t\r\n")
        if not text:
            continue
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            found = None
        yield number, _flat(found) if isinstance(found, dict) else text


def _flat(found: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in found.items():
        name = " ".join(f"{prefix}{key}".split())
        if isinstance(value, dict):
            flat |= _flat(value, f"{name}.")
        elif isinstance(value, list):
            flat[name] = LIST_MARK.join(_text(part) for part in value)
        else:
            flat[name] = _text(value)
    return flat


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.replace("\x00", "")
    return str(value) if isinstance(value, int | float) else orjson.dumps(value).decode()
