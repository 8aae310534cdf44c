"""The figures beside their bounds: a table for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        what: the figure's name.
        unit: of the value, the bound and the rival's figure.
        bound: what ours may be at most or must be at least; None: it is only shown.
        better: which side of the bound is good.
        digits: after the point.
        value: ours; None: there is none.
        rival: the same figure of the plain Celery project; None: there is none.
    """

    what: str
    unit: str = ""
    bound: float | None = None
    better: Literal["less", "more"] = "less"
    digits: int = 0
    value: float | None = None
    rival: float | None = None

    @property
    def good(self) -> bool | None:
        """Whether the bound holds; None: there is none."""
        if self.bound is None:
            return None
        if self.value is None:
            return False
        if self.better == "less":
            return self.value <= self.bound
        return self.value >= self.bound


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under a heading."""

    title: str
    rows: Sequence[Row]


def missed(sections: Sequence[Section]) -> list[Row]:
    """The rows whose bound does not hold."""
    return [row for section in sections for row in section.rows if row.good is False]


def show(sections: Sequence[Section], console: Console) -> None:
    """Print a table for each section."""
    for section in sections:
        table = Table(title=section.title, title_justify="left", box=None, padding=(0, 1, 0, 0))
        table.add_column("", width=37)
        for name, width in (("Rollbook", 9), ("bound", 9), ("", 6), ("plain Celery", 12)):
            table.add_column(name, justify="right", min_width=width)
        for row in section.rows:
            ours, rival = _text(row.value, row), _text(row.rival, row)
            table.add_row(row.what, ours, _bound(row), _mark(row), rival)
        console.print()
        console.print(table)


def document(sections: Sequence[Section], **about: Any) -> dict[str, Any]:
    """The same as a document: what it is about, then every row with its verdict."""
    found = [
        {"section": section.title, **asdict(row), "good": row.good}
        for section in sections
        for row in section.rows
    ]
    return {**about, "good": not missed(sections), "rows": found}


def _text(value: float | None, row: Row) -> str:
    return "" if value is None else f"{value:,.{row.digits}f} {row.unit}".rstrip()


def _bound(row: Row) -> str:
    if row.bound is None:
        return ""
    return f"{'≤' if row.better == 'less' else '≥'} {_text(row.bound, row)}"


def _mark(row: Row) -> str:
    return {None: "", True: "[green]ok[/]", False: "[red]missed[/]"}[row.good]
