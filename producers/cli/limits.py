"""``rollbook limits``: what each location may be asked, now and for the rest of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from contacts.errors import UsageError
from producers.cli import screen, window_probe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from producers.flow import Flow

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")]


class _Shown(TyperGroup):
    """``rollbook limits LOCATION`` is ``rollbook limits show LOCATION``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is meant."""
        known = args[0] in self.commands or args[0].startswith("-")
        return super().resolve_command(ctx, args if known else ["show", *args])


def add(app: typer.Typer) -> None:
    """Hang the commands into the application."""
    group = typer.Typer(
        cls=_Shown,
        help="Show the calls that each location may make, or measure how the CRM counts them.",
        rich_markup_mode=None,
    )
    group.callback(invoke_without_command=True)(limits)
    group.command("show")(show)
    group.command("probe")(window_probe.probe)
    app.add_typer(group, name="limits")


def limits(context: typer.Context, *, json: AsJson = False) -> None:
    """Show the calls that each location may make, who holds them, and how long the day lasts.

    Of one location: `rollbook limits LOCATION`.
    """
    if context.invoked_subcommand is None:
        _say(None, json=json)
    elif json:
        raise UsageError(f"write --json behind: rollbook limits {context.invoked_subcommand} …")


def show(
    location: Annotated[
        str | None,
        typer.Argument(metavar="LOCATION", help="One of them; without it all.", show_default=False),
    ] = None,
    *,
    json: AsJson = False,
) -> None:
    """Show the calls that a location may make, who holds them, and how long the day lasts."""
    _say(location, json=json)


def _say(location: str | None, *, json: bool) -> None:
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
            remarks = [line for one in seen for line in _remarks(one, now)]
            screen.show(_table(seen), *([""] if remarks else []), *remarks)
        else:
            screen.say("No location is known yet: rollbook locations add ID")


def _table(seen: Sequence[Flow]) -> screen.Folding:
    from rich.text import Text

    from producers.cli.words import number

    numbers = ("Used", "In flight", "Kept free", "Wait", "Calls/s", "Day left")
    table = screen.Folding("Location", "Window", *numbers, right=numbers)
    for one in seen:
        busy = one.used is not None
        table.add_row(
            Text(one.location),
            f"{one.window} in {one.window_s:g} s",
            number(one.used) if one.used is not None else "-",
            number(one.in_flight) if busy else "-",
            number(one.foreign + one.reserve) if busy else "-",
            number(one.live + one.bulk) if busy else "-",
            f"{one.per_s:.1f}",
            f"{number(one.day_left) if one.day_left is not None else '-'} of {number(one.per_day)}",
        )
    return table


def _remarks(one: Flow, now: float) -> list[screen.Hanging]:
    """What the figures mean, a line each."""
    lines = [*_of_the_window(one, now), (_of_the_day(one, now), one.stopped)]
    return [
        screen.Hanging(f"{one.location}: {line}", style="yellow" if warn else "")
        for line, warn in lines
        if line is not None
    ]


def _of_the_window(one: Flow, now: float) -> Iterator[tuple[str, bool]]:
    """What there is to say of places and pauses, and whether it is a warning."""
    from producers.cli.words import number, until_when

    if one.own:
        what = "window and day are" if len(one.own) > 1 else f"its {one.own[0]} is"
        yield f"{what} its own, set with `rollbook locations add`", False
    if one.paused_until is not None:
        what = "all but its live jobs" if one.pause_bulk_only else "all of its jobs"
        yield f"paused, {what}, {until_when(one.paused_until, now)}: {one.pause_reason}", True
    if one.cold:
        yield "the limiter's memory was lost: it waits for one answer", True
    if one.foreign:
        yield (
            f"{number(one.foreign)} places are kept free for calls that are not ours, or that "
            "Redis forgot",
            False,
        )
    if one.armed is not None:
        yield _counted(one), False


def _counted(one: Flow) -> str:
    """How the CRM counts, and what the limiter makes of it."""
    from contacts.tempo import Counting

    how = {
        Counting.UNKNOWN: "how the CRM counts was not seen yet",
        Counting.WINDOWS: "the CRM counts in fixed windows",
        Counting.REFILLS: "the CRM counts as a bucket that fills evenly",
        Counting.SLIDING: "the CRM counts in a sliding window, or may",
    }[one.counting]
    if one.armed:
        return f"{how}: the strictest way is assumed"
    return f"{how}; what its headers leave is used"


def _of_the_day(one: Flow, now: float) -> str | None:
    """Whether the day's calls last; None: nothing is known of it."""
    from producers.cli.words import clock, number, span

    if one.day_left is None:
        return None
    kept = number(one.kept or 0)
    if one.begins_at is None:
        begins = "the hour of the next day is not known yet"
    else:
        ahead = span(one.begins_at - now)
        begins = f"the CRM's next day begins {clock(one.begins_at, now)} (in {ahead})"
    if one.stopped:
        goes_on = "it is asked now and then" if one.begins_at is None else "then bulk goes on"
        return f"bulk has stopped, {kept} are kept for live calls; {begins}: {goes_on}"
    if one.stops_at is not None:
        at, ahead = clock(one.stops_at, now), span(one.stops_at - now)
        return f"at this pace bulk stops {at} (in {ahead}), with {kept} left for live; {begins}"
    return f"the day's calls last at this pace; {begins}"
