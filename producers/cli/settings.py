"""``rollbook settings``: what is set, by what, and what it means; secrets are never shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from producers.cli import screen

if TYPE_CHECKING:
    from rich.console import RenderableType

    from contacts.settings import Settings

HIDDEN = "•••"


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(settings)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it is shown.

    Attributes:
        name: of the environment variable.
        value: secrets hidden; "" when empty.
        origin: environment, .env or default.
    """

    name: str
    value: str
    origin: str
    meaning: str


def settings(
    meaning: Annotated[
        bool, typer.Option("--meaning", help="Also say what each one means.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Show every setting, where it comes from, and what it means. Secrets are hidden."""
    from dataclasses import asdict

    from contacts.settings import load

    found = listed(load())
    if json:
        for one in found:
            screen.emit(asdict(one))
        return
    screen.show(*(_explained(found) if meaning else [_table(found)]))


def listed(loaded: Settings) -> list[Setting]:
    """Every setting, in the order of their definition."""
    from pydantic_settings import EnvSettingsSource

    from contacts.settings import PREFIX, Settings

    by_environment = EnvSettingsSource(Settings)()
    found = []
    for name, field in Settings.model_fields.items():
        origin = "default"
        if name in by_environment:
            origin = "environment"
        elif name in loaded.model_fields_set:
            origin = ".env"
        found.append(
            Setting(
                name=f"{PREFIX}{name.upper()}",
                value=shown(getattr(loaded, name)),
                origin=origin,
                meaning=field.description or "",
            )
        )
    return found


def shown(value: Any) -> str:
    """A value for people: of a secret address everything but the password, of others nothing."""
    from pydantic import SecretStr

    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return _masked(value.get_secret_value())
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _masked(secret: str) -> str:
    try:
        parts = urlsplit(secret)
        host = parts.hostname
    except ValueError:
        return HIDDEN
    if "://" not in secret:
        return HIDDEN
    if not host:
        # sqlite:////path and unix:///path hold no password before their first slash.
        return secret if not parts.netloc and not parts.query else HIDDEN
    user = f"{parts.username or ''}:{HIDDEN}@" if parts.password else ""
    if parts.username and not parts.password:
        user = f"{parts.username}@"
    port = f":{parts.port}" if parts.port else ""
    # What follows a question mark may hold a password too.
    query = f"?{HIDDEN}" if parts.query else ""
    return f"{parts.scheme}://{user}{host}{port}{parts.path}{query}"


def _table(found: list[Setting]) -> RenderableType:
    from rich.text import Text

    table = screen.table("Setting", "Value", "From")
    for one in found:
        style = "dim" if one.origin == "default" else ""
        table.add_row(*(Text(text or "-", style) for text in (one.name, one.value, one.origin)))
    return table


def _explained(found: list[Setting]) -> list[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    drawn: list[RenderableType] = []
    for one in found:
        head = f"{one.name}={one.value}" if one.value else one.name
        drawn.append(Text.assemble((head, "bold"), (f"  ({one.origin})", "dim")))
        drawn.append(Padding(Text(one.meaning), (0, 0, 0, 4)))
    return drawn
