"""``rollbook doctor``: is everything as it has to be, and what mends what is not?"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from contacts.errors import UsageError
from producers.cli import checkup, screen
from producers.cli.checkup import Line, State
from producers.cli.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from contacts.settings import Settings
    from contacts.store.accounts import Location
    from producers.cli.checkup_place import Place
    from producers.cli.door import Door
    from producers.mapping import Export

MOST: Final = 10
"""Locations that are looked at unless one is named: each costs some calls."""


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(doctor)


def doctor(
    location: Annotated[
        str | None, typer.Option("--location", metavar="ID", help="Look at this one alone.")
    ] = None,
    *,
    map: Annotated[
        Path | None,
        typer.Option("--map", metavar="PATH", help="The mapping; else rollbook.toml, if it is."),
    ] = None,
    ask: Annotated[
        bool,
        typer.Option("--ask/--no-ask", help="Have a worker ask the CRM: a few reads a location."),
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Look at everything: settings, database, Redis, clocks, processes, webhooks, access, scopes.

    Each line is ok, or says what is wrong and what mends it. Nothing is changed anywhere.
    """
    found = examine(location, map, ask=ask, quiet=json)
    if json:
        for line in found:
            screen.emit(line.as_json())
    else:
        screen.show(*draw(found))
    if any(line.state is State.WRONG for line in found):
        raise typer.Exit(1)


# ---------------------------------------------------------------- looking


def examine(location: str | None, map: Path | None, *, ask: bool, quiet: bool) -> list[Line]:
    """Every line; what cannot be looked at without what is wrong is left out."""
    from contacts.settings import load

    try:
        settings = load()
    except UsageError as error:
        return checkup.sentences("settings", error)
    found = list(checkup.settings(settings))
    export, mistakes = _mapping(map)
    found += mistakes
    return [*found, *_with_database(settings, location, export, ask=ask, quiet=quiet)]


def _mapping(path: Path | None) -> tuple[Export | None, list[Line]]:
    from producers.cli import scopes

    try:
        export = scopes.mapped(path)
    except UsageError as error:
        return None, checkup.sentences("mapping", error)
    return export, [checkup.ok("mapping", f"{export.origin} is right")] if export else []


def _with_database(
    settings: Settings, location: str | None, export: Export | None, *, ask: bool, quiet: bool
) -> list[Line]:
    from contacts.store.database import DatabaseDown
    from producers.cli.door import opened

    redis = list(checkup.redis(settings))
    try:
        with opened() as door:
            house = _house(door, settings, redis)
            working = all(line.name not in ("redis", "processes") for line in _ill(house))
            silent = "" if ask else "--no-ask"
            silent = silent or ("" if working else "no worker can: start what is not alive")
            return [*house, *_places(door, location, export, silent=silent, quiet=quiet)]
    except DatabaseDown as error:
        said = f"it does not answer ({error}); nothing is lost"
        return [checkup.wrong("database", said, "start it, or correct the setting"), *redis]
    except UsageError as error:
        return [*checkup.sentences("database", error), *redis]


def _house(door: Door, settings: Settings, redis: list[Line]) -> list[Line]:
    return [
        *checkup.database(door.store),
        *_safely("key", door),
        *redis,
        *checkup.processes(door.store),
        *checkup.jobs(door.store),
        *checkup.webhooks(settings, door.store),
    ]


def _safely(name: str, door: Door) -> list[Line]:
    try:
        return list(checkup.key(door))
    except UsageError as error:
        return checkup.sentences(name, error)


def _ill(found: Iterable[Line]) -> list[Line]:
    return [line for line in found if line.state is State.WRONG]


def _places(
    door: Door, location: str | None, export: Export | None, *, silent: str, quiet: bool
) -> list[Line]:
    """The lines of the locations, after a worker has looked at them.

    Args:
        silent: why nobody is asked; "": they are.
    """
    from contacts.store import platforms
    from producers import scoping
    from producers.cli import checkup_place
    from producers.cli.checkup_place import Place

    chosen, more = _chosen(door, location)
    with_platform = {one.location for one in platforms.connected(door.store)}

    def place(one: Location) -> Place:
        scopes = scoping.of(door.store, door.settings, one.id, export)
        return Place(one, scopes, export, one.id in with_platform, silent=silent)

    places = [place(one) for one in chosen]
    if not silent:
        looked = _looked(door, places, quiet=quiet)
        # What the looks found is among what shows a scope.
        places = [replace(looked[one.id], scopes=place(one).scopes) for one in chosen]
    return [line for one in places for line in checkup_place.lines(door, one)] + more


