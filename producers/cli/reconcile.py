"""``rollbook reconcile``: compare with all that the CRM holds, and put jobs for what differs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contacts.errors import UsageError
from producers.cli import screen
from producers.cli.options import At
from producers.cli.words import count

if TYPE_CHECKING:
    from producers.cli.door import Door
    from producers.progress import Look


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(reconcile)


def reconcile(
    *,
    location: At = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="Only what was changed in the CRM since: 2h, 3d, 2026-11-24, 2026-11-24T10:00 "
            "(UTC). Deletions are found without it alone.",
        ),
    ] = None,
    confirm: Annotated[
        int | None,
        typer.Option(metavar="RUN", help="Let this run go on, which asks."),
    ] = None,
    plan: Annotated[
        bool,
        typer.Option("--plan", help="Do nothing: write down what it would do, for apply."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="With --plan: where. Else reconcile.plan.json."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="PATH", help="With --plan: as a page, too.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Follow it to its end; or only begin it.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Compare what both sides agreed on with what the CRM holds, and put ordinary jobs for what
    differs.

    A run that would delete, blank or retag too many contacts stops and asks: --confirm RUN.
    """
    from producers import moments, walks
    from producers.cli.door import opened

    if confirm is not None and (since is not None or location is not None):
        raise UsageError("--confirm RUN says all: leave --location and --since out")
    if plan:
        _plan(location, since, (out, html), json=json)
        return
    if out is not None or html is not None:
        raise UsageError("--out and --html go with --plan")
    with opened() as door:
        if confirm is not None:
            run = confirm
            walks.confirm(door.store, run)
        else:
            at = None if since is None else moments.since(since, door.store.clock())
            place = door.location(location)
            run = walks.begin(door.store, door.settings, place.id, since=at)
        door.ring()
        raise typer.Exit(_follow(door, run, json=json) if wait else _begun(door, run, json=json))


def _plan(
    location: str | None, since: str | None, paths: tuple[Path | None, Path | None], *, json: bool
) -> None:
    """What it would do; nothing is written but the plan."""
    from producers import moments, plan_file
    from producers.cli import plan, rehearsing

    with rehearsing.copied(location) as copy:
        at = None if since is None else moments.since(since, copy.door.store.clock())
        digests = copy.digests
        basis = plan_file.Basis(copy.place.id, "reconcile", None, None, digests, at)
        made = rehearsing.of_walk(copy, basis, quiet=json)
    path = paths[0] or Path("reconcile.plan.json")
    plan_file.write(path, made)
    plan.show(made, path, page=1, html=paths[1], json=json)


def _begun(door: Door, run: int, *, json: bool) -> int:
    if json:
        screen.emit({"event": "run", "run": run})
    else:
        _warn(door)
        screen.say(f"It goes on in the background: rollbook status {run}")
    return 0


def _warn(door: Door) -> None:
    from producers import progress
    from producers.cli.meter import HOW_TO_START

    if missing := progress.missing(door.store):
        screen.warn(f"no {' and no '.join(missing)} is alive: {HOW_TO_START}")


def _follow(door: Door, run: int, *, json: bool) -> int:
    from producers.cli import following, report

    if not json:
        _warn(door)
    code = following.until_over(door, run, json=json, enough=_stands)
    found = report.find(door.store, run)
    if found.state == "asking":
        if not json:
            asked = found.counts.get("guarded", 0)
            screen.warn(
                f"Nothing of that was done to the {count(asked, 'contact')} yet. If it is right: "
                f"rollbook reconcile --confirm {run}"
            )
        return following.PARKED
    return code


def _stands(look: Look) -> bool:
    """Nothing more happens by itself: it is over, it asks, or its page is parked."""
    return look.over or look.run.state == "asking" or look.jobs.open == 0
