"""``rollbook platform``, ``courses``, ``enrol`` and ``feed``: the course platform of a location."""

from __future__ import annotations

import getpass
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contacts.errors import UsageError
from producers.cli import platform_card, screen
from producers.cli.options import At
from producers.cli.wishes import WHO

if TYPE_CHECKING:
    from contacts.platforms import Platform
    from contacts.store.platforms import Connected
    from producers.cli.door import Door

Map = Annotated[
    Path,
    typer.Option("--map", metavar="PATH", help="The mapping whose [platform] is to hold."),
]


def add(app: typer.Typer) -> None:
    """Hang the commands into the application."""
    group = typer.Typer(help="Show the course platform, or connect one.", rich_markup_mode=None)
    group.callback(invoke_without_command=True)(platform)
    group.command("connect")(connect)
    group.command("disconnect")(disconnect)
    app.add_typer(group, name="platform")
    app.command()(courses)
    app.command()(enrol)
    app.command()(feed)


def platform(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Show the course platform of each location: what it can, what came, what it is owed."""
    if context.invoked_subcommand is not None:
        return
    from contacts.store import platforms
    from producers.cli.door import opened

    with opened() as door:
        found = platforms.connected(door.store)
        shown = [platform_card.facts(door, one) for one in found]
        if json:
            for one in shown:
                screen.emit(one)
        elif shown:
            platform_card.show(door, shown)
        else:
            screen.say("No course platform is connected yet: rollbook platform connect")


def connect(
    location: At = None,
    *,
    map: Map = Path("rollbook.toml"),
    token_stdin: Annotated[
        bool,
        typer.Option("--token-stdin", help="Read the token or password from standard input."),
    ] = False,
) -> None:
    """Let [platform] of a mapping hold for a location from now on.

    Its token or password is asked for without an echo, read from standard input, or taken from
    ROLLBOOK_PLATFORM_TOKEN. It is kept encrypted.
    """
    from contacts.jobs import Kind, Lane, Wish
    from contacts.store import ledger, platforms
    from producers import connecting
    from producers import feed as feeding
    from producers.cli.door import opened

    wanted = connecting.load(map)
    with opened() as door:
        place = door.location(location).id
        known = {one.location: one for one in platforms.connected(door.store)}.get(place)
        secret = _secret(door, wanted, known, from_stdin=token_stdin)
        now = door.store.clock()
        with door.store.write() as tx:
            platforms.connect(tx, place, wanted, secret=secret, cipher=door.cipher, now=now)
            ledger.put(tx, [Wish(Kind.COURSES, place, lane=Lane.LIVE)], now=now)
        feeding.ask(door.store, place)
        door.ring()
        kept = "" if secret is None else ", its secret is kept encrypted"
        screen.say(f"Location {place} is connected to {platform_card.name(wanted)}{kept}.")
        _hint(door, wanted, place)


def disconnect(location: At = None) -> None:
    """Forget a location's course platform and its secret; contacts and enrolments stay."""
    from contacts.store import platforms
    from producers.cli.door import opened

    with opened() as door:
        place = door.location(location).id
        with door.store.write() as tx:
            was = platforms.disconnect(tx, place)
        screen.say(f"Location {place} {'has no' if was else 'had no'} course platform.")


def courses(
    location: At = None,
    *,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Have them read again; a worker does it.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """List the platform's courses as they were last read."""
    from contacts.jobs import Kind, Lane, Wish
    from contacts.store import ledger, platforms
    from producers.cli.door import opened

    with opened() as door:
        place = door.location(location).id
        known = _connected(door, place)
        if refresh or known.courses_read_at is None:
            with door.store.write() as tx:
                wish = Wish(Kind.COURSES, place, lane=Lane.LIVE)
                ledger.put(tx, [wish], now=door.store.clock())
            door.ring()
            screen.remark("A worker reads them: look again in a moment.")
        found = platforms.courses(door.store, place)
        if json:
            for one in found:
                screen.emit(asdict(one))
            return
        table = screen.table("Course", "Title")
        for one in found:
            table.add_row(one.id, one.title)
        if found:
            screen.show(table)


def enrol(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help=WHO, show_default=False)],
    course: Annotated[
        str, typer.Argument(metavar="COURSE", help="Id of the course.", show_default=False)
    ],
    location: At = None,
) -> None:
    """Enrol a contact in a course of the platform; an account is made where there is none."""
    from contacts.store import enrolments, platforms
    from producers.cli.door import opened
    from producers.cli.wishes import find

    with opened() as door:
        found = find(door, contact, location)
        _connected(door, found.location)
        known = {one.id for one in platforms.courses(door.store, found.location)}
        if known and course not in known:
            raise UsageError(f'the platform has no course "{course}": see `rollbook courses`')
        with door.store.write() as tx:
            new = enrolments.want(tx, found.id, course, now=door.store.clock())
        door.ring()
        screen.say("Put: one enrolment." if new else "It is so already, or on its way.")


def feed(
    once: Annotated[bool, typer.Option("--once", help="Ask every platform once, and end.")] = False,
) -> None:
    """Run the feed: it has the platforms asked for what changed, again and again."""
    if not once:
        from producers.cli.processes import become

        become("producers.feed")
    from producers import feed as feeding
    from producers.cli.door import opened

    with opened() as door:
        asked = feeding.ask(door.store)
        door.ring()
        if asked:
            screen.say(f"Asked for the changes of {', '.join(asked)}: a worker reads them.")
        else:
            screen.say("No platform can be asked for changes: see rollbook platform")


# ---------------------------------------------------------------- helpers


def _connected(door: Door, location: str) -> Connected:
    """The location's platform.

    Raises:
        UsageError: there is none.
    """
    from contacts.store import platforms

    for one in platforms.connected(door.store):
        if one.location == location:
            return one
    raise UsageError(f"location {location} has no course platform: `rollbook platform connect`")


def _secret(
    door: Door, wanted: Platform, known: Connected | None, *, from_stdin: bool
) -> str | None:
    """The token or password that was given; None when there is none to set.

    Raises:
        UsageError: standard input had none.
    """
    if from_stdin:
        given = sys.stdin.readline().strip()
        if not given:
            raise UsageError("--token-stdin: there was no token on standard input")
        return given
    if door.settings.platform_token:
        return door.settings.platform_token.get_secret_value()
    has = known is not None and known.has_secret and known.platform.url == wanted.url
    if sys.stdin.isatty():
        keep = "empty: keep the one it has" if has else "empty: none"
        return (
            getpass.getpass(f"Token or password of {platform_card.name(wanted)} ({keep}): ").strip()
            or None
        )
    if not has and wanted.kind == "coursehost":
        raise UsageError(
            "OnlineCourseHost needs a token: give it with --token-stdin, or set "
            "ROLLBOOK_PLATFORM_TOKEN (in its admin panel: Settings, Integrations, Zapier)"
        )
    return None


def _hint(door: Door, wanted: Platform, location: str) -> None:
    """What is still to be done."""
    if wanted.feed is not None:
        screen.remark(
            "Its changes are read by `rollbook feed`; `rollbook up` and docker compose run it "
            "from their next start on."
        )
    if not door.settings.platform_secret:
        screen.remark("Its hooks are not taken yet: set ROLLBOOK_PLATFORM_SECRET.")
    else:
        screen.remark(
            "Its hooks go to …/webhooks/platform/account, …/enrolment and …/newsletter, each "
            f"followed by /SECRET/{location}."
        )
