"""``rollbook explain``: how each value of a contact came to be, and what is planned next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from contacts.errors import UsageError
from producers.cli import screen
from producers.cli.options import At

if TYPE_CHECKING:
    from contacts.store.story import Story
    from producers.cli.door import Door


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(explain)


def explain(
    who: Annotated[
        str,
        typer.Argument(
            metavar="CONTACT", help="Email, phone or our id of a contact.", show_default=False
        ),
    ],
    field: Annotated[
        str | None,
        typer.Argument(
            metavar="FIELD", help="Only this: city, custom.level, tags, tag:vip, notes or link."
        ),
    ] = None,
    *,
    location: At = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="The newest so many things.")
    ] = 50,
    json: Annotated[bool, typer.Option("--json", help="JSON, for machines.")] = False,
) -> None:
    """Say how the values of a contact came to be: what sources and the CRM said, what the merge
    decided, which jobs and calls carried it, and what is planned next.
    """
    from producers.cli import storyboard, storyline
    from producers.cli.door import opened

    with opened() as door:
        name = _field(field)
        story = _story(door, who, location, name, limit)
        events = storyline.events(story, name)
        if json:
            screen.emit(storyline.as_json(story, events, name))
        else:
            screen.show(*storyboard.draw(story, events, name, door.store.clock()))


def _story(door: Door, who: str, location: str | None, asked: str | None, limit: int) -> Story:
    """The story of the contact that is meant.

    Raises:
        UsageError: nothing is known of them; says whether they were forgotten.
    """
    from contacts.store import story
    from producers.cli import person, storyline

    contact = person.one(door, who, location).contact
    with door.store.read() as tx:
        found = story.of(
            tx,
            contact,
            limit=limit,
            about=lambda entry: storyline.is_about(entry, asked),
            now=door.store.clock(),
        )
    if found is None:
        raise UsageError(f"there is no contact {contact}, and nothing is known of it")
    return found


def _field(name: str | None) -> str | None:
    """What is asked about, as the timeline calls it.

    Raises:
        UsageError: there is no such field.
    """
    from contacts.fields import BY_NAME, CUSTOM
    from contacts.store.timeline import LINK, NOTE, TAG, TASK

    if name is None:
        return None
    short = {"tags": TAG, "tag": TAG, "notes": NOTE, "note": NOTE, "tasks": TASK, "task": TASK}
    if name in short:
        return short[name]
    if name == LINK or name in BY_NAME or name.startswith((CUSTOM, TAG, NOTE, TASK)):
        return name
    raise UsageError(
        f"there is no field {name}: {', '.join(BY_NAME)}, custom.<key>, tags, tag:<tag>, notes, "
        "tasks or link"
    )
