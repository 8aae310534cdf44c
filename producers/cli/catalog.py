"""``rollbook catalog``: what Rollbook can do and what sets it off, with what each needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from contacts.errors import UsageError
from producers.cli import screen
from producers.cli.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contacts.catalogue import Field, Operation
    from producers.cli.catalog_rows import Entry


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(catalog)


def catalog(
    word: Annotated[
        str | None,
        typer.Argument(
            metavar="WORD",
            help="Only what has this in its name; the whole name of a call shows all of it.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Show every action and trigger with what it needs: scope, setting, table of rollbook.toml.

    It asks nobody: not the database, not the CRM.
    """
    from contacts.catalogue import BY_NAME
    from producers.cli.catalog_rows import entries

    found = [one for one in entries() if word is None or word.lower() in one.name.lower()]
    exact = BY_NAME.get(word or "")
    if not found:
        from contacts.names import hint

        names = [one.name for one in entries()]
        raise UsageError(f'nothing is called "{word}"{hint(word or "", names)}')
    if json:
        for one in found:
            screen.emit(as_json(one))
    elif exact is not None:
        for line in page_of(exact):
            screen.say(line)
    else:
        _show(found)


def as_json(one: Entry) -> dict[str, Any]:
    """For machines."""
    from contacts.catalogue import BY_NAME
    from producers.cli.catalog_rows import ACTIONS, Group

    said: dict[str, Any] = {
        "is": "action" if one.group in ACTIONS else "trigger",
        "group": one.group.value,
        "name": one.name,
        "does": one.does,
        "needs": list(one.needs),
        "by": one.by,
    }
    return said | (_call_as_json(BY_NAME[one.name]) if one.group is Group.CALL else {})


def _call_as_json(one: Operation) -> dict[str, Any]:
    from contacts.settings import V3

    return {
        "method": one.method,
        "path": one.path if one.v2 else None,
        "path_v3": one.path_in(V3) if one.is_in(V3) else None,
        "scope": one.scope or None,
        "ids": list(one.ids),
        "query": [_field_as_json(field) for field in one.query],
        "body": [_field_as_json(field) for field in one.body],
        "answer": list(one.answer),
        "codes": list(one.codes),
        "writes": one.writes,
        "after_a_lost_answer": one.repeat.name.lower(),
    }


def _field_as_json(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "name_v3": field.v3 or field.name,
        "is": field.shape.value,
        "needed": field.needed,
        "null": field.null,
        "only": field.only or None,
        "choices": list(field.choices),
    }


def _show(found: Sequence[Entry]) -> None:
    from rich.text import Text

    from producers.cli.catalog_rows import ACTIONS, TITLES

    for group, title in TITLES.items():
        rows = [one for one in found if one.group is group]
        if not rows:
            continue
        table = screen.table("name", "needs", "what it does")
        for one in rows:
            # a Text: [[rules]] is no markup
            table.add_row(one.name, Text("\n".join(one.needs) or "-"), one.does)
        screen.say(f"{title} ({len(rows)})")
        screen.show(table)
        screen.say()
    actions = sum(one.group in ACTIONS for one in found)
    screen.say(
        f"{count(actions, 'action')}, {count(len(found) - actions, 'trigger')}. One call in full: "
        "rollbook catalog contact.note.create"
    )


def page_of(one: Operation) -> list[str]:
    """All that is known of a call, for a person."""
    from contacts.settings import V3
    from producers.cli.catalog_rows import needs_of

    old = one.shown_path("") if one.v2 else "not there"
    new = one.shown_path(V3) if one.is_in(V3) else "not there"
    lines = [f"{one.name}: {one.does}", "", f"  {one.method} {old if one.v2 else new}"]
    if new != old:
        lines.append(f"  in v3: {new}; before: {old}")
    lines += [f"  needs {need}" for need in needs_of(one)]
    lines.append(f"  answers {' or '.join(map(str, one.codes))}: {', '.join(one.answer) or '-'}")
    lines.append(f"  after a lost answer: {one.repeat.value}" if one.writes else "  a read")
    for title, names in (
        ("ids", [f"{name}{_choices(one.id_choices)}" for name in one.ids]),
        ("query", [_field(field) for field in one.query]),
        ("body", [_field(field) for field in one.body]),
    ):
        if names:
            lines += ["", f"  {title}", *(f"    {name}" for name in names)]
    example = f"rollbook call {one.name}" + "".join(f" {name}=…" for name in _least(one))
    return [*lines, "", f"  {example}" if one.by_name else f"  {one.instead} does it"]


def _least(one: Operation) -> list[str]:
    """What has to be given: ids and needed values, but for the location."""
    fields = [field.name for field in (*one.query, *one.body) if field.needed]
    return [name for name in (*one.ids, *fields) if name != "locationId"]


def _field(field: Field) -> str:
    parts = [field.shape.value + (" or null" if field.null else "")]
    parts += ["needed"] if field.needed else []
    parts += [f"{field.v3} in v3"] if field.v3 else []
    parts += [f"only in {field.only}"] if field.only else []
    parts += [f"{field.most} at most"] if field.most else []
    return f"{field.name}  {', '.join(parts)}{_choices(field.choices)}"


def _choices(choices: Sequence[str]) -> str:
    return f": {', '.join(choices)}" if choices else ""
