"""What was found, on a screen and as JSON."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contacts.catalogue import Operation
from ops.conformance.deviations import Deviation
from ops.conformance.findings import Checked, Findings, called
from ops.conformance.specification import GENERATIONS


def as_json(found: Findings) -> str:
    """One document, for machines."""
    document: dict[str, Any] = {
        "good": found.good,
        "specification": str(found.specification.folder),
        "checked": [
            {
                "operation": one.operation.name,
                "call": called(one.operation, one.generation),
                "generation": one.generation,
                "requests": one.requests,
                "answers": one.answers,
                "statuses": list(one.statuses),
                "violations": one.violations,
            }
            for one in found.checked
        ],
        "violations": [
            {
                "generation": one.generation,
                "operation": one.operation,
                "side": one.side,
                "where": one.where,
                "what": one.what,
            }
            for one in found.violations
        ],
        "deviations": [
            {
                "name": one.name,
                "generations": list(one.generations),
                "says": one.says,
                "really": one.really,
                "source": one.source,
                "needed": one not in found.unneeded,
            }
            for one in found.deviations
        ],
        "unasked": [[one.operation.name, one.generation] for one in found.unasked],
    }
    return json.dumps(document, indent=1)


def show(found: Findings, console: Console) -> None:
    """Operations, deviations, and last what is wrong or that nothing is."""
    console.print(_operations(found))
    console.print()
    for one in found.deviations:
        _deviation(one, console)
    for generation, app in sorted(found.specification.borrowed):
        console.print(
            f"[dim]There is no file of {app} for {generation} in the specification: the dated one "
            "was taken.[/dim]\n"
        )
    _end(found, console)


def _operations(found: Findings) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("operation", no_wrap=True)
    table.add_column("call", style="dim", overflow="fold")
    for generation in GENERATIONS:
        table.add_column(generation, no_wrap=True)
    rows: dict[Operation, dict[str, Checked]] = {}
    for one in found.checked:
        rows.setdefault(one.operation, {})[one.generation] = one
    for operation, cells in rows.items():
        first = next(iter(cells))
        table.add_row(
            operation.name,
            escape(called(operation, first)),
            *(_cell(cells.get(generation)) for generation in GENERATIONS),
        )
    return table


def _cell(one: Checked | None) -> str:
    if one is None:
        return "[dim]not there[/dim]"
    if one.violations:
        return f"[red]{one.violations} wrong[/red]"
    if not one.requests:
        return "[red]not asked[/red]"
    return f"[green]ok[/green]  {' '.join(map(str, one.statuses))}"


def _deviation(one: Deviation, console: Console) -> None:
    where = "" if len(one.generations) == len(GENERATIONS) else f" ({', '.join(one.generations)})"
    console.print(f"[bold]{escape(one.name)}[/bold]{where}")
    console.print(f"  specification  {escape(one.says)}", soft_wrap=True)
    console.print(f"  API            {escape(one.really)}", soft_wrap=True)
    console.print(f"  source         [dim]{escape(one.source)}[/dim]\n", soft_wrap=True)


def _end(found: Findings, console: Console) -> None:
    for violation in found.violations:
        console.print(f"[red]violation[/red]  {escape(str(violation))}")
    for one in found.unneeded:
        console.print(
            f"[red]not needed[/red] the deviation {escape(one.name)}: nothing is otherwise without "
            "it; take it out of ops/conformance/deviations.toml"
        )
    for checked in found.unasked:
        console.print(
            f"[red]not asked[/red]  {checked.operation.name} ({checked.generation}): the scenario "
            "does not call it"
        )
    counts = ", ".join(_count(found, generation) for generation in GENERATIONS)
    verdict = "[green]conforms[/green]" if found.good else "[red]does not conform[/red]"
    console.print(
        f"{counts}; {len(found.deviations)} deviations, each with its source; "
        f"{len(found.violations)} violations: {verdict}"
    )


def _count(found: Findings, generation: str) -> str:
    own = [one for one in found.checked if one.generation == generation]
    requests, answers = sum(one.requests for one in own), sum(one.answers for one in own)
    return f"{generation}: {len(own)} operations, {requests} requests, {answers} answers"
