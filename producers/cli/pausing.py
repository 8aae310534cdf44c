"""``rollbook pause`` and ``rollbook resume``: a person stops a location's calls, and lets them go
on."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from producers.cli import screen

REASON = "paused by `rollbook pause`"

Place = Annotated[
    str, typer.Argument(metavar="LOCATION", help="Id of the location.", show_default=False)
]


class Lane(StrEnum):
    """What a person may stop apart from the rest: all but the live jobs."""

    BULK = "bulk"


def add(app: typer.Typer) -> None:
    """Hang the commands into the application."""
    app.command()(pause)
    app.command()(resume)


def pause(
    location: Place,
    *,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="T",
            help="90m, 2h, 1d, 07:30 or 2026-11-24T10:00 (UTC); without it until `resume`.",
        ),
    ] = None,
    lane: Annotated[
        Lane | None, typer.Option(help="Backfills and walks alone; live jobs go on.")
    ] = None,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="What `rollbook status` shows; no personal data.")
    ] = REASON,
) -> None:
    """Begin none of a location's jobs for a while. What is owed is kept; running calls finish."""
    from contacts.store import accounts
    from producers import brake, moments
    from producers.cli.door import opened
    from producers.cli.words import until_when

    with opened() as door:
        accounts.location(door.store, location)
        now = door.store.clock()
        end = moments.until(until, now)
        with door.store.write() as tx:
            accounts.pause(tx, location, end, reason, bulk_only=lane is not None)
        redis = door.settings.redis
        brake.pull(redis, location, end - now, reason, bulk_only=lane is not None)
        found = accounts.location(door.store, location)
        what = "all but its live jobs" if found.pause_bulk_only else "all of its jobs"
        held = found.paused_until or end
        screen.say(
            f"Location {location} is paused, {what}, {until_when(held, now)}: "
            f"`rollbook resume {location}` ends it."
        )
        if found.pause_reason != reason:
            screen.say(f"It was paused for longer already: {found.pause_reason}")


def resume(
    location: Place,
    *,
    lane: Annotated[
        Lane | None, typer.Option(help="End the pause of backfills and walks alone.")
    ] = None,
) -> None:
    """End a location's pause: its jobs go on at once."""
    from contacts.store import accounts
    from producers import brake
    from producers.cli.door import opened

    with opened() as door:
        accounts.location(door.store, location)
        brake.release(door.settings.redis, location, bulk_only=lane is not None)
        with door.store.write() as tx:
            ended = accounts.resume(tx, location, bulk_only=lane is not None)
        door.ring()
        left = accounts.location(door.store, location)
        if not ended:
            screen.say(f"Location {location} was not paused.")
        elif left.paused_until is not None:
            screen.say(f"Location {location} is still paused, all of its jobs: {left.pause_reason}")
        else:
            screen.say(f"Location {location} goes on.")
