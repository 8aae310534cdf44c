"""The figures as a picture: a panel for each, a bar for each peer. SVG, made by hand. Pure.

A plotting library would be 30 MB of dependencies for forty rectangles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from ops.bench.peers.score import Score
from ops.bench.peers.table import FIGURES, Figure, best

PANELS: Final = tuple(figure for figure in FIGURES if figure.plotted)

COLUMNS: Final = 3
PANEL: Final = (310, 26)
"""Width of a panel and height of a bar with its gap, pixels."""

NAME: Final = 76
"""Pixels for a peer's name; what is left of the panel is the bar's and its value's."""

BAR: Final = 130
TITLE: Final = 30
MARGIN: Final = 14
OURS, THEIRS, INK, FAINT = "#2a6fb0", "#9aa5b1", "#1f2933", "#7b8794"


def svg(scores: Sequence[Score], caption: str) -> str:
    """The picture.

    Args:
        caption: one line below it: when, how many contacts, which machine.
    """
    width = 2 * MARGIN + COLUMNS * PANEL[0]
    panel = TITLE + len(scores) * PANEL[1] + MARGIN
    height = 2 * MARGIN + math.ceil(len(PANELS) / COLUMNS) * panel + TITLE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, figure in enumerate(PANELS):
        x = MARGIN + number % COLUMNS * PANEL[0]
        y = MARGIN + number // COLUMNS * panel
        parts += _panel(figure, scores, x, y)
    parts += [_text(caption, MARGIN, height - MARGIN, FAINT), "</svg>", ""]
    return "\n".join(parts)


def _panel(figure: Figure, scores: Sequence[Score], x: int, y: int) -> Iterator[str]:
    yield _text(_title(figure), x, y + 16, INK, bold=True)
    good = best(figure, scores)
    for score, share in zip(scores, shares(figure, scores), strict=True):
        y += PANEL[1]
        long, color = round(share * BAR), OURS if score.name == "rollbook" else THEIRS
        yield _text(score.title, x, y + 16, INK)
        yield f'<rect x="{x + NAME}" y="{y + 5}" width="{long}" height="16" fill="{color}"/>'
        value = figure.text(score)
        yield _text(value, x + NAME + long + 5, y + 17, INK, bold=score.name in good)


def _title(figure: Figure) -> str:
    sense = {"less": "less is better", "more": "more is better", None: "100 allowed"}
    return f"{figure.what} ({sense[figure.better]}{', log' if figure.log else ''})"


def shares(figure: Figure, scores: Sequence[Score]) -> list[float]:
    """How long each bar is, 0 to 1 of the longest; what never happened is as long as it gets."""
    lengths = [_length(figure.value(score), log=figure.log) for score in scores]
    longest = max((one for one in lengths if one < math.inf), default=0.0)
    return [1.0 if one == math.inf else one / longest if longest else 0.0 for one in lengths]


def _length(value: float, *, log: bool) -> float:
    return math.log1p(value) if log else value


def _text(words: str, x: int, y: int, color: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x}" y="{y}" fill="{color}"{weight}>{escape(words)}</text>'
