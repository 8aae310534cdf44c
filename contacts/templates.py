"""Texts with the names of columns in braces: ``course: {Course}``. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_PART: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True, slots=True)
class Template:
    """A text in parts.

    Attributes:
        text: as it was written.
        parts: (literal, column after it); the last column may be None.
    """

    text: str
    parts: tuple[tuple[str, str | None], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order, as written."""
        return tuple(column for _, column in self.parts if column is not None)

    def fill(self, value: Callable[[str], str]) -> str | None:
        """The text with the columns' values; None when one of them is blank.

        Half a sentence ("Enrolled in  on ") helps nobody, so a blank leaves the whole text out.
        """
        pieces: list[str] = []
        for literal, column in self.parts:
            pieces.append(literal)
            if column is not None:
                found = value(column).strip()
                if not found:
                    return None
                pieces.append(found)
        return "".join(pieces)


def parse(text: str) -> Template:
    """Read a template; ``{{`` and ``}}`` stand for braces.

    Raises:
        ValueError: a brace without its partner, or nothing between two; half a sentence.
    """
    parts: list[tuple[str, str | None]] = []
    literal, end = "", 0
    for found in _PART.finditer(text):
        literal += text[end : found.start()]
        end = found.end()
        mark = found.group()
        if mark in ("{{", "}}"):
            literal += mark[0]
        elif found.group(1) is None:
            raise ValueError(
                f"has a {mark} without its partner (write {mark}{mark} to mean {mark})"
            )
        elif not found.group(1).strip():
            raise ValueError("has {} without the name of a column in it")
        else:
            parts.append((literal, " ".join(found.group(1).split())))
            literal = ""
    literal += text[end:]
    if literal or not parts:
        parts.append((literal, None))
    return Template(text, tuple(parts))
