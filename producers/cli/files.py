"""``rollbook init``: a first mapping, from the header of an export."""

from __future__ import annotations

import shlex
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from producers.cli import screen

if TYPE_CHECKING:
    from rich.table import Table

    from producers.mapping import Export
    from producers.readers import Source
    from producers.starter import Guess

SAMPLE_ROWS = 200
"""Rows that are looked at for the separator of tags."""


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(init)


def init(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The export: CSV or NDJSON.", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="PATH", help="Where to write the mapping.")
    ] = Path("rollbook.toml"),
    force: Annotated[
        bool, typer.Option("--force", help="Write over a mapping that is there.")
    ] = False,
) -> None:
    """Write a commented rollbook.toml from the header of an export."""
    from contacts.errors import UsageError
    from producers import starter
    from producers.mapping import FILE

    source, found = guessed(file)
    if out.exists() and not force:
        raise UsageError(f"{out} is there already: --force writes over it, --out names another")
    try:
        out.write_text(starter.write(found, file.name), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None
    screen.say(f"{file.name}: {_written(source)}, {len(source.columns)} columns\n")
    screen.show(_meanings(source, found))
    words = ["rollbook", "backfill", str(file)]
    if str(out) != FILE:
        words += ["--map", str(out)]
    screen.say(f"\nWrote {out}. Look it over, then:\n  {shlex.join(words)}")


def mapped(file: Path, map: Path | None) -> tuple[Source, Export]:
    """An export and what its columns mean: by the mapping named, else by rollbook.toml, else by
    the header.

    Raises:
        UsageError: file or mapping cannot be used.
    """
    from producers import mapping, readers, starter

    if map is None and not Path(mapping.FILE).exists():
        source, found = guessed(file)
        screen.remark(
            f"No {mapping.FILE} here, so the columns are taken for what they are called; "
            f"`rollbook init {file}` writes one to correct."
        )
        return source, starter.export(found)
    source = readers.open_source(file)
    for warning in source.warnings:
        screen.warn(warning)
    return source, mapping.load(map or Path(mapping.FILE))


def guessed(file: Path) -> tuple[Source, Guess]:
    """An export and what its columns seem to mean.

    Raises:
        UsageError: unreadable, or no column is like an email or a phone.
    """
    from contacts.errors import UsageError
    from producers import readers, starter

    source = readers.open_source(file)
    for warning in source.warnings:
        screen.warn(warning)
    samples = [row.cells for row in islice(source.rows(), SAMPLE_ROWS) if not row.problem]
    found = starter.guess(source.columns, samples)
    if not found.usable:
        known = ", ".join(f'"{name}"' for name in source.columns[:12]) or "none"
        more = " …" if len(source.columns) > 12 else ""
        raise UsageError(
            f"{file}: no column looks like an email or a phone (columns: {known}{more}); name it "
            'in rollbook.toml: [fields] email = "…"'
        )
    return source, found


def _written(source: Source) -> str:
    marks = {",": "commas", ";": "semicolons", "\t": "tabs"}
    kind = f"CSV with {marks[source.delimiter]}" if source.delimiter else "NDJSON"
    return f"{kind}, {source.encoding.removesuffix('-sig').upper()}"


def _meanings(source: Source, found: Guess) -> Table:
    """Each column and what becomes of it, in the file's order."""
    from rich.text import Text

    from contacts.fields import BY_NAME

    means = {column: BY_NAME[name].label for name, column in found.fields}
    means |= {column: _tags(separator) for column, separator in found.tags}
    means |= {column: f"a tag: course: {{{column}}}" for column in found.courses}
    table = screen.table("Column", "Becomes")
    for column in source.columns:
        if column in means:
            table.add_row(Text(column), Text(means[column]))
        else:
            table.add_row(Text(column), Text("nothing yet; perhaps a custom field", style="dim"))
    return table


def _tags(separator: str | None) -> str:
    return f"tags, separated by {separator}" if separator else "a tag"
