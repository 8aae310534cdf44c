"""``rollbook dropped``: fields that the CRM silently left out, and sending them again."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from contacts.errors import UsageError
from producers.cli import screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contacts.store.roster_view import Dropped

Location = Annotated[
    str | None, typer.Option("--location", metavar="ID", help="Only of this location.")
]
Field = Annotated[
    str | None, typer.Option("--field", metavar="NAME", help="Only this field: custom.level.")
]

MOST = 1_000_000
"""Contacts of one ``retry``: as many as a backfill may have."""

WHY = (
    "The CRM took these contacts, but not these fields of theirs: a custom field that it does not "
    "have, a phone of somebody else, a value that it does not like, a text that is too long for it."
)


def add(app: typer.Typer) -> None:
    """Hang the commands into the application."""
    group = typer.Typer(
        help="List the fields that the CRM silently left out.", rich_markup_mode=None
    )
    group.callback(invoke_without_command=True)(dropped)
    group.command()(retry)
    app.add_typer(group, name="dropped")


def dropped(
    context: typer.Context,
    *,
    location: Location = None,
    field: Field = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """List the fields that the CRM silently left out, by contact."""
    if context.invoked_subcommand is not None:
        return
    from contacts.store import roster_view
    from producers.cli.door import opened

    with opened() as door:
        found = roster_view.dropped(door.store, location, field=field, limit=limit + 1)
        if json:
            for one in found[:limit]:
                screen.emit(asdict(one))
        elif not found:
            screen.say("The CRM has left nothing out.")
        else:
            _show(found[:limit], more=len(found) > limit)


def retry(
    field: Field = None,
    location: Location = None,
    everything: Annotated[bool, typer.Option("--all", help="All fields.")] = False,
) -> None:
    """Send fields again that the CRM left out, when the cause is mended."""
    from contacts.jobs import Kind, Wish
    from contacts.store import cards, ledger, roster_view
    from producers.cli.door import opened
    from producers.cli.words import count

    if field is None and not everything:
        raise UsageError("which field? Name it with --field, or --all")
    with opened() as door:
        found = roster_view.dropped(door.store, location, field=field, limit=MOST)
        if not found:
            raise UsageError("the CRM has left out no such field: `rollbook dropped` lists them")
        for start in range(0, len(found), 500):
            part = found[start : start + 500]
            with door.store.write() as tx:
                for one in part:
                    cards.owe_again(tx, one.contact, field=field)
                wishes = [Wish(Kind.PUSH, one.location, one.contact) for one in part]
                ledger.put(tx, wishes, now=door.store.clock())
        door.ring()
        screen.say(f"{count(len(found), 'contact')} will be sent again.")


def _with_word(name: str, word: str) -> str:
    """``city``, or ``address1 (cut short)``: dropped is what the list is about."""
    from contacts.ruling import Made

    return name if word == Made.DROPPED else f"{name} ({word})"


def _show(found: Sequence[Dropped], *, more: bool) -> None:
    from rich.text import Text

    table = screen.table("Contact", "Location", "Left out", right=("Contact",))
    for one in found:
        fields = (_with_word(name, word) for name, word in one.made.items())
        table.add_row(str(one.contact), one.location, Text(", ".join(fields)))
    screen.show(Text(WHY), table)
    if more:
        screen.say("There are more: --limit N shows them, --field NAME chooses.")
    often = Counter(name for one in found for name in one.fields).most_common(1)[0][0]
    screen.say(f"When the cause is mended: rollbook dropped retry --field {often}, or --all")
