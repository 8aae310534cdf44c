"""``rollbook access-log``: who called what of the CRM's API, when, and how it ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from producers.cli import screen

if TYPE_CHECKING:
    from contacts.store.audit import Access
    from producers.cli.door import Door

WEAK = {401: "access refused", 403: "access refused", 429: "too many requests"}
"""Answers that a person looks for, in words."""


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command("access-log")(access_log)


def access_log(
    *,
    location: Annotated[
        str | None, typer.Option("--location", metavar="ID", help="Only of this location.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Only since: 30m, 2h, 3d, 2026-11-24T10:00 (UTC)."),
    ] = None,
    operation: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Only this operation, or those that begin with it: contact.note.",
        ),
    ] = None,
    contact: Annotated[
        str | None,
        typer.Option(metavar="WHO", help="Only jobs of this contact: email, phone, or our id."),
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what was not answered with success.")
    ] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """List the calls to the CRM and the platform, newest first: process, job, operation, result.

    It holds no personal data: contacts are our numbers of them. Calls are kept for
    ROLLBOOK_KEEP_CALLS_DAYS.
    """
    from contacts.store import audit
    from producers import moments
    from producers.cli.door import opened

    with opened() as door:
        store = door.store
        wanted = audit.Wanted(
            location=location,
            since=None if since is None else moments.since(since, store.clock()),
            operation=operation,
            contact=None if contact is None else _contact(door, contact, location),
            failed=failed,
        )
        found = audit.accesses(store, wanted, limit + 1)
        more, found = len(found) > limit, found[:limit]
        if json:
            for one in found:
                screen.emit(asdict(one))
        elif not found:
            screen.say("No such call is kept.")
        else:
            _show(found, store.clock())
            if more:
                screen.remark(f"\nThere are more: --limit {limit * 4}, --since or --operation.")


def _contact(door: Door, who: str, location: str | None) -> int:
    from producers.cli import person

    return person.one(door, who, location).contact


def _show(found: list[Access], now: float) -> None:
    from rich.text import Text

    from producers.cli.words import clock

    table = screen.table(
        "When", "Process", "Job", "Kind", "Contact", "Location", "Operation", "Result",
        right=("Job", "Contact"),
    )  # fmt: skip
    for one in found:
        good = 200 <= one.status < 300
        table.add_row(
            clock(one.at, now),
            Text(one.worker or "-"),
            str(one.job or "-"),
            one.kind or "-",
            _whose(one),
            Text(one.location),
            one.operation,
            Text(result(one), style="" if good else "red" if one.status else "yellow"),
        )
    screen.show(table)


def _whose(one: Access) -> str:
    """``12``; ``12 +99`` where the call was made for 99 others too."""
    also = f" +{one.contacts - 1:,}" if one.contacts > 1 else ""
    return f"{one.contact or '-'}{also}"


def result(one: Access) -> str:
    """``200 in 95 ms``; ``no answer after 10,000 ms``."""
    if not one.status:
        return f"no answer after {one.ms:,.0f} ms"
    said = f"{one.status} in {one.ms:,.0f} ms"
    return f"{said}: {WEAK[one.status]}" if one.status in WEAK else said
