"""``rollbook plan``: what a backfill would do, before it does anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from producers.cli import screen
from producers.cli.options import At, Map

if TYPE_CHECKING:
    from producers.cli.rehearsing import Copy
    from producers.plan_file import Basis, Plan

PER_PAGE = 20
"""Contacts of one page on the screen."""


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(plan)


def plan(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The export, CSV or NDJSON; or a plan that is there, to look at it.",
            show_default=False,
        ),
    ],
    *,
    map: Map = None,
    location: At = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="Where. Without it: FILE's name.plan.json."),
    ] = None,
    page: Annotated[int, typer.Option(min=1, help="Which page of contacts to show.")] = 1,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="PATH", help="Write it as a page, too: personal data."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Say what a backfill would do: who is made and changed, field by field, its calls and time.

    Nothing is written to the CRM or to the database. `rollbook apply PLAN` then does that, and
    nothing else.
    """
    from contacts.errors import UsageError
    from producers import plan_file

    if plan_file.is_plan(file):
        if map is not None or location is not None or out is not None:
            raise UsageError(f"{file} is a plan already: leave --map, --location and --out out")
        show(plan_file.read(file), file, page=page, html=html, json=json)
        return
    path = out or Path(f"{file.stem}.plan.json")
    made = made_of(file, map, location, json=json)
    plan_file.write(path, made)
    show(made, path, page=page, html=html, json=json)


def made_of(file: Path, map: Path | None, location: str | None, *, json: bool) -> Plan:
    """Plan a backfill.

    Raises:
        UsageError: file, mapping or location cannot be used, or the CRM cannot be read.
    """
    from producers.cli import backfill, rehearsing

    asked = backfill.asked_for(file, map, None, json=json)
    with rehearsing.copied(location) as copy:
        return rehearsing.of_file(asked, copy, basis_of_file(file, map, copy))


def basis_of_file(file: Path, map: Path | None, copy: Copy) -> Basis:
    """What a plan of this file is made of, as it is now."""
    from producers import mapping, plan_file

    used = map or Path(mapping.FILE)
    there = map is not None or used.exists()
    digests = copy.digests | {"file": plan_file.digest(file)}
    digests["mapping"] = plan_file.digest(used) if there else "guessed"
    return plan_file.Basis(
        location=copy.place.id,
        kind="backfill",
        file=str(file.absolute()),
        map=str(used.absolute()) if there else None,
        digests=digests,
    )


def show(plan: Plan, path: Path, *, page: int, html: Path | None, json: bool) -> None:
    """Show a plan as it is wanted."""
    from producers.cli import plan_page, plan_view

    if html is not None:
        plan_page.write(html, plan)
    if json:
        screen.emit({"event": "plan", "path": str(path)} | plan_view.as_json(plan))
        for one in plan.touched:
            screen.emit({"event": "contact"} | plan_view.contact_json(one))
        return
    screen.show(*plan_view.draw(plan, page=page, per_page=PER_PAGE))
    pages = plan_view.pages(plan, PER_PAGE)
    screen.say()
    if page < pages:
        screen.say(f"Page {page} of {pages}. The next one: rollbook plan {path} --page {page + 1}")
    if html is not None:
        screen.say(f"As a page: {html}")
    screen.say(f"Nothing was written anywhere but {path}. To do it: rollbook apply {path}")
