"""``notes`` and ``tasks``: what is written of a contact on both sides, and changing it here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from contacts.errors import UsageError
from producers.cli import screen
from producers.cli.options import At
from producers.cli.wishes import WHO, find, said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contacts.store.contact_tasks import ContactTask
    from contacts.store.notebook import Page
    from producers.cli.door import Door

Contact = Annotated[str, typer.Argument(metavar="CONTACT", help=WHO, show_default=False)]
Delete = Annotated[
    int | None, typer.Option("--delete", metavar="ID", help="Delete this one, there too.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")]


def add(app: typer.Typer) -> None:
    """Hang the commands into the application."""
    app.command()(notes)
    app.command()(tasks)


# ---------------------------------------------------------------- notes


def notes(
    contact: Contact,
    *,
    change: Annotated[
        int | None, typer.Option("--change", metavar="ID", help="Give this one another --text.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="The text.")] = None,
    delete: Delete = None,
    location: At = None,
    json: Json = False,
) -> None:
    """List the notes of a contact, ours and those of people in the CRM; change or delete one."""
    from contacts.store import notebook
    from producers.cli.door import opened

    with opened() as door:
        who = find(door, contact, location)
        if (change is None) != (text is None):
            raise UsageError("--change ID and --text TEXT belong together")
        if change is not None and delete is not None:
            raise UsageError("--change and --delete: one of them, please")
        with door.store.read() as tx:
            found = notebook.of(tx, who.id)
        if change is not None and text is not None:
            _one(found, change, "note")
            _write_note(door, who.location, change, text)
        elif delete is not None:
            _one(found, delete, "note")
            _write_note(door, who.location, delete, None)
        elif json:
            for one in found:
                screen.emit({"id": one.id, "text": one.body, "where": _note_is(one),
                             "remote_id": one.remote_id, "theirs": one.theirs})  # fmt: skip
        elif not found:
            screen.say("There is no note of this contact.")
        else:
            _show_notes(found)


def _write_note(door: Door, location: str, id: int, text: str | None) -> None:
    from contacts.jobs import Kind, Lane, Wish
    from contacts.store import ledger, notebook

    if text is not None and not text.strip():
        raise UsageError("the note is empty: --delete ID deletes it")
    now = door.store.clock()
    wishes = []
    with door.store.write() as tx:
        page = notebook.load(tx, id)
        owed = (
            notebook.delete(tx, id, now=now)
            if text is None
            else notebook.edit(tx, id, text, now=now)
        )
        if owed:
            wishes = [Wish(Kind.NOTE, location, page.contact, id, Lane.LIVE)]
            ledger.put(tx, wishes, now=now)
    said(door, wishes)


def _show_notes(found: Sequence[Page]) -> None:
    from rich.text import Text

    table = screen.table("ID", "By", "Where it is", "Text", right=("ID",))
    for one in found:
        by = "the CRM's people" if one.theirs else "us"
        table.add_row(str(one.id), by, _note_is(one), Text(one.body))
    screen.show(table)


def _note_is(one: Page) -> str:
    return _is(deleted=one.deleted, gone=one.gone, there=one.remote_id is not None, owed=one.owed)


# ---------------------------------------------------------------- tasks


def tasks(
    contact: Contact,
    *,
    new: Annotated[
        str | None, typer.Option("--add", metavar="TITLE", help="A new one; needs --due.")
    ] = None,
    due: Annotated[
        str | None,
        typer.Option("--due", metavar="WHEN", help="A day, or a day and time: 2027-01-31 14:00."),
    ] = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="What it is about.")
    ] = None,
    complete: Annotated[
        int | None, typer.Option("--complete", metavar="ID", help="It is done, there too.")
    ] = None,
    reopen: Annotated[
        int | None, typer.Option("--open", metavar="ID", help="It is not done after all.")
    ] = None,
    delete: Delete = None,
    location: At = None,
    json: Json = False,
) -> None:
    """List the tasks of a contact; add, complete, open again or delete one."""
    from contacts.store import contact_tasks
    from producers.cli.door import opened

    wishes = [one for one in (new, complete, reopen, delete) if one is not None]
    if len(wishes) > 1:
        raise UsageError("--add, --complete, --open and --delete: one of them, please")
    with opened() as door:
        who = find(door, contact, location)
        if new is not None:
            _add_task(door, who.id, new, due, text)
            return
        with door.store.read() as tx:
            found = contact_tasks.of(tx, who.id)
        if wishes:
            _change_task(door, found, complete, reopen, delete)
        elif json:
            for one in found:
                screen.emit({"id": one.id, "title": one.title, "text": one.values["body"],
                             "due_at": one.due_at, "completed": one.completed,
                             "where": _task_is(one), "remote_id": one.remote_id,
                             "theirs": one.theirs})  # fmt: skip
        elif not found:
            screen.say("There is no task of this contact.")
        else:
            _show_tasks(found)


def _add_task(door: Door, contact: int, title: str, due: str | None, text: str | None) -> None:
    from contacts.store import contact_tasks
    from producers.papers import due_at

    if not title.strip():
        raise UsageError("the task has no title")
    if due is None:
        raise UsageError("when is it due? --due 2027-01-31, or --due '2027-01-31 14:00' (UTC)")
    try:
        at = due_at(due)
    except ValueError as error:
        raise UsageError(f"--due {error}") from None
    now = door.store.clock()
    with door.store.write() as tx:
        before = {one.id: one for one in contact_tasks.of(tx, contact)}
        id = contact_tasks.want(tx, contact, title=title.strip(), body=(text or "").strip(),
                                due_at=at, key=f"typed {title.strip()}", now=now)  # fmt: skip
        same = id in before and before[id] == contact_tasks.load(tx, id)
    _tell(door, told=not same)


def _change_task(
    door: Door,
    found: Sequence[ContactTask],
    complete: int | None,
    reopen: int | None,
    delete: int | None,
) -> None:
    from contacts.store import contact_tasks

    now = door.store.clock()
    id = next(one for one in (complete, reopen, delete) if one is not None)
    _one(found, id, "task")
    with door.store.write() as tx:
        told = (
            contact_tasks.delete(tx, id, now=now)
            if delete is not None
            else contact_tasks.complete(tx, id, now=now, completed=complete is not None)
        )
    _tell(door, told=told)


def _tell(door: Door, *, told: bool) -> None:
    from producers import progress
    from producers.cli.meter import HOW_TO_START

    if not told:
        screen.say("The CRM has it already: nothing to do.")
        return
    door.ring()
    screen.say("1 job queued (contact.task), ahead of any backfill.")
    if missing := progress.missing(door.store):
        screen.warn(f"no {' and no '.join(missing)} is alive: {HOW_TO_START}")


def _show_tasks(found: Sequence[ContactTask]) -> None:
    from rich.text import Text

    table = screen.table("ID", "Due (UTC)", "Done", "By", "Where it is", "Task", right=("ID",))
    for one in found:
        by = "the CRM's people" if one.theirs else "us"
        body = str(one.values["body"])
        what = one.title + (f": {body}" if body else "")
        done = "yes" if one.completed else "no"
        table.add_row(str(one.id), _when(one.due_at), done, by, _task_is(one), Text(what))
    screen.show(table)


def _when(at: float | None) -> str:
    return "" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"


def _task_is(one: ContactTask) -> str:
    return _is(deleted=one.deleted, gone=one.gone, there=one.remote_id is not None, owed=one.owed)


def _is(*, deleted: bool, gone: bool, there: bool, owed: bool) -> str:
    if deleted:
        return "deleted here" if gone or not there else "deleted here, queued"
    if gone:
        return "deleted in the CRM"
    if not there:
        return "not in the CRM yet"
    return "changed, queued" if owed else "in the CRM"


def _one(found: Sequence[Page] | Sequence[ContactTask], id: int, what: str) -> None:
    if all(one.id != id for one in found):
        raise UsageError(f"the contact has no {what} {id}: without an option they are listed")
