"""A plan as pages to look at and to pass on: charts, figures, and every field that moves.

Nothing is fetched, no script. They hold personal data.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from producers import whole_file
from producers.cli import charts, plan_view
from producers.cli.charts import Part, Row
from producers.cli.page import document, section, table
from producers.cli.words import count, number, span

if TYPE_CHECKING:
    from contacts.plans import Touched
    from producers.plan_file import Plan

PER_PAGE = 500
"""Contacts of one file: a browser shows it at once."""


def write(path: Path, plan: Plan) -> None:
    """Write the pages: ``NAME.html``, and ``NAME-2.html`` and so on where there are many contacts.

    Raises:
        UsageError: one cannot be written.
    """
    names = _names(path, max(1, plan_view.pages(plan, PER_PAGE)))
    for place, name in enumerate(names):
        with whole_file.writing(name) as file:
            file.write(draw(plan, place, [one.name for one in names]).encode())


def _names(path: Path, pages: int) -> list[Path]:
    more = [path.with_name(f"{path.stem}-{page}{path.suffix}") for page in range(2, pages + 1)]
    return [path, *more]


def draw(plan: Plan, place: int, names: Sequence[str]) -> str:
    """One of the pages, UTF-8.

    Args:
        place: which, from 0.
        names: of all of them.
    """
    some = plan.touched[place * PER_PAGE : (place + 1) * PER_PAGE]
    parts = [_head(plan)]
    if place == 0:
        parts += [_tiles(plan), _operations(plan), _fields(plan), _remarks(plan), _rejects(plan)]
    parts += [_contacts(plan, some, place, names), _foot()]
    return document(plan_view.headline(plan), "".join(parts))


def _head(plan: Plan) -> str:
    basis, at = plan.basis, datetime.fromtimestamp(plan.made_at).astimezone()
    name = Path(basis.file).name if basis.file else "Reconciliation"
    return (
        f'<header><p class="kind">plan of a {escape(basis.kind)} · {escape(basis.location)}</p>'
        f"<h1>{escape(name)}</h1>"
        f'<p class="quiet">Made {at:%A %d %B %Y, %H:%M %Z}; nothing of it is done yet</p></header>'
    )


def _tiles(plan: Plan) -> str:
    writes, forecast = plan.sums["writes"], plan.sums["forecast"]
    asks = sum(plan.sums["asks"].values())
    tags = writes["tags_added"] + writes["tags_removed"]
    tiles = [
        (number(writes["creates"]), "contacts to be made", ""),
        (number(writes["updates"]), "contacts to be changed", ""),
        (number(tags), "tags added or removed", ""),
        (number(writes["notes"] + writes["tasks"]), "notes and tasks", ""),
        (number(plan.calls), f"calls, {plan.quota:.2g} % of a day's", ""),
        (span(forecast["seconds"]), "from begin to end", ""),
        (number(plan.sums["rejects_total"]), "rows with complaints", ""),
        (number(asks), "contacts it asks about", "bad") if asks else None,
    ]
    drawn = "".join(
        f'<div class="tile {kind}"><b>{escape(figure)}</b><span>{escape(meaning)}</span></div>'
        for figure, meaning, kind in (tile for tile in tiles if tile is not None)
    )
    return f'<section class="tiles">{drawn}</section>'


def _operations(plan: Plan) -> str:
    calls = sorted(plan.sums["calls"].items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [Row(name, (Part(n, "told", name),), number(n)) for name, n in calls]
    return (
        section("Calls by operation", "", charts.bars(rows, "Calls by operation")) if rows else ""
    )


def _fields(plan: Plan) -> str:
    told: dict[str, int] = {}
    for one in plan.touched:
        for name in one.changes:
            field = f"{name.partition(':')[0]}s" if ":" in name else name
            told[field] = told.get(field, 0) + 1
    rows = [
        Row(name, (Part(n, "said", name),), number(n))
        for name, n in sorted(told.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    note = "How many values of the CRM will be others"
    return section("Changes by field", note, charts.bars(rows, "Changes by field")) if rows else ""


def _remarks(plan: Plan) -> str:
    found = plan_view.remarks(plan)
    lines = "".join(f"<p>{escape(one)}</p>" for one in found)
    return section("To be looked at", "", lines) if found else ""


def _rejects(plan: Plan) -> str:
    listed = plan.sums["rejects"]
    rows = [[one["line"], one["outcome"], one["reason"]] for one in listed]
    more = plan.sums["rejects_total"]
    note = f"The first {len(rows)} of {number(more)}" if more > len(rows) else ""
    drawn = table(["Line", "Outcome", "Complaint"], rows, right=1)
    return section("Rows with complaints", note, drawn) if rows else ""


def _contacts(plan: Plan, some: Sequence[Touched], place: int, names: Sequence[str]) -> str:
    if not some:
        return section("Contacts", "Nobody is written to.", "")
    note = count(len(plan.touched), "contact")
    links = ""
    if len(names) > 1:
        note = f"Page {place + 1} of {len(names)}; {note}"
        links = "".join(
            f'<a href="{escape(name)}">{number}</a> '
            if number != place + 1
            else f"<b>{number}</b> "
            for number, name in enumerate(names, 1)
        )
        links = f'<p class="legend">{links}</p>'
    people = "".join(_person(one) for one in some)
    heads = "<thead><tr><th>Field</th><th>Now</th><th>Will be</th></tr></thead>"
    drawn = f'<div class="wide"><table class="moves">{heads}{people}</table></div>'
    return section("Contacts", note, links + drawn)


def _person(one: Touched) -> str:
    """Who it is on a line of its own, so that a narrow page has room for the values."""
    who = escape(one.person) + (' <span class="quiet">new</span>' if one.new else "")
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        for row in plan_view.rows_of(one)
    )
    head = f'<tr class="person"><th colspan="3" scope="rowgroup">{who}</th></tr>'
    return f"<tbody>{head}{rows}</tbody>"


def _foot() -> str:
    return (
        "<footer>Made by Rollbook. It holds personal data: keep it where such data may be.</footer>"
    )