def _chosen(door: Door, location: str | None) -> tuple[Sequence[Location], list[Line]]:
    from contacts.store import accounts

    known = accounts.locations(door.store)
    if location is not None or door.settings.crm_location is not None or not known:
        try:
            return [door.location(location)], []
        except UsageError as error:
            return [], checkup.sentences("location", error)
    if len(known) <= MOST:
        return known, []
    rest = len(known) - MOST
    return known[:MOST], [
        checkup.note("locations", f"{count(rest, 'more was', 'more were')} not looked at",
                     "rollbook doctor --location ID")
    ]  # fmt: skip


def _looked(door: Door, places: Sequence[Place], *, quiet: bool) -> dict[str, Place]:
    """The places with what a worker found; one that is paused is not asked."""
    from producers import looking

    now = door.store.clock()

    def paused(place: Place) -> bool:
        until = place.location.paused_until
        return until is not None and until > now and not place.location.pause_bulk_only

    wanted = {one.location.id: one.looks for one in places if not paused(one)}
    with _patience(quiet=quiet):
        seen = looking.ask(door.store, wanted, ring=door.ring) if wanted else {}
    return {
        one.location.id: replace(one, seen=seen[one.location.id])
        if one.location.id in seen
        else replace(one, silent="the location is paused")
        for one in places
    }


def _patience(*, quiet: bool) -> AbstractContextManager[Any]:
    if quiet or not screen.is_terminal():
        return nullcontext()
    return screen.console(stderr=True).status("A worker asks the CRM …")


# ---------------------------------------------------------------- drawing

MARKS: Final = {State.OK: "✓", State.NOTE: "!", State.WRONG: "✗"}
STYLES: Final = {State.OK: "green", State.NOTE: "yellow", State.WRONG: "bold red"}
WIDTH: Final = 15
"""Of the names of the checks."""


def draw(found: Sequence[Line]) -> list[RenderableType]:
    """The lines as a person reads them, by place; plain ones in a file or pipe."""
    from rich.text import Text

    lively = screen.console().is_terminal
    drawn: list[RenderableType] = []
    for place in dict.fromkeys(line.place for line in found):
        if drawn:
            drawn.append(Text(""))
        if place:
            drawn.append(Text(f"Location {place}", style="bold"))
        mine = [line for line in found if line.place == place]
        drawn += [_lively(mine)] if lively else [_plain(line) for line in mine]
    return [*drawn, Text(""), _verdict(found)]


def _lively(lines: Sequence[Line]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, min_width=WIDTH)
    table.add_column(overflow="fold")
    for line in lines:
        style = STYLES[line.state]
        well = line.state is State.OK
        said = Text(line.said, style="" if not well else "dim")
        if line.mend:
            said = Text.assemble(said, "\n", ("→ ", style), (line.mend, "bold"))
        table.add_row(Text(MARKS[line.state], style=style), line.name, said)
    return table


def _plain(line: Line) -> RenderableType:
    from rich.text import Text

    mend = f" -> {line.mend}" if line.mend else ""
    return Text(
        f"{line.state.value:<6} {line.name:<{WIDTH}} {line.said}{mend}",
        no_wrap=True,
        overflow="ignore",
    )


def _verdict(found: Sequence[Line]) -> RenderableType:
    from rich.text import Text

    wrong = len(_ill(found))
    notes = sum(line.state is State.NOTE for line in found)
    known = f", {count(notes, 'thing')} to know" if notes else ""
    if wrong:
        return Text(f"{count(wrong, 'thing is', 'things are')} wrong{known}.", style="bold red")
    return Text(f"Everything is as it has to be{known}.", style="bold green")
