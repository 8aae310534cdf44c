"""``rollbook scopes``: which scopes the token needs, what for, and whether it has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from producers.cli import screen
from producers.cli.options import At

if TYPE_CHECKING:
    from contacts.settings import Settings
    from producers.mapping import Export
    from producers.scoping import Scopes, Standing


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(scopes)


def scopes(
    location: At = None,
    *,
    map: Annotated[
        Path | None,
        typer.Option("--map", metavar="PATH", help="The mapping; else rollbook.toml, if it is."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Show the scopes that the token needs for what is switched on, and no others.

    What is in use is read from the mapping, the rules, the platform and the database.
    """
    from producers import scoping
    from producers.cli.door import opened

    with opened() as door:
        place = door.location(location)
        found = scoping.of(door.store, door.settings, place.id, mapped(map))
        settings = door.settings
    if json:
        for one in found.standing:
            screen.emit(_json(one))
    else:
        _show(found, settings)


def mapped(path: Path | None) -> Export | None:
    """The mapping that is named, else the one that lies here; None: there is none.

    Raises:
        UsageError: it is wrong, or the named one is not there.
    """
    from producers import mapping

    if path is None and not Path(mapping.FILE).exists():
        return None
    return mapping.load(path or Path(mapping.FILE))


def _json(one: Standing) -> dict[str, Any]:
    need = one.need
    return {
        "scope": need.scope,
        "for": need.why,
        "operations": list(need.operations),
        "without": need.without or None,
        "has": one.has,
        "shown": one.by,
    }


WORD = {True: "yes", False: "missing", None: "?"}
STYLE = {True: "green", False: "red", None: "dim"}


def _show(found: Scopes, settings: Settings) -> None:
    from rich.padding import Padding
    from rich.text import Text

    mode = ", in read-only mode," if settings.read_only else ""
    drawn: list[Any] = [Text(f"{found.location}{mode} needs:\n")]
    for one in found.standing:
        need = one.need
        head = Text.assemble(
            (f"{WORD[one.has]:<9}", STYLE[one.has]), (need.scope, "bold"), (f"  {one.by}", "dim")
        )
        drawn += [head, Padding(Text(need.why), (0, 0, 0, 9))]
        drawn.append(Padding(Text(", ".join(need.operations), style="dim"), (0, 0, 0, 9)))
        if need.without:
            drawn.append(Padding(Text(f"without it: {need.without}"), (0, 0, 0, 9)))
    screen.show(*drawn)
    screen.say()
    for line in remarks(found, settings):
        screen.say(line)


def remarks(found: Scopes, settings: Settings) -> list[str]:
    """What to do with the list, a line each."""
    from producers.scoping import as_setting

    wanted = as_setting(found.needs)
    lines = []
    if settings.oauth_client_id:
        lines.append(f'For the app: ROLLBOOK_OAUTH_SCOPES="{wanted}"')
        asked = set(settings.oauth_scopes.split()) - set(wanted.split())
        if asked:
            lines.append(f"It asks for more than is needed: {', '.join(sorted(asked))}.")
    else:
        lines.append(
            "Tick these, and no others, in the sub-account: Settings > Private Integrations. The "
            "token stays the same."
        )
    if found.spare:
        lines.append(f"The install granted more than is needed: {', '.join(found.spare)}.")
    if any(one.has is None for one in found.standing):
        lines.append("What was not tried yet is shown by `rollbook doctor`, or by the next job.")
    return lines
