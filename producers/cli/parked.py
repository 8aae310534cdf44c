"""``rollbook parked``: jobs that wait for a person, why, and what to do; and trying them again."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from contacts.errors import UsageError
from producers.cli import screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contacts.store.ledger_view import Parked
    from producers.cli.door import Door

Location = Annotated[
    str | None, typer.Option("--location", metavar="ID", help="Only of this location.")
]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="CODE", help="Only those parked for this reason.")
]
COLUMNS = ("Job", "Kind", "Contact", "Location", "Run", "Attempts", "When")
RunId = Annotated[int | None, typer.Option("--run", metavar="RUN", help="Only of this run.")]


def add(app: typer.Typer) -> None:
    """Hang the commands into the application."""
    group = typer.Typer(
        help="List the jobs that wait for a person, and what to do about each.",
        rich_markup_mode=None,
    )
    group.callback(invoke_without_command=True)(parked)
    group.command()(retry)
    app.add_typer(group, name="parked")


def parked(
    context: typer.Context,
    *,
    location: Location = None,
    reason: Reason = None,
    run: RunId = None,
    who: Annotated[
        bool, typer.Option("--who", help="Also show the email or phone of each contact.")
    ] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """List the jobs that wait for a person, and what to do about each."""
    if context.invoked_subcommand is not None:
        return
    from contacts.store import ledger_view
    from producers.cli.door import opened

    with opened() as door:
        found = ledger_view.parked(
            door.store, code=reason, location=location, run=run, limit=limit + 1
        )
        more, found = len(found) > limit, found[:limit]
        if json:
            for one in found:
                screen.emit(asdict(one) | ({"who": _who(door, one.contact)} if who else {}))
        elif not found:
            screen.say("Nothing is parked.")
        else:
            _show(door, found, who=who, more=more)


def retry(
    jobs: Annotated[
        list[int] | None,
        typer.Argument(metavar="ID", help="Ids of parked jobs.", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are parked.")] = False,
    reason: Reason = None,
    run: RunId = None,
) -> None:
    """Try parked jobs again, from their first attempt."""
    from contacts.store import ledger
    from producers.cli.door import opened
    from producers.cli.words import count

    if not (jobs or reason or run is not None or everything):
        raise UsageError("which jobs? Name their ids, or --reason CODE, --run RUN or --all")
    with opened() as door:
        with door.store.write() as tx:
            back = ledger.unpark(
                tx,
                now=door.store.clock(),
                ids=jobs or None,
                code=reason,
                run=run,
                everything=everything,
            )
        if not back:
            raise UsageError("no such job is parked: `rollbook parked` lists them")
        door.ring()
        screen.say(f"{count(back, 'job')} will be tried again.")


def _who(door: Door, contact: int) -> str:
    """Email, or else phone, of a contact; "-" when it has none, or the job is the location's."""
    from contacts.store import roster_view

    found = roster_view.identity(door.store, contact)
    return "-" if found is None else next(iter(found[1].values())) or "-"


def _show(door: Door, found: Sequence[Parked], *, who: bool, more: bool) -> None:
    from rich.text import Text

    from producers.cli.codes import remedy
    from producers.cli.words import ago

    now = door.store.clock()
    for code, reason in dict.fromkeys((one.code, one.reason) for one in found):
        columns = (*COLUMNS, "Who") if who else COLUMNS
        table = screen.table(*columns, right=("Job", "Contact", "Run", "Attempts"))
        for one in found:
            if (one.code, one.reason) == (code, reason):
                table.add_row(
                    str(one.job),
                    one.kind,
                    str(one.contact) if one.contact else "-",
                    one.location,
                    str(one.run or "-"),
                    str(one.attempts),
                    ago(one.parked_at, now),
                    *([_who(door, one.contact)] if who else []),
                )
        head = Text.assemble((code, "bold yellow"), f": {reason}")
        screen.show(head, Text(f"What to do: {remedy(code)}"), table, Text(""))
    if more:
        screen.say("There are more: --limit N shows them, --reason CODE chooses.")
    screen.say("Try again: rollbook parked retry ID ..., --reason CODE, --run RUN or --all")
