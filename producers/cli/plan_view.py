"""A plan as a person or a machine reads it. Pure but for the drawing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from producers.cli import screen
from producers.cli.words import count, number, span

if TYPE_CHECKING:
    from rich.console import RenderableType

    from contacts.plans import Difference, Touched
    from producers.plan_file import Plan

READ = "read"
NOTHING = "-"

ASKS = {
    "delete": "would be deleted, or count as deleted here",
    "blank": "would lose a value",
    "retag": "would get other tags",
}


def draw(plan: Plan, *, page: int, per_page: int) -> list[RenderableType]:
    """Sums, then one page of contacts."""
    from rich.text import Text

    drawn: list[RenderableType] = [
        Text(headline(plan), style="bold"),
        screen.figures(figures(plan)),
    ]
    drawn += [Text(one, style="yellow") for one in remarks(plan)]
    if plan.sums["rejects"]:
        drawn += [Text(""), _rejects(plan)]
    if plan.touched:
        drawn += [Text(""), _contacts(plan.touched[(page - 1) * per_page : page * per_page])]
    return drawn


def pages(plan: Plan, per_page: int) -> int:
    """How many pages of contacts there are."""
    return math.ceil(len(plan.touched) / per_page)


def headline(plan: Plan) -> str:
    """``Plan of students.csv to loc1: 120 calls in about 12 s, 0.1 % of a day's``."""
    from pathlib import Path

    basis = plan.basis
    what = Path(basis.file).name if basis.file else basis.kind
    seconds, days = plan.sums["forecast"]["seconds"], plan.sums["forecast"]["days"]
    over = f" on {days} days" if days > 1 else ""
    return (
        f"Plan of {what} to {basis.location}: {count(plan.calls, 'call')} in about "
        f"{span(seconds)}{over}, {plan.quota:.2g} % of a day's"
    )


def figures(plan: Plan) -> list[tuple[str, str]]:
    """A figure, and what it counts; what is nought and unusual is left out."""
    counts, writes = plan.sums["read"], plan.sums["writes"]
    unchanged = counts.get("in_step", counts.get("unchanged", 0))
    rows = [
        (counts.get("rows", 0), "rows" if plan.basis.file else "contacts seen in the CRM"),
        (writes["creates"], "contacts to be made"),
        (writes["updates"], "contacts to be changed"),
        (writes["tags_added"], "tags to be added"),
        (writes["tags_removed"], "tags to be removed"),
        (writes["notes"], "notes to be written, changed or deleted"),
        (writes["tasks"], "tasks to be written, changed or deleted"),
        (unchanged, "unchanged: people who need no call"),
        (plan.sums["rejects_total"], "rows with complaints"),
        (plan.sums["conflicts_total"], "conflicts: both sides changed a field"),
        (sum(one["jobs"] for one in plan.sums["parked"]), "would be parked: a person must look"),
    ]
    always = ("rows", "contacts seen in the CRM", "contacts to be made", "contacts to be changed")
    found = [(number(n), what) for n, what in rows if n or what in always or "unchanged" in what]
    parts = [f"{number(n)} {name}" for name, n in sorted(plan.sums["calls"].items())]
    found.append((number(plan.calls), f"calls to the CRM{': ' if parts else ''}{', '.join(parts)}"))
    return found


def remarks(plan: Plan) -> list[str]:
    """Sentences on what is not as usual."""
    sums, found = plan.sums, []
    if sums["asks"]:
        parts = [f"{number(n)} {ASKS[what]}" for what, n in sums["asks"].items()]
        found.append(f"That is much, so apply asks first: {', '.join(parts)}.")
    found += [
        f"{number(one['jobs'])} would be parked, {one['code']}: {one['reason']}"
        for one in sums["parked"]
    ]
    found += _conflicts(plan)
    if sums["other_calls"]:
        found.append(
            f"Jobs were waiting already: they go first, with {count(sums['other_calls'], 'call')} "
            "that are not of this plan."
        )
    if sums["platform_jobs"]:
        jobs = sum(sums["platform_jobs"].values())
        found.append(f"{count(jobs, 'job')} for the course platform are not rehearsed.")
    return found


