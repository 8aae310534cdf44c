"""Charts inside the page: no script, nothing from elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 720


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
    """Lying bars, one below the other, to one scale: as wide as the page is, on a phone too."""
    most = max((row.size for row in rows), default=0) or 1
    drawn = "".join(_bar(row, most) for row in rows)
    return f'<ul class="bars" aria-label="{escape(label)}">{drawn}</ul>'


def _bar(row: Row, most: float) -> str:
    pieces = "".join(
        f'<i class="{part.colour}" style="width:{100 * part.size / most:.2f}%" '
        f'title="{escape(part.title)}"></i>'
        for part in row.parts
        if part.size
    )
    return (
        f'<li><span class="name">{escape(row.name)}</span>'
        f'<span class="bar">{pieces}<span class="quiet">{escape(row.word)}</span></span></li>'
    )


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
        _text(44, 12, f"{most:,}", "end"),
        _text(44, 72, f"{most / 2:,g}", "end"),
        _text(44, base + 4, "0", "end"),
    ]
    width = max(1.5, min(step - 1.5, 22.0))
    for place, (well, ill, title) in enumerate(zip(good, bad, titles, strict=True)):
        x, tall = 54 + place * step, well / most * (base - 8)
        drawn.append(_rect(x, base - tall, width, tall, Part(well, "told", title)))
        if ill:
            more = max(2.0, ill / most * (base - 8))
            drawn.append(_rect(x, base - tall - more, width, more, Part(ill, "conflict", title)))
    drawn.append(_text(54, height - 3, ends[0], "start"))
    drawn.append(_text(WIDTH, height - 3, ends[1], "end"))
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(drawn)}</svg>"
    )


def _rect(x: float, y: float, width: float, height: float, part: Part) -> str:
    return (
        f'<rect class="{part.colour}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="2"><title>{escape(part.title)}</title></rect>'
    )


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'
