"""``rollbook fields``: who decides over each field of a location, and changing it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contacts.errors import UsageError
from producers.cli import screen
from producers.cli.options import At

if TYPE_CHECKING:
    from contacts.policy import Policy
    from producers.cli.door import Door


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(fields)


def fields(
    location: At = None,
    *,
    map: Annotated[
        Path | None,
        typer.Option("--map", metavar="PATH", help="Let [sync] of this mapping hold from now on."),
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Let the rules of docs/fields.md hold again.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Show who decides over each field: the platform, the CRM, or whoever changed it last."""
    from contacts.store import policies
    from producers.cli.door import opened

    wanted = _wanted(map, reset=reset)
    with opened() as door:
        place = door.location(location)
        if wanted is not None:
            keep(door, place.id, wanted)
        with door.store.read() as tx:
            policy = policies.of(tx, place.id)
        if json:
            _emit(policy)
            return
        whose = "the rules of docs/fields.md" if policy.of_the_table else "rules of its own (*)"
        screen.say(f"Location {place.id} has {whose}.\n")
        _show(policy)


def keep(door: Door, location: str, policy: Policy) -> bool:
    """Let these rules hold for the location; returns whether that is a change."""
    from contacts.store import policies

    with door.store.write() as tx:
        return policies.keep(tx, location, policy, now=door.store.clock())


def _wanted(map: Path | None, *, reset: bool) -> Policy | None:
    """The rules that shall hold from now on; None: those that hold already.

    Raises:
        UsageError: both are asked for, or the mapping says nothing or is wrong.
    """
    from contacts.policy import TABLE
    from producers import mapping

    if map is None:
        return TABLE if reset else None
    if reset:
        raise UsageError("either --map or --reset")
    found = mapping.rules(map)
    if found is None:
        raise UsageError(f"{map} has no [sync]: see docs/mapping.md, or --reset")
    return found


def _emit(policy: Policy) -> None:
    from producers.cli import rulebook

    for line in rulebook.lines(policy):
        screen.emit(asdict(line))


def _show(policy: Policy) -> None:
    from producers.cli import rulebook

    table = screen.table(
        "Field", "Decides", "Both changed it", "To the CRM", "From the CRM", "A blank"
    )
    for line in rulebook.lines(policy):
        table.add_row(
            f"{line.name} *" if line.own else line.name,
            line.owner,
            line.both,
            line.to_crm,
            line.from_crm,
            line.blank,
        )
    screen.show(table)