def _conflicts(plan: Plan) -> Iterator[str]:
    """By what people know the contact by; one that is not written to has our id alone."""
    conflicts = plan.sums["conflicts"][:10]
    people = {one.contact: one.person for one in plan.touched} if conflicts else {}
    for one in conflicts:
        who = people.get(one["contact"], f"contact {one['contact']}")
        whose = "ours" if one["lost"] == "ours" else "the edit in the CRM"
        yield f"Conflict: {one['field']} of {who}; {whose} loses ({one['by']})"


def _rejects(plan: Plan) -> RenderableType:
    table = screen.table("Line", "Outcome", "Complaint", right=["Line"])
    for one in plan.sums["rejects"][:10]:
        table.add_row(one["line"], one["outcome"], one["reason"])
    more = plan.sums["rejects_total"] - 10
    if more > 0:
        table.add_row("", "", f"and {count(more, 'row')} more")
    return table


def _contacts(touched: Sequence[Touched]) -> RenderableType:
    from rich.text import Text

    table = screen.table("Contact", "Field", "Now", "Will be")
    for one in touched:
        first = f"{one.person}{' (new)' if one.new else ''}"
        for name, before, after in rows_of(one):
            table.add_row(Text(first), Text(name), Text(before), Text(after))
            first = ""
    return table


def rows_of(one: Touched) -> Iterator[tuple[str, str, str]]:
    """(field, now, will be) of one contact, in words."""
    for name, (before, after) in one.changes.items():
        kind, _, rest = name.partition(":")
        if kind == "tag":
            yield f"tag {rest}", _on(before), _on(after)
        else:
            yield f"{kind} {rest}".strip(), shown(before), shown(after)
    if not one.changes:
        yield NOTHING, "as it is there", "the same is sent"


def _on(value: Any) -> str:
    return "on" if value else "off"


def shown(value: Any) -> str:
    """A value as a person reads it."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return str(value)


def differing(found: Sequence[Difference], limit: int = 50) -> RenderableType:
    """Where a plan and what would be done now part."""
    from rich.text import Text

    table = screen.table("Contact", "Field", "Planned", "Would be now")
    last = ""
    for one in found[:limit]:
        who = one.person if one.person != last else ""
        last = one.person
        table.add_row(Text(who), Text(one.name), Text(_step(one.planned)), Text(_step(one.now)))
    if len(found) > limit:
        table.add_row("", "", "", f"and {count(len(found) - limit, 'field')} more")
    return table


def _step(pair: tuple[Any, Any] | None) -> str:
    return "nothing" if pair is None else f"{shown(pair[0])} → {shown(pair[1])}"


def beside(
    planned: Mapping[str, int], done: Mapping[str, int], heads: tuple[str, str, str]
) -> RenderableType:
    """What was planned and what was done, side by side."""
    table = screen.table(*heads, right=heads[1:])
    for name in sorted({*planned, *done}):
        table.add_row(name, number(planned.get(name, 0)), number(done.get(name, 0)))
    return table


# ---------------------------------------------------------------- for machines


def as_json(plan: Plan) -> dict[str, Any]:
    """The sums of a plan."""
    return {
        "location": plan.basis.location,
        "kind": plan.basis.kind,
        "file": plan.basis.file,
        "made_at": plan.made_at,
        "calls_total": plan.calls,
        "quota_percent": round(plan.quota, 4),
        **plan.sums,
    }


def contact_json(one: Touched) -> dict[str, Any]:
    """One contact of a plan; what only the worker needs is left out."""
    return {
        "contact": one.contact,
        "person": one.person,
        "new": one.new,
        "calls": dict(one.calls),
        "changes": {name: list(pair) for name, pair in one.changes.items()},
    }
