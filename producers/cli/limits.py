"""``rollbook limits``: what each location may be asked, now and for the rest of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from producers.cli import screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table
    from rich.text import Text

    from producers.flow import Flow


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(limits)


def limits(
    location: Annotated[
        str | None,
        typer.Argument(metavar="LOCATION", help="One of them; without it all.", show_default=False),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Show the calls that each location may make, who holds them, and how long the day lasts."""
    from contacts.store import accounts
    from producers import flow
    from producers.cli.door import opened

    with opened() as door:
        if location is None:
            places = accounts.locations(door.store)
        else:
            places = [accounts.location(door.store, location)]
        seen = [flow.look(door.store, door.settings, place) for place in places]
        if json:
            for one in seen:
                screen.emit(one.as_json())
        elif seen:
            now = door.store.clock()
            screen.show(_table(seen), *(line for one in seen for line in _remarks(one, now)))
        else:
            screen.say("No location is known yet: rollbook locations add ID")


def _table(seen: Sequence[Flow]) -> Table:
    from rich.text import Text

    from producers.cli.words import number

    numbers = ("Used", "Kept free", "Wait", "Calls/s", "Day left")
    table = screen.table("Location", "Window", *numbers, right=numbers)
    for one in seen:
        busy = one.used is not None
        table.add_row(
            Text(one.location),
            f"{one.window} in {one.window_s:g} s",
            number(one.used) if one.used is not None else "-",
            number(one.foreign + one.reserve) if busy else "-",
            number(one.live + one.bulk) if busy else "-",
            f"{one.per_s:.1f}",
            f"{number(one.day_left) if one.day_left is not None else '-'} of {number(one.per_day)}",
        )
    return table


def _remarks(one: Flow, now: float) -> list[Text]:
    """What the figures mean, a line each."""
    from rich.text import Text

    from producers.cli.words import clock, number, span

    found = []
    if one.cold:
        found.append("the limiter's memory was lost: it waits for one answer")
    if one.foreign:
        found.append(
            f"{number(one.foreign)} places are kept free for calls that are not ours, or that "
            "Redis forgot"
        )
    if one.stopped:
        found.append(
            f"bulk has stopped, {number(one.kept or 0)} are kept for live calls: it asks once an "
            "hour whether the CRM's day began anew"
        )
    elif one.seconds_to_stop is not None:
        at = clock(now + one.seconds_to_stop, now)
        found.append(f"at this pace bulk stops about {at} (in {span(one.seconds_to_stop)})")
    elif one.day_left is not None:
        found.append("the day's calls last at this pace")
    style = "yellow" if one.stopped or one.cold else ""
    return [Text(f"{one.location}: {line}", style=style) for line in found]
