"""``rollbook report``: what became of a run, on the screen or as a page to keep and to pass on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contacts.errors import UsageError
from producers.cli import screen
from producers.cli.words import count, number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from contacts.store.findings import Conflict, Pace
    from producers.cli.door import Door
    from producers.cli.report import Report

WORDS = {
    "new": "came in",
    "said": "said here",
    "taken": "from the CRM",
    "shown": "seen in the CRM",
    "sent": "told the CRM",
    "normalised": "spelled otherwise",
    "refused": "left out",
    "conflict": "conflict",
}
"""What happened to a field, as the columns of a table."""

THINGS = {"tag:": "tags", "note:": "notes", "task:": "tasks", "link": "link to the CRM"}
"""What the timeline calls otherwise than a person would."""


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command("report")(report)


@dataclass(frozen=True, slots=True)
class Whole:
    """A run with everything that was found and done.

    Attributes:
        fields: how many changes by what happened, by field; see ``contacts.store.findings``.
        pace: its calls in time; None: it made none.
        day_calls: what the location may call in a day.
        at: when this was looked up, seconds since the epoch.
    """

    report: Report
    fields: dict[str, dict[str, int]]
    conflicts: list[Conflict]
    pace: Pace | None
    day_calls: int
    at: float

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(tally.calls for tally in self.report.calls)

    @property
    def lost(self) -> int:
        """All conflicts, those beyond the ones that are listed too."""
        return sum(found.get("conflict", 0) for found in self.fields.values())

    @property
    def quota(self) -> float:
        """The share of a day's calls that it took, per cent."""
        return 100 * self.calls / self.day_calls


def report(
    run: Annotated[
        int | None,
        typer.Argument(metavar="RUN", help="Id of a run; without it, the newest."),
    ] = None,
    *,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write it as a page with charts."),
    ] = None,
    values: Annotated[
        bool, typer.Option("--values", help="With the values of conflicts: personal data.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON, for machines.")] = False,
) -> None:
    """Say what a run read, found, changed and cost: a backfill or a nightly walk."""
    from producers.cli.door import opened

    with opened() as door:
        whole = gather(door, run)
        if html is not None:
            _write(html, whole, values=values)
        elif json:
            screen.emit(as_json(whole, values=values))
        else:
            screen.show(*draw(whole, values=values))


def gather(door: Door, number: int | None) -> Whole:
    """Read what there is to say of a run.

    Raises:
        UsageError: there is no such run, or none at all.
    """
    from contacts.store import accounts, findings, runs
    from producers.cli import report as short

    store = door.store
    found = runs.latest(store) if number is None else short.find(store, number)
    if found is None:
        raise UsageError("there is no run yet: rollbook backfill FILE")
    places = {place.id: place for place in accounts.locations(store)}
    place = places.get(found.location)
    return Whole(
        short.gather(store, found, read_only=door.settings.read_only),
        findings.by_field(store, found),
        findings.conflicts(store, found),
        findings.pace(store, found),
        accounts.allowed(door.settings, place).per_day,
        store.clock(),
    )


def _write(path: Path, whole: Whole, *, values: bool) -> None:
    """Write the page; the file appears when it is whole.

    Raises:
        UsageError: it cannot be written.
    """
    from producers import whole_file
    from producers.cli import page

    mode = whole_file.PRIVATE if values else whole_file.PUBLIC
    with whole_file.writing(path, mode=mode) as file:
        file.write(page.draw(whole, values=values).encode())
    screen.say(f"The report of run {whole.report.run.id} is in {path}")


# ---------------------------------------------------------------- on the screen


def draw(whole: Whole, *, values: bool) -> list[RenderableType]:
    """The report as a person reads it."""
    from rich.text import Text

    from producers.cli import report as short

    drawn = short.draw(whole.report, whole.at)
    drawn.append(
        Text(f"{number(whole.quota)} % of the {number(whole.day_calls)} calls of a day", "dim")
    )
    if whole.fields:
        drawn += [Text(""), _fields(whole)]
    if whole.conflicts:
        drawn += [Text(""), *_conflicts(whole, values=values)]
    return drawn


def named(field: str) -> str:
    """A field as it is shown."""
    return THINGS.get(field, field)


def happened(whole: Whole) -> list[str]:
    """What happened to any field at all, in the order of the columns."""
    return [what for what in WORDS if any(what in found for found in whole.fields.values())]


def _fields(whole: Whole) -> RenderableType:
    columns = happened(whole)
    heads = [WORDS[what][0].upper() + WORDS[what][1:] for what in columns]
    table = screen.table("Field", *heads, right=heads)
    for field, found in sorted(whole.fields.items()):
        if any(what in found for what in columns):
            cells = [number(found[what]) if what in found else "" for what in columns]
            table.add_row(named(field), *cells)
    return table


def _conflicts(whole: Whole, *, values: bool) -> list[RenderableType]:
    from rich.text import Text

    from producers.cli.storyline import BY, text

    table = screen.table("Contact", "Field", "Lost", "Because", *(["Values"] if values else []))
    for one in whole.conflicts:
        whose = "ours" if one.side == "ours" else "the CRM's"
        cells = [str(one.contact), named(one.name), whose, BY.get(one.by, one.by)]
        both = [f"{text(one.lost)}, stays {text(one.kept)}"] if values else []
        table.add_row(*cells, *both)
    head = f"{count(whole.lost, 'conflict')}: `rollbook explain CONTACT FIELD` says how"
    return [Text(head, style="yellow"), table]


# ---------------------------------------------------------------- for machines


def as_json(whole: Whole, *, values: bool) -> dict[str, Any]:
    """The same for machines."""
    return whole.report.as_json() | {
        "fields": whole.fields,
        "conflicts": [
            {"contact": one.contact, "field": one.name, "lost": one.side, "by": one.by}
            | ({"lost_value": one.lost, "kept_value": one.kept} if values else {})
            for one in whole.conflicts
        ],
        "calls_total": whole.calls,
        "quota_percent": round(whole.quota, 2),
    }
