"""The figures as a table: for the terminal, and as Markdown for docs/performance.md. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rich.table import Table
from rich.text import Text

from ops.bench.peers.score import Score


@dataclass(frozen=True, slots=True)
class Figure:
    """One row.

    Attributes:
        what: the row's name.
        value: by which peers are compared.
        text: as it is shown.
        better: which is good; None: neither, it has a bound.
        log: the plot's axis is logarithmic: the peers differ by orders of magnitude.
        plotted: whether it has a panel in the plot.
    """

    what: str
    value: Callable[[Score], float]
    text: Callable[[Score], str]
    better: Literal["less", "more"] | None = "less"
    log: bool = False
    plotted: bool = True


def _ms(value: float) -> str:
    return "never" if value == float("inf") else f"{value:,.0f}"


FIGURES: Final = (
    Figure("time / lower bound", lambda s: s.times_bound, lambda s: f"{s.times_bound:.2f}"),
    Figure("use of the limit, %", lambda s: s.use, lambda s: f"{s.use:.1f}", "more"),
    Figure("answers 429", lambda s: s.refused, lambda s: f"{s.refused:,}", log=True),
    Figure("calls in the busiest 10 s", lambda s: s.busiest, lambda s: f"{s.busiest:,}", None),
    Figure("CPU of a call, ms", lambda s: s.cpu_ms, lambda s: f"{s.cpu_ms:.1f}"),
    Figure("missing, nothing killed", lambda s: s.missing, lambda s: f"{s.missing:,}"),
    Figure("lost after kill -9", lambda s: s.lost, lambda s: f"{s.lost:,}"),
    Figure("of them held", lambda s: s.held, lambda s: f"{s.held:,}", None, plotted=False),
    Figure("doubled after kill -9", lambda s: s.doubled, lambda s: f"{s.doubled:,}"),
    Figure("live job, median, ms", lambda s: s.live_ms, lambda s: _ms(s.live_ms), plotted=False),
    Figure("live job, p99, ms", lambda s: s.live_p99_ms, lambda s: _ms(s.live_p99_ms), log=True),
)


def best(figure: Figure, scores: Sequence[Score]) -> frozenset[str]:
    """The names of those who have the best value; nobody if all are alike."""
    values = {score.name: figure.value(score) for score in scores}
    if figure.better is None or len(set(values.values())) == 1:
        return frozenset()
    top = min(values.values()) if figure.better == "less" else max(values.values())
    return frozenset(name for name, value in values.items() if value == top)


def terminal(scores: Sequence[Score]) -> Table:
    """A column for each peer; the best figures are green."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("")
    for score in scores:
        table.add_column(score.title, justify="right")
    for figure in FIGURES:
        good = best(figure, scores)
        cells = [Text(figure.text(s), "green" if s.name in good else "") for s in scores]
        table.add_row(figure.what, *cells)
    return table


def markdown(scores: Sequence[Score]) -> str:
    """The same for the docs; the best figures are bold. Below it, how each was set up."""
    lines = [
        "| | " + " | ".join(score.title for score in scores) + " |",
        "| --- |" + " ---: |" * len(scores),
    ]
    for figure in FIGURES:
        good = best(figure, scores)
        cells = [_bold(figure.text(s), s.name in good) for s in scores]
        lines.append(f"| {figure.what} | " + " | ".join(cells) + " |")
    setups = [f"* {score.title}: {score.how}." for score in scores]
    return "\n".join([*lines, "", *setups, ""])


def _bold(text: str, good: bool) -> str:
    return f"**{text}**" if good else text
