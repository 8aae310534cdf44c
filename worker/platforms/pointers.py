"""JSON pointers (RFC 6901): ``/profile/first`` of a document. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def find(document: Any, pointer: str) -> Any:
    """What a pointer leads to; None where it leads nowhere. ``""`` is the whole document.

    A name without a slash means the same as with one.
    """
    found = document
    for part in _parts(pointer):
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def place(values: Mapping[str, Any]) -> dict[str, Any]:
    """A document in which each pointer leads to its value; parts become objects."""
    document: dict[str, Any] = {}
    for pointer, value in values.items():
        *way, last = _parts(pointer)
        inner = document
        for part in way:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return document


def text(value: Any) -> str:
    """A value of JSON or of a column as a text; a list's parts with commas between them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(text(one) for one in value if text(one))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if isinstance(value, dict) else str(value)


def _parts(pointer: str) -> list[str]:
    parts = pointer.removeprefix("/").split("/") if pointer else []
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]
