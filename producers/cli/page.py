"""A run's report as one page: charts and figures, nothing fetched, no script. Pure.

It names fields, counts and our ids; values of people only where they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from producers.cli import charts
from producers.cli.charts import Part, Row
from producers.cli.codes import remedy
from producers.cli.report import counted, headline
from producers.cli.run_report import WORDS, named
from producers.cli.storyline import BY, text
from producers.cli.words import count, number, span

if TYPE_CHECKING:
    from contacts.store.audit import Tally
    from producers.cli.run_report import Whole

SHOWN = ("new", "said", "taken", "sent", "normalised", "refused", "conflict")
"""What the chart of fields shows; what was merely seen changes nothing."""

COLOURS = {
    "new": "new",
    "said": "said",
    "taken": "taken",
    "sent": "told",
    "normalised": "respelled",
    "refused": "refused",
    "conflict": "conflict",
}


def draw(whole: Whole, *, values: bool) -> str:
    """The page, UTF-8."""
    run = whole.report.run
    title = f"Run {run.id}: {run.title or run.kind}"
    body = "".join(
        (
            _head(whole),
            _tiles(whole),
            _pace(whole),
            _fields(whole),
            _operations(whole),
            _conflicts(whole, values=values),
            _parked(whole),
            _dropped(whole),
            _counts(whole),
            _foot(whole, values=values),
        )
    )
    return document(title, body)


def document(title: str, body: str) -> str:
    """A page of ours around a body."""
    style = files("producers.cli").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body><main>{body}</main>"
        "</body></html>\n"
    )


def _head(whole: Whole) -> str:
    run = whole.report.run
    began = datetime.fromtimestamp(run.started_at).astimezone()
    state = escape(headline(run, whole.at).split(": ", 1)[-1])
    return (
        f'<header><p class="kind">{escape(run.kind)} {run.id} · {escape(run.location)}</p>'
        f"<h1>{escape(run.title or run.kind)}</h1>"
        f'<p class="quiet">Begun {began:%A %d %B %Y, %H:%M %Z}; {state}</p></header>'
    )


def _tiles(whole: Whole) -> str:
    jobs, run = whole.report.jobs, whole.report.run
    took = span((run.finished_at or whole.at) - run.started_at)
    tiles = [
        (number(run.counts["people"]), "people read", "") if "people" in run.counts else None,
        (number(jobs.done), f"of {count(jobs.total, 'job')} done", ""),
        (number(jobs.parked), "parked", "bad" if jobs.parked else ""),
        (number(whole.lost), "conflicts", "bad" if whole.lost else ""),
        (number(whole.calls), f"calls, {whole.quota:.2g} % of a day's", ""),
        (took, "from begin to end", ""),
    ]
    drawn = "".join(
        f'<div class="tile {kind}"><b>{escape(figure)}</b><span>{escape(meaning)}</span></div>'
        for figure, meaning, kind in (tile for tile in tiles if tile is not None)
    )
    return f'<section class="tiles">{drawn}</section>'


def _pace(whole: Whole) -> str:
    pace = whole.pace
    if pace is None:
        return ""
    times = [
        f"{datetime.fromtimestamp(pace.began_at + place * pace.seconds).astimezone():%H:%M:%S}"
        for place in range(len(pace.good) + 1)
    ]
    titles = []
    for at, good, bad in zip(times, pace.good, pace.bad, strict=False):
        failed = f", {number(bad)} of them not answered with success" if bad else ""
        titles.append(f"{at}: {count(good + bad, 'call')}{failed}")
    ends = (times[0], times[-1])
    drawn = charts.columns(pace.good, pace.bad, titles, ends, "Calls to the CRM in time")
    note = f"Calls in each {'second' if pace.seconds == 1 else span(pace.seconds)}"
    legend = [("told", "answered with success"), ("conflict", "anything else")]
    return section("Pace", note, drawn, legend if sum(pace.bad) else [])


def _fields(whole: Whole) -> str:
    rows, seen = [], set()
    for field, found in whole.fields.items():
        parts = tuple(
            Part(found[what], COLOURS[what], f"{named(field)}: {number(found[what])} {WORDS[what]}")
            for what in SHOWN
            if what in found
        )
        if parts and field:
            seen |= set(found)
            rows.append(Row(named(field), parts, number(sum(part.size for part in parts))))
    rows.sort(key=lambda row: -row.size)
    if not rows:
        return ""
    legend = [(COLOURS[what], WORDS[what]) for what in SHOWN if what in seen]
    return section(
        "Differences by field",
        "What moved, and which way it went",
        charts.bars(rows, "Differences by field"),
        legend,
    )


def _operations(whole: Whole) -> str:
    tallies = sorted(whole.report.calls, key=lambda one: -one.calls)
    if not tallies:
        return ""
    rows = [Row(one.operation, _statuses(one), _pace_of(one)) for one in tallies]
    failed = any(len(row.parts) > 1 for row in rows)
    legend = [("told", "answered with success"), ("conflict", "anything else")] if failed else []
    drawn = charts.bars(rows, "Calls by operation")
    return section("Calls by operation", "How many, and the mean time to an answer", drawn, legend)


def _statuses(one: Tally) -> tuple[Part, ...]:
    good = sum(n for status, n in one.statuses.items() if 200 <= status < 300)
    told = ", ".join(f"{number(n)} times {s or 'no answer'}" for s, n in one.statuses.items())
    parts = [Part(good, "told", told), Part(one.calls - good, "conflict", told)]
    return tuple(part for part in parts if part.size)


def _pace_of(one: Tally) -> str:
    return f"{number(one.calls)} · {one.mean_ms:,.0f} ms"


def _conflicts(whole: Whole, *, values: bool) -> str:
    if not whole.conflicts:
        return ""
    heads = [
        "Contact",
        "Field",
        "Whose edit lost",
        "Because",
        *(["Lost", "Stays"] if values else []),
    ]
    rows = [
        [
            str(one.contact),
            named(one.name),
            "ours" if one.side == "ours" else "the CRM's",
            BY.get(one.by, one.by),
            *([text(one.lost), text(one.kept)] if values else []),
        ]
        for one in whole.conflicts
    ]
    note = "rollbook explain CONTACT FIELD tells how each came about"
    if whole.lost > len(rows):
        note = f"The first {len(rows)} of {number(whole.lost)}; {note}"
    return section("Conflicts", note, table(heads, rows))


def _parked(whole: Whole) -> str:
    if not whole.report.parked:
        return ""
    rows = [[number(n), code, reason, remedy(code)] for code, n, reason in whole.report.parked]
    drawn = table(["Jobs", "Code", "Reason", "What to do"], rows, right=1)
    return section("Parked", f"rollbook parked --run {whole.report.run.id} lists them", drawn)


def _dropped(whole: Whole) -> str:
    if not whole.report.dropped:
        return ""
    rows = [[named(name), number(n)] for name, n in sorted(whole.report.dropped.items())]
    note = "The CRM took these contacts, but not these fields of theirs: rollbook dropped"
    return section("Left out by the CRM", note, table(["Field", "Contacts"], rows))


def _counts(whole: Whole) -> str:
    rows = [[figure, meaning] for figure, meaning in counted(whole.report)]
    return section("In figures", "", table(["", ""], rows, right=1, heads_shown=False))


def _foot(whole: Whole, *, values: bool) -> str:
    at = datetime.fromtimestamp(whole.at).astimezone()
    what = (
        "It holds personal data: keep it where such data may be."
        if values
        else "It names fields and our numbers of contacts, and no value of anybody."
    )
    return f"<footer>Made by Rollbook, {at:%d %b %Y %H:%M %Z}. {what}</footer>"


def section(title: str, note: str, drawn: str, legend: Iterable[tuple[str, str]] = ()) -> str:
    """A part of a page: its title, a quiet line below it, and what is drawn."""
    keys = "".join(
        f'<span><i class="{colour}"></i>{escape(word)}</span>' for colour, word in legend
    )
    said = f'<p class="quiet">{escape(note)}</p>' if note else ""
    keyed = f'<p class="legend">{keys}</p>' if keys else ""
    return f"<section><h2>{escape(title)}</h2>{said}{keyed}{drawn}</section>"


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: int = 0, heads_shown: bool = True
) -> str:
    """A table; the first ``right`` columns are numbers."""

    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=number' if place < right else ''}>{escape(cell)}</{tag}>"
            for place, cell in enumerate(row)
        )

    head = f"<thead><tr>{cells(heads, 'th')}</tr></thead>" if heads_shown else ""
    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f'<div class="wide"><table>{head}<tbody>{body}</tbody></table></div>'
