"""``rollbook webhooks``: what the CRM told of itself, and what of it nobody understands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from producers.cli import screen

if TYPE_CHECKING:
    from contacts.store.inbox import Tally


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(webhooks)


def webhooks(
    unknown: Annotated[
        bool,
        typer.Option(
            "--unknown",
            help="Show the bodies of types that are not known, a JSON object a line. They hold "
            "people's data.",
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Show how many webhooks of each type came in the last seven days, and when the last one."""
    from contacts.store import inbox
    from producers.cli.door import opened

    with opened() as door:
        if unknown:
            for body in inbox.unknown(door.store):
                screen.emit(body)
            return
        found = inbox.tallies(door.store)
        now = door.store.clock()
    if json:
        for one in found:
            screen.emit(
                {
                    "location": one.location,
                    "type": one.type,
                    "events": one.events,
                    "last_at": one.last_at,
                    "use": use(one.type),
                }
            )
    elif found:
        _show(found, now)
    else:
        screen.say("No webhook in the last seven days: docs/webhooks.md says how to get them")


def use(type: str) -> str:
    """What is done with webhooks of a type."""
    from contacts.events import COUNTED, HEEDED
    from contacts.store.platform_events import COUNTED_AS

    if type in HEEDED or type.startswith(COUNTED_AS):
        return "acted upon"
    return "counted" if type in COUNTED else "unknown, kept for a look"


def _show(found: list[Tally], now: float) -> None:
    from rich.text import Text

    from producers.cli.words import ago, number

    table = screen.table("Location", "Type", "Events", "Last", "Use", right=("Events",))
    for one in found:
        table.add_row(
            Text(one.location or "-"),
            Text(one.type),
            number(one.events),
            ago(one.last_at, now),
            use(one.type),
        )
    screen.show(table)
