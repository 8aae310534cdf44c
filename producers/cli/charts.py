"""Bars as SVG, inside the page: no script, nothing from elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 720
LABEL = 168
ROW = 30


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar.

    Attributes:
        colour: name of a colour of the page's style.
        title: what a pointer that rests on it is shown.
    """

    size: float
    colour: str
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """A bar of several pieces, with its name on the left and a word on the right."""

    name: str
    parts: tuple[Part, ...]
    word: str

    @property
    def size(self) -> float:
        """Its length."""
        return sum(part.size for part in self.parts)


def bars(rows: Sequence[Row], label: str) -> str:
    """Lying bars, one below the other, to one scale."""
    most = max((row.size for row in rows), default=0) or 1
    room = WIDTH - LABEL - 150
    drawn = []
    for place, row in enumerate(rows):
        y, x = place * ROW, float(LABEL)
        drawn.append(_text(LABEL - 10, y + 19, row.name, "end"))
        for part in row.parts:
            # A piece that is there is seen.
            width = max(2.0, part.size / most * room) if part.size else 0.0
            drawn.append(_rect(x, y + 6, width, ROW - 12, part))
            x += width + (1.5 if width else 0)
        drawn.append(_text(x + 8, y + 19, row.word, "start", "quiet"))
    return _svg(WIDTH, max(1, len(rows)) * ROW, drawn, label)


def columns(
    good: Sequence[int],
    bad: Sequence[int],
    titles: Sequence[str],
    ends: tuple[str, str],
    label: str,
) -> str:
    """Standing bars side by side, the bad ones on top; the height of the highest is named.

    Args:
        titles: what a pointer that rests on a bar is shown.
        ends: the first and last moment.
    """
    height, base = 150, 128
    most = max((a + b for a, b in zip(good, bad, strict=True)), default=0) or 1
    step = (WIDTH - 56) / max(1, len(good))
    drawn = [f'<line class="grid" x1="50" x2="{WIDTH}" y1="{y}" y2="{y}"/>' for y in (8, 68, base)]
    drawn += [
        _text(44, 12, f"{most:,}", "end", "quiet"),
        _text(44, 72, f"{most / 2:,g}", "end", "quiet"),
        _text(44, base + 4, "0", "end", "quiet"),
    ]
    width = max(1.5, min(step - 1.5, 22.0))
    for place, (well, ill, title) in enumerate(zip(good, bad, titles, strict=True)):
        x, tall = 54 + place * step, well / most * (base - 8)
        drawn.append(_rect(x, base - tall, width, tall, Part(well, "told", title)))
        if ill:
            more = max(2.0, ill / most * (base - 8))
            drawn.append(_rect(x, base - tall - more, width, more, Part(ill, "conflict", title)))
    drawn.append(_text(54, height - 3, ends[0], "start", "quiet"))
    drawn.append(_text(WIDTH, height - 3, ends[1], "end", "quiet"))
    return _svg(WIDTH, height, drawn, label)


def _rect(x: float, y: float, width: float, height: float, part: Part) -> str:
    return (
        f'<rect class="{part.colour}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="2"><title>{escape(part.title)}</title></rect>'
    )


def _text(x: float, y: float, words: str, anchor: str, kind: str = "name") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(width: int, height: int, drawn: Sequence[str], label: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(drawn)}</svg>"
    )
