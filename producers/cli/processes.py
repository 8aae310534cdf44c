"""Starting the processes, and asking whether they are alive.

A command that starts a process becomes it: the command line knows workers and the supervisor by
name only, so that producers and worker never import each other.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from producers.cli import screen

if TYPE_CHECKING:
    from contacts.settings import Settings


class Part(StrEnum):
    """What can be asked whether it is alive."""

    DATABASE = "database"
    REDIS = "redis"
    DISPATCHER = "dispatcher"
    WORKER = "worker"
    BEAT = "beat"
    FLOWER = "flower"
    RECEIVER = "receiver"
    FEED = "feed"


STARTED = {
    "up": (
        "ops.running",
        "Run everything here: dispatcher, workers, beat, receiver, Flower. Ctrl-C ends it.",
    ),
    "dispatcher": ("producers.dispatcher", "Run the dispatcher: it hands what is due to Redis."),
    "worker": ("worker", "Run a worker process: it makes the calls to the CRM."),
    "beat": ("producers.clock", "Run beat: expired leases, heartbeat, pruning, the nightly check."),
    "receiver": ("producers.receiver", "Run the receiver: the CRM's webhooks come in there."),
    "flower": (
        "ops.running.flower",
        "Run Flower, with a password: what the workers do, to look at.",
    ),
}
"""Module and help of each command that becomes a process."""


def add(app: typer.Typer) -> None:
    """Hang the commands into the application."""
    for name, (module, text) in STARTED.items():
        app.command(name, help=text)(_becoming(module))
    app.command()(migrate)
    app.command()(healthcheck)


def _becoming(module: str) -> Callable[[], None]:
    def start() -> None:
        become(module)

    return start


def become(module: str, *words: str) -> NoReturn:
    """End as this process and go on as ``python -m module``, with these words behind it."""
    # A folder of the person's called "worker" or "ops" must not be taken for ours.
    os.environ["PYTHONSAFEPATH"] = "1"
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *words])


def migrate() -> None:
    """Create or upgrade the tables of the database. Safe to repeat, and to run twice at once."""
    from contacts.settings import load
    from contacts.store.database import migrate

    migrate(load().database)
    screen.say("the database is up to date")


def healthcheck(
    parts: Annotated[
        list[Part] | None,
        typer.Argument(
            metavar="PART",
            help="database, redis, dispatcher, worker, beat, receiver, flower, feed; without it, "
            "all but the last three.",
            show_default=False,
        ),
    ] = None,
    here: Annotated[
        bool, typer.Option("--here", help="Only processes of this machine or container count.")
    ] = False,
) -> None:
    """Say whether Rollbook is alive; exit code 1 when something is not."""
    from contacts.settings import load
    from producers.cli import alive

    asked = parts or [Part(part) for part in alive.PARTS]
    troubles = _troubles(asked, load(), here=here)
    for trouble in troubles:
        screen.remark(trouble)
    if troubles:
        raise typer.Exit(1)
    screen.say(f"alive: {', '.join(asked)}")


def _troubles(parts: list[Part], settings: Settings, *, here: bool) -> list[str]:
    from producers.cli import alive

    found: list[str | None] = []
    if Part.REDIS in parts:
        found.append(alive.redis_trouble(settings))
    if Part.FLOWER in parts:
        found.append(alive.flower_trouble(settings))
    if Part.RECEIVER in parts:
        found.append(alive.receiver_trouble(settings))
    wanted = [part for part in parts if part in alive.PULSES]
    if wanted or Part.DATABASE in parts:
        found += _by_pulse(wanted, here=here)
    return [trouble for trouble in found if trouble is not None]


def _by_pulse(wanted: list[Part], *, here: bool) -> list[str | None]:
    """What the database says, or that it says nothing."""
    from contacts.errors import UsageError
    from contacts.store.database import DatabaseDown
    from producers.cli import alive
    from producers.cli.door import opened

    try:
        with opened() as door:
            kinds = {one.kind for one in alive.living(door.store, here=here)}
    except DatabaseDown as error:
        return [f"the database does not answer ({error})"]
    except UsageError as error:
        return [str(error)]
    where = " here" if here else ""
    return [f"no {part} is alive{where}" for part in wanted if part not in kinds]
