"""The locations of the CRM: which are known, and making one known."""

from __future__ import annotations

import getpass
import re
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from contacts.errors import UsageError
from producers.cli import screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contacts.store.accounts import Location
    from producers.cli.door import Door


def add(app: typer.Typer) -> None:
    """Hang the commands into the application."""
    group = typer.Typer(help="List the locations, or add one.", rich_markup_mode=None)
    group.callback(invoke_without_command=True)(locations)
    group.command("add")(add_location)
    app.add_typer(group, name="locations")


def locations(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """List the locations, or add one."""
    if context.invoked_subcommand is not None:
        return
    from contacts.store import accounts, roster_view
    from producers.cli.door import opened

    with opened() as door:
        found = accounts.locations(door.store)
        if json:
            for one in found:
                values = asdict(one) | roster_view.counts(door.store, one.id)
                del values["limits_seen"]  # `rollbook limits --json` has it
                screen.emit(values)
        elif found:
            _show(door, found)
        else:
            screen.say("No location is known yet: rollbook locations add ID")


def add_location(
    id: Annotated[
        str, typer.Argument(metavar="ID", help="Id of the location in the CRM.", show_default=False)
    ],
    *,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read the access token from standard input.")
    ] = False,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="What people call it.")] = None,
    country: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Country of phones without one, two letters."),
    ] = None,
    window_calls: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Its own limit: calls in a window.")
    ] = None,
    window_seconds: Annotated[
        float | None, typer.Option(metavar="S", min=0.1, help="Length of that window, seconds.")
    ] = None,
    day_calls: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Its own limit: calls a day.")
    ] = None,
) -> None:
    """Make a location known, or change what is known of it.

    Its access token is asked for without an echo, read from standard input, or taken from
    ROLLBOOK_CRM_TOKEN when ROLLBOOK_CRM_LOCATION is this location. It is kept encrypted.
    """
    from contacts.store import accounts
    from producers.cli.door import opened

    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", id):
        raise UsageError("the id of a location has letters and digits only: copy it from the CRM")
    with opened() as door:
        known = {one.id: one for one in accounts.locations(door.store)}.get(id)
        token = _token(door, id, known, from_stdin=token_stdin)
        with door.store.write() as tx:
            accounts.ensure_location(
                tx, id, token=token, cipher=door.cipher, country=_country(country)
            )
            accounts.describe(
                tx,
                id,
                name=name,
                window_calls=window_calls,
                window_ms=None if window_seconds is None else round(window_seconds * 1000),
                day_calls=day_calls,
            )
        door.ring()
        what = "changed" if known else "added"
        screen.say(
            f"Location {id} {what}{'' if token is None else ', its token is kept encrypted'}."
        )
        if token is None and not (known and known.has_token):
            screen.warn(f"It has no token yet: rollbook locations add {id}")


def _token(door: Door, id: str, known: Location | None, *, from_stdin: bool) -> str | None:
    """The token that was given; None when there is none to set.

    Raises:
        UsageError: standard input had none.
    """
    if from_stdin:
        given = sys.stdin.readline().strip()
        if not given:
            raise UsageError("--token-stdin: there was no token on standard input")
        return given
    settings = door.settings
    if id == settings.crm_location and settings.crm_token:
        return settings.crm_token.get_secret_value()
    if not sys.stdin.isatty():
        return None
    keep = "empty: keep the one it has" if known and known.has_token else "empty: none yet"
    # It asks after the echo is off, so that nothing typed ahead is shown or lost.
    given = getpass.getpass(f"Access token of {id} ({keep}): ")
    return given.strip() or None


def _country(code: str | None) -> str | None:
    """Two capital letters.

    Raises:
        UsageError: it is something else.
    """
    if code is None:
        return None
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        raise UsageError("--country is a code of two letters, such as US")
    return code.upper()


def _show(door: Door, found: Sequence[Location]) -> None:
    from rich.text import Text

    from contacts.store import grants, roster_view
    from contacts.store.grants import Of, State
    from producers import progress
    from producers.cli.words import number, until_when

    now = door.store.clock()
    by_grant = {
        grant.owner: "OAuth" if grant.state == State.LIVE else f"OAuth: {grant.state}"
        for grant in grants.known(door.store)
        if grant.kind == Of.LOCATION
    }
    table = screen.table("Location", "Name", "Country", "Token", "Limit", "Contacts", "In the CRM",
                         "Paused", right=("Contacts", "In the CRM"))  # fmt: skip
    for one in found:
        counts = roster_view.counts(door.store, one.id)
        limits = progress.limits(door.store, door.settings, one)
        seconds = limits.window / limits.per_s
        paused = one.paused_until is not None and one.paused_until > now
        table.add_row(
            one.id,
            Text(one.name or "-"),
            one.country or f"{door.settings.country} (assumed)",
            by_grant.get(one.id) or ("yes" if one.has_token else "none"),
            f"{limits.window} in {seconds:g} s",
            number(counts["contacts"]),
            number(counts["linked"]),
            f"{until_when(one.paused_until or 0, now)}: {one.pause_reason}" if paused else "-",
        )
    screen.show(table)
