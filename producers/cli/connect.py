"""``rollbook connect``: a location or an agency lets us in, by OAuth or by a private token."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from contacts.errors import UsageError
from producers.cli import screen

if TYPE_CHECKING:
    from producers.cli.door import Door
    from producers.installing import Standing

LOOK_S = 0.5
"""How often the database is asked whether the browser came back."""


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(connect)


def connect(
    location: Annotated[
        str | None,
        typer.Argument(
            metavar="[LOCATION]", help="With --token: the location's id.", show_default=False
        ),
    ] = None,
    *,
    token: Annotated[
        bool,
        typer.Option(
            "--token", help="By a private integration token, which is asked for without an echo."
        ),
    ] = False,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="The same, read from standard input.")
    ] = False,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Print the address only; open no browser.")
    ] = False,
    wait: Annotated[
        float, typer.Option(metavar="S", min=0, help="Seconds to wait for the install.")
    ] = 900.0,
    scopes: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Scopes to ask for.", show_default="ROLLBOOK_OAUTH_SCOPES"
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Let Rollbook into a location, or into all locations of an agency.

    Without --token: prints the address of the CRM's page and opens it in a browser, waits for the
    install (the receiver and a worker must run), and says which locations are connected.
    """
    from producers.cli.door import opened

    with opened() as door:
        if token or token_stdin:
            _by_token(door, location, from_stdin=token_stdin)
            return
        if location is not None:
            raise UsageError(
                f"an install asks in the browser which location: leave {location} out, or give "
                "--token for a private integration token"
            )
        raise typer.Exit(
            _by_install(door, scopes=scopes, browse=not no_open, wait_s=wait, json=json)
        )


def _by_token(door: Door, id: str | None, *, from_stdin: bool) -> None:
    from producers.cli.locations import add_location

    id = id or door.settings.crm_location
    if id is None:
        raise UsageError("which location? `rollbook connect --token LOCATION`")
    add_location(
        id,
        token_stdin=from_stdin,
        name=None,
        country=None,
        window_calls=None,
        window_seconds=None,
        day_calls=None,
    )


def _by_install(door: Door, *, scopes: str | None, browse: bool, wait_s: float, json: bool) -> int:
    from contacts.store import consents
    from producers.installing import address, standing

    address(door.settings, "-", scopes=scopes)  # a missing setting is said before a link is made
    id, state = consents.ask(door.store)
    page = address(door.settings, state, scopes=scopes)
    if json:
        screen.emit({"event": "address", "address": page})
    else:
        screen.say(f"Install the app here (within an hour):\n\n  {page}\n")
    _warn_of_missing(door)
    if browse and not json:
        _open(page)
    try:
        found = follow(lambda: standing(door.store, id), wait_s=wait_s, json=json)
    except KeyboardInterrupt:
        screen.remark("It goes on without this command: rollbook locations")
        return 130
    return _tell(found, json=json)


def _warn_of_missing(door: Door) -> None:
    """Say at once what would be waited for in vain."""
    from contacts.store import processes

    living = {one.kind for one in processes.living(door.store)}
    missing = [kind for kind in ("receiver", "dispatcher", "worker") if kind not in living]
    if missing:
        screen.warn(f"Not running: {', '.join(missing)}. Start `rollbook up`, or wait in vain.")


def _open(page: str) -> None:
    import webbrowser

    try:
        webbrowser.get()
    except webbrowser.Error:
        return  # a server: the person opens it elsewhere
    webbrowser.open(page)


def follow(
    look: Callable[[], Standing],
    *,
    wait_s: float,
    json: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> Standing:
    """Look until the install has led to something, or the time is up; says each step once."""
    said: set[str] = set()
    left = wait_s
    while True:
        found = look()
        for step in _steps(found):
            if step not in said and not json:
                screen.say(step)
            said.add(step)
        if found.settled or left <= 0:
            return found
        sleep(LOOK_S)
        left -= LOOK_S


def _steps(found: Standing) -> list[str]:
    from contacts.store.grants import Of

    steps = ["Waiting for the install ..."]
    if found.consent.came_at is not None:
        steps.append("The browser came back; the code is exchanged ...")
    if found.grant is not None and found.grant.kind == Of.COMPANY:
        steps.append(f"Agency {found.grant.owner} is connected; its locations are looked up ...")
    return steps


def _tell(found: Standing, *, json: bool) -> int:
    """What became of it; returns the exit code: 3 when something is not connected."""
    from contacts.store.grants import State

    live = [one.owner for one in found.locations if one.state == State.LIVE]
    rest = [one for one in found.locations if one.state != State.LIVE]
    if json:
        screen.emit(
            {
                "event": "connected" if live else "not-connected",
                "agency": found.grant.company or found.grant.owner if found.grant else None,
                "locations": live,
                "waiting": {one.owner: one.reason for one in rest},
                "reason": found.consent.reason or (found.grant.reason if found.grant else None),
            }
        )
    elif found.consent.reason:
        raise UsageError(f"nothing was connected: {found.consent.reason}")
    elif found.consent.settled_at is None:
        raise UsageError(
            "the browser did not come back: is the receiver reachable at "
            "ROLLBOOK_OAUTH_REDIRECT_URL? The address above may be used for an hour"
            if found.consent.came_at is None
            else "the code came, and no worker has exchanged it yet: is `rollbook up` running? "
            "`rollbook status` tells"
        )
    for one in live if not json else ():
        screen.say(f"Connected: location {one}")
    for other in rest if not json else ():
        screen.warn(f"Not yet: location {other.owner}: {other.reason or 'its token is fetched'}")
    if not json and not found.locations:
        screen.warn(_why_none(found))
    return 0 if live and not rest else 3


def _why_none(found: Standing) -> str:
    """Why an agency brought no location."""
    if found.grant is not None and found.grant.reason:
        return f"The agency's locations cannot be read: {found.grant.reason}"
    if found.grant is not None and found.grant.walked_at is None:
        return "The agency's locations are still being read: rollbook locations"
    return "The app is in no location of the agency; INSTALL's webhook brings later ones."
