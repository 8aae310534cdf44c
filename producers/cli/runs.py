"""``rollbook runs`` and ``rollbook cancel``: what was asked for, and stopping it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from producers.cli import screen

if TYPE_CHECKING:
    from contacts.store.ledger_view import Counts
    from contacts.store.runs import Run


def add(app: typer.Typer) -> None:
    """Hang the commands into the application."""
    app.command()(runs)
    app.command()(cancel)


def runs(
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """List the latest runs, newest first."""
    from contacts.store import ledger_view
    from contacts.store import runs as book
    from producers.cli.door import opened

    with opened() as door:
        found = [
            (run, ledger_view.counts(door.store, run=run.id))
            for run in book.recent(door.store, limit)
        ]
        if json:
            for run, jobs in found:
                screen.emit(_json(run, jobs))
        elif found:
            _show(found, door.store.clock())
        else:
            screen.say("No run yet: rollbook backfill FILE")


def cancel(
    run: Annotated[int, typer.Argument(metavar="RUN", help="Id of a run.", show_default=False)],
) -> None:
    """Begin none of a run's waiting jobs any more. What was done stays; what is at work finishes.

    Backfilling the file again takes the rest up.
    """
    from contacts.store import ledger
    from contacts.store import runs as book
    from producers.cli import report
    from producers.cli.door import opened
    from producers.cli.words import count

    with opened() as door:
        found = report.find(door.store, run)
        back = ledger.cancel(door.store, run=run)
        with door.store.write() as tx:
            book.cancel(tx, run, door.store.clock())
        screen.say(f"Run {run}: {count(back, 'job')} cancelled.")
        if found.state == "reading":
            screen.warn("Its file is still being read, if its command lives: Ctrl-C ends that.")


def _show(found: list[tuple[Run, Counts]], now: float) -> None:
    from rich.text import Text

    from producers.cli.words import clock, number

    numbers = ("Run", "Rows", "Done", "Open", "Parked")
    table = screen.table("Run", "Started", "State", *numbers[1:], "Location", "File", right=numbers)
    for run, jobs in found:
        table.add_row(
            str(run.id),
            clock(run.started_at, now),
            run.state,
            number(run.counts.get("rows", 0)),
            *(number(n) for n in (jobs.done, jobs.open, jobs.parked)),
            run.location,
            Text(run.title),
        )
    screen.show(table)


def _json(run: Run, jobs: Counts) -> dict[str, object]:
    return {
        "run": run.id,
        "location": run.location,
        "title": run.title,
        "state": run.state,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "read": run.counts,
        "open": jobs.open,
        "done": jobs.done,
        "parked": jobs.parked,
        "cancelled": jobs.cancelled,
    }
