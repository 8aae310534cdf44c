"""``rollbook forget``: erase a person everywhere here, and say what remains elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from contacts.errors import UsageError
from producers.cli import screen

if TYPE_CHECKING:
    from contacts.store.forgetting import Erased
    from producers.cli.door import Door
    from producers.cli.person import Named

TRIES: Final = 50
"""How often a job of the person that is being settled at this moment is waited for, 0.1 s each."""

WORDS: Final = {
    "contacts": ("contact", "contacts"),
    "links": ("link to the CRM", "links to the CRM"),
    "past_links": ("former link to the CRM", "former links to the CRM"),
    "tags": ("tag", "tags"),
    "notes": ("note", "notes"),
    "contact_tasks": ("task", "tasks"),
    "jobs": ("job", "jobs"),
    "timeline": ("entry of the timeline", "entries of the timeline"),
    "sightings": ("sighting", "sightings"),
    "webhooks": ("webhook", "webhooks"),
    "remotes": ("id in the CRM", "ids in the CRM"),
    "enrolments": ("enrolment", "enrolments"),
    "lists": ("place on a list", "places on lists"),
}
"""Tables, as a person says one row of them, and several."""


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(forget)


def forget(
    who: Annotated[
        str,
        typer.Argument(
            metavar="CONTACT", help="Email, phone or our id of a contact.", show_default=False
        ),
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Let the person come in again; what is gone stays gone.")
    ] = False,
    location: Annotated[
        str | None,
        typer.Option("--location", metavar="ID", help="Only there; otherwise in every location."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Erase a person here: contact, tags, notes, history, jobs, webhooks, rejected rows.

    They do not come in again, by no file, webhook or nightly walk. What the CRM and the course
    platform hold of them stays there: it is said where.
    """
    from producers.cli import person
    from producers.cli.door import opened

    with opened() as door:
        named = person.meant(door, who, location)
        if undo:
            _undo(door, who, named)
            return
        found = _here(door, who, named)
        if not yes and not _sure(found, who):
            raise UsageError("nobody was asked whether to erase them: say --yes")
        erased = [one for contact in found if (one := _erase(door, contact)) is not None]
        files, logs = _files(door, erased)
        if json:
            for one in erased:
                screen.emit(_json(one, files))
        else:
            _say(door, erased, files, logs)


def _here(door: Door, who: str, named: Sequence[Named]) -> list[int]:
    """Our ids of the person, in every location where they are.

    Raises:
        UsageError: nobody of that name is here; says whether they were forgotten before.
    """
    from contacts.store import forgotten

    found = [one.contact for one in named if one.contact and one.location]
    if found:
        return found
    with door.store.read() as tx:
        if any(
            one.name and forgotten.has(tx, one.location, {one.name: one.value}) for one in named
        ):
            raise UsageError(f"{who} was forgotten before: nothing is left to erase")
    raise UsageError(f"nobody here is known by {who}")


def _sure(found: Sequence[int], who: str) -> bool:
    import sys

    if not sys.stdin.isatty():
        return False
    what = "contact " + ", ".join(map(str, found))
    return typer.confirm(f"Erase {who} ({what}) here, for good?")


def _erase(door: Door, contact: int) -> Erased | None:
    """One contact, in one transaction.

    Raises:
        UsageError: a job of the contact was being settled all the while.
    """
    from contacts.store import forgetting

    for _ in range(TRIES):
        try:
            with door.store.write() as tx:
                found = forgetting.erase(tx, contact, now=door.store.clock())
        except forgetting.Busy:
            time.sleep(0.1)
        else:
            forgetting.settle_disk(door.store)
            return found
    raise UsageError(f"a job of contact {contact} is being settled: try again in a moment")


def _files(door: Door, erased: Sequence[Erased]) -> tuple[list[tuple[Path, int]], list[Path]]:
    """Rejected rows that name the person are taken out; logs that do are named."""
    from producers import leftovers

    names = [value for one in erased for some in one.known.values() for value in some]
    places = dict.fromkeys((door.settings.home.resolve(), Path.cwd()))
    return leftovers.clean(list(places), names), leftovers.logs(door.settings.home, names)


def _undo(door: Door, who: str, named: Sequence[Named]) -> None:
    from contacts.store import forgotten

    with door.store.write() as tx:
        done = [
            forgotten.allow(tx, one.location, {one.name: one.value}) for one in named if one.name
        ]
    if not any(done):
        raise UsageError(f"{who} was not forgotten here")
    screen.say(f"{who} may come in again.")


def _say(
    door: Door, erased: Sequence[Erased], files: Sequence[tuple[Path, int]], logs: Sequence[Path]
) -> None:
    from producers.cli.words import count

    for one in erased:
        screen.say(f"Contact {one.contact} in {one.location} is erased here:")
        rows = [
            (str(n), _counted(table, n))
            for table, n in sorted(one.rows.items(), key=lambda row: row[0] != "contacts")
        ]
        screen.show(screen.figures(rows))
    for path, n in files:
        screen.say(f"{count(n, 'row')} taken out of {path}")
    screen.say("They do not come in again: `rollbook forget CONTACT --undo` would allow it.")
    screen.say("\nWhat remains:")
    for one in erased:
        for id in one.remotes:
            screen.say(f"  in the CRM, location {one.location}: contact {id}, with what it holds")
        if not one.remotes:
            screen.say(f"  in the CRM, location {one.location}: nothing that was linked")
        if one.at_work:
            screen.warn("  a worker had a job of theirs in hand: its call may still arrive there")
    screen.say("  on the course platform: what it holds of its own, and its next exports")
    screen.say("  in backups of the database: until they are overwritten")
    if door.store.engine.dialect.name == "postgresql":
        screen.say("  on the database's disk, until it vacuums the tables")
    for path in logs:
        screen.warn(f"  {path} names them: it is somebody else's log, or was written by hand")


def _counted(table: str, n: int) -> str:
    """``2 tags``, without the number."""
    one, many = WORDS.get(table, (f"row of {table}", f"rows of {table}"))
    return one if n == 1 else many


def _json(one: Erased, files: Sequence[tuple[Path, int]]) -> dict[str, object]:
    return {
        "contact": one.contact,
        "location": one.location,
        "erased": one.rows,
        "crm_ids": one.remotes,
        "at_work": one.at_work,
        "files": {str(path): n for path, n in files},
    }
