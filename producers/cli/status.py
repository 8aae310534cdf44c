"""``rollbook status``: everything at a glance, or how far one run is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from producers.cli import screen

if TYPE_CHECKING:
    from producers.cli.door import Door

WATCH_S = 2.0
"""How often `--watch` looks again."""


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(status)


def status(
    run: Annotated[
        int | None,
        typer.Argument(
            metavar="RUN", help="Id of a run; without it, everything.", show_default=False
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again and again, until Ctrl-C.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Show who is alive, what waits where and how fast it goes; or how far a run is."""
    from producers.cli.door import opened

    with opened() as door:
        if run is None:
            _overview(door, watch=watch, json=json)
        elif watch:
            from producers.cli import following

            raise typer.Exit(following.until_over(door, run, json=json))
        else:
            _run(door, run, json=json)


def _overview(
    door: Door, *, watch: bool, json: bool, sleep: Callable[[float], None] = time.sleep
) -> None:
    from producers.cli import overview

    if watch and not json and screen.is_terminal():
        _watch(door, sleep)
        return
    while True:
        seen = overview.gather(door)
        if json:
            screen.emit(seen.as_json())
        else:
            screen.show(*overview.draw(seen))
        if not watch:
            return
        sleep(WATCH_S)


def _watch(door: Door, sleep: Callable[[float], None]) -> None:
    """The overview on a screen of its own, drawn anew; a database that is away is waited for."""
    from rich.console import Group
    from rich.live import Live

    from contacts.store.database import DatabaseDown
    from producers.cli import overview

    with Live(console=screen.console(), auto_refresh=False, screen=True) as live:
        while True:
            try:
                live.update(Group(*overview.draw(overview.gather(door))), refresh=True)
            except DatabaseDown:
                live.update("the database does not answer: waiting for it", refresh=True)
            sleep(WATCH_S)


def _run(door: Door, number: int, *, json: bool) -> None:
    from producers import progress
    from producers.cli import meter, report

    run = report.find(door.store, number)
    look = progress.look(door.store, door.settings, run)
    if look.over:
        made = report.gather(door.store, run, read_only=door.settings.read_only)
        report.say(made, door.store.clock(), json=json)
    elif json:
        screen.emit({"event": "progress", "at": look.at} | look.as_json())
    else:
        screen.show(meter.heading(look), meter.panel(look))
