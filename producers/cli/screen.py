"""Where the command line speaks: tables and sentences for people, JSON lines for machines."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

PLAIN_WIDTH = 160
"""Columns of a table that is written to a file or pipe, where nothing wraps."""

INDENT = 2
"""Columns by which what goes on below a line stands in from it."""


def console(*, stderr: bool = False) -> Console:
    """A console on stdout (results) or stderr (remarks), as it stands at this moment."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PLAIN_WIDTH
    return Console(file=stream, width=width, highlight=False, soft_wrap=False)


def say(text: str = "") -> None:
    """A sentence on stdout."""
    typer.echo(text)


def remark(text: str) -> None:
    """A sentence on stderr, beside the result."""
    typer.echo(text, err=True)


def warn(text: str) -> None:
    """A sentence on stderr that deserves a second look."""
    typer.secho(text, err=True, fg=typer.colors.YELLOW)


def emit(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """One line of JSON on stdout."""
    typer.echo(orjson.dumps(value, default=str).decode())


def table(*columns: str, right: Sequence[str] = ()) -> Table:
    """An empty table; the columns named in ``right`` are numbers. Only the last column wraps: a
    terminal that is too narrow shows … in the others, never half a number.
    """
    from rich import box
    from rich.table import Table

    made = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        header_style="bold",
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name in columns:
        last = name == columns[-1]
        made.add_column(
            name,
            justify="right" if name in right else "left",
            overflow="fold" if last else "ellipsis",
            no_wrap=not last,
        )
    return made


class Folding:
    """A table that has no room for its numbers on a narrow terminal: there each row's name stands
    on a line of its own above them."""

    def __init__(self, *columns: str, right: Sequence[str] = ()) -> None:
        self._columns, self._right = columns, right
        self._rows: list[tuple[RenderableType, ...]] = []

    def add_row(self, *cells: RenderableType) -> None:
        """A row, its name first."""
        self._rows.append(cells)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Any]:
        whole = self._table(0)
        if console.measure(whole, options=options.update(width=1_000)).maximum <= options.max_width:
            yield whole
            return
        from rich.segment import Segment

        room = options.update(width=options.max_width - INDENT)
        heads, rule, *lines = console.render_lines(self._table(1), room, pad=False)
        yield self._columns[0]
        for line in (heads, rule):
            yield from (Segment(" " * INDENT), *line, Segment.line())
        for row, line in zip(self._rows, lines, strict=True):
            yield row[0]
            yield from (Segment(" " * INDENT), *line, Segment.line())

    def _table(self, first: int) -> Table:
        """From that column on; none of them wraps, so a row is a line."""
        made = table(*self._columns[first:], right=self._right)
        made.columns[-1].no_wrap, made.columns[-1].overflow = True, "ellipsis"
        for row in self._rows:
            made.add_row(*row[first:])
        return made


class Hanging:
    """A sentence whose later lines stand in from its first, where it does not fit on one."""

    def __init__(self, words: str | Text, style: str = "") -> None:
        from rich.text import Text

        self._text = Text(words, style=style) if isinstance(words, str) else words

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Any]:
        from rich.text import Text

        if self._text.cell_len <= options.max_width:
            yield self._text
            return
        first, *more = self._text.wrap(console, max(1, options.max_width - INDENT))
        yield first
        yield from (Text(" " * INDENT).append_text(line) for line in more)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return self._text.__rich_measure__(console, options)


def figures(rows: Sequence[tuple[str, str]]) -> Table:
    """Numbers on the right of their column, and what they count beside them."""
    from rich.table import Table
    from rich.text import Text

    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(justify="right", no_wrap=True, min_width=8)
    for figure, meaning in rows:
        made.add_row(figure, Text(meaning))
    return made


def show(*renderables: Any) -> None:
    """Tables on stdout; in a file or pipe without the blanks that pad them."""
    out = console()
    if out.is_terminal:
        out.print(*renderables, sep="\n")
        return
    with out.capture() as drawn:
        out.print(*renderables, sep="\n")
    say("\n".join(line.rstrip() for line in drawn.get().splitlines()))


def is_terminal() -> bool:
    """Whether a person sees stdout as it is written, on a terminal that can move its cursor."""
    return console().is_interactive
