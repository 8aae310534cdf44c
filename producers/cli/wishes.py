"""``push``, ``tag`` and ``note``: one contact, now, in the live lane: ahead of any backfill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from contacts.errors import UsageError
from producers.cli import screen
from producers.cli.options import At
from producers.cli.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contacts.contact import Person
    from contacts.jobs import Wish
    from producers.cli.door import Door

WHO = "Email, phone or our id of a contact."


def add(app: typer.Typer) -> None:
    """Hang the commands into the application."""
    app.command()(push)
    app.command()(tag)
    app.command()(note)


@dataclass(frozen=True, slots=True)
class Found:
    """A contact that we know.

    Attributes:
        identity: email, or else phone, by our field name.
    """

    id: int
    location: str
    identity: dict[str, str]


def push(
    contacts: Annotated[list[str], typer.Argument(metavar="CONTACT", help=WHO, show_default=False)],
    location: At = None,
) -> None:
    """Bring contacts up to date in the CRM now. One that is agreed costs no call."""
    from contacts.jobs import Kind, Lane, Wish
    from producers.cli.door import opened

    with opened() as door:
        found = [find(door, who, location) for who in contacts]
        wishes = [Wish(Kind.PUSH, one.location, one.id, lane=Lane.LIVE) for one in found]
        _put(door, wishes)


def tag(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help=WHO, show_default=False)],
    add: Annotated[
        list[str] | None, typer.Option("--add", metavar="TAG", help="Add it; may be repeated.")
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="TAG", help="Take it off; may be repeated."),
    ] = None,
    location: At = None,
) -> None:
    """Add tags to a contact in the CRM, or take them off; its other tags stay."""
    from contacts import cleaning
    from contacts.contact import Person
    from producers.cli.door import opened

    more = frozenset(cleaning.tag(one) for one in add or ())
    less = frozenset(cleaning.tag(one) for one in remove or ())
    if not more and not less:
        raise UsageError("which tags? --add TAG puts one on, --remove TAG takes one off")
    if both := sorted(more & less):
        raise UsageError(f"--add and --remove both name {', '.join(both)}")
    with opened() as door:
        found = find(door, contact, location)
        _tell(door, found, Person(found.identity, add_tags=more, remove_tags=less))


def note(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help=WHO, show_default=False)],
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="Text of the note.", show_default=False)
    ],
    location: At = None,
) -> None:
    """Write a note on a contact in the CRM, once: the same text again writes nothing."""
    from contacts.contact import Person
    from producers.cli.door import opened

    if not text.strip():
        raise UsageError("the note is empty")
    with opened() as door:
        found = find(door, contact, location)
        _tell(door, found, Person(found.identity, notes=(text.strip(),)))


def find(door: Door, who: str, location: str | None) -> Found:
    """The contact that is meant.

    Raises:
        UsageError: nobody we know.
    """
    from contacts import fields
    from contacts.store import roster_view

    if who.isdecimal():
        place, identity = _by_id(door, int(who))
        return Found(int(who), place, identity)
    place_known = door.location(location)
    name = "email" if "@" in who else "phone"
    try:
        value = str(fields.clean(name, who, place_known.country or door.settings.country))
    except ValueError as error:
        raise UsageError(f"{who} {error}") from None
    id = roster_view.find(door.store, place_known.id, **{name: value})
    if id is None:
        raise UsageError(
            f"nobody in {place_known.id} is known by {who}: backfill a file with that row first"
        )
    return Found(id, place_known.id, {name: value})


def _by_id(door: Door, id: int) -> tuple[str, dict[str, str]]:
    from contacts.store import roster_view

    found = roster_view.identity(door.store, id)
    if found is None:
        raise UsageError(f"there is no contact {id}")
    return found


def _tell(door: Door, found: Found, person: Person) -> None:
    """Write down what is new of a contact, and put what is owed."""
    from contacts.jobs import Lane
    from contacts.store import ledger, roster

    now = door.store.clock()
    with door.store.write() as tx:
        done = roster.upsert(
            tx, found.location, [person], now=now, news=True, cause="rollbook, by hand"
        )
        wishes = roster.wishes(found.location, done, lane=Lane.LIVE)
        ledger.put(tx, wishes, now=now)
    said(door, wishes)


def _put(door: Door, wishes: Sequence[Wish]) -> None:
    from contacts.store import ledger

    with door.store.write() as tx:
        ledger.put(tx, wishes, now=door.store.clock())
    said(door, wishes)


def said(door: Door, wishes: Sequence[Wish]) -> None:
    """Say what was put, and ring for it."""
    from contacts.jobs import WRITING
    from producers import progress
    from producers.cli import meter

    if not wishes:
        screen.say("The CRM has it already: nothing to do.")
        return
    door.ring()
    kinds = ", ".join(dict.fromkeys(wish.kind.value for wish in wishes))
    screen.say(f"{count(len(wishes), 'job')} queued ({kinds}), ahead of any backfill.")
    if door.settings.read_only and (held := sum(wish.kind in WRITING for wish in wishes)):
        screen.warn(meter.held(held))
    if missing := progress.missing(door.store):
        screen.warn(f"no {' and no '.join(missing)} is alive: {meter.HOW_TO_START}")
