"""What became of a run, when it is over or for as far as it is. Pure but for the drawing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from producers.cli import meter, screen, walked
from producers.cli.existence import sentence
from producers.cli.words import count, number, span

if TYPE_CHECKING:
    from rich.console import RenderableType

    from contacts.store.audit import Tally
    from contacts.store.database import Store
    from contacts.store.ledger_view import Counts
    from contacts.store.runs import Run


@dataclass(frozen=True, slots=True)
class Report:
    """A run with its jobs and calls.

    Attributes:
        calls: by operation.
        parked: how many jobs are parked, by code.
        dropped: of how many contacts the CRM left a field out, by our name of the field.
        rejects: the file of complaints; None if there were none, or if nobody knows.
        held: jobs that wait because nothing may be written to the CRM.
    """

    run: Run
    jobs: Counts
    calls: list[Tally]
    parked: list[tuple[str, int, str]]
    dropped: dict[str, int]
    rejects: Path | None = None
    held: int = 0

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        run, jobs = self.run, self.jobs
        return {
            "run": run.id,
            "location": run.location,
            "title": run.title,
            "state": run.state,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "read": run.counts,
            "existence": run.existence,
            "jobs": {
                "open": jobs.open,
                "done": jobs.done,
                "parked": jobs.parked,
                "cancelled": jobs.cancelled,
                "tried_again": jobs.retried,
            },
            "calls": {tally.operation: tally.calls for tally in self.calls},
            "parked": {code: n for code, n, _ in self.parked},
            "dropped": self.dropped,
            "rejects": None if self.rejects is None else str(self.rejects),
            "held_read_only": self.held,
        }


def find(store: Store, number: int) -> Run:
    """A run by its id.

    Raises:
        UsageError: there is none.
    """
    from contacts.errors import UsageError
    from contacts.store import runs

    run = runs.get(store, number)
    if run is None:
        raise UsageError(f"there is no run {number}: `rollbook runs` lists them")
    return run


def gather(
    store: Store, run: Run, rejects: Path | None = None, *, read_only: bool = False
) -> Report:
    """Read what there is to say of a run.

    Args:
        read_only: nothing may be written to the CRM.

    Raises:
        DatabaseDown: no answer.
    """
    from contacts.store import audit, ledger_view, roster_view, runs

    return Report(
        run=runs.get(store, run.id) or run,
        jobs=ledger_view.counts(store, run=run.id),
        calls=audit.by_operation(store, run=run.id),
        parked=ledger_view.parked_reasons(store, run=run.id),
        dropped=roster_view.dropped_of_run(store, run.id),
        rejects=rejects,
        held=ledger_view.writing(store, run=run.id) if read_only else 0,
    )


def say(report: Report, now: float, *, json: bool) -> None:
    """Write the report to stdout."""
    if json:
        screen.emit({"event": "report"} | report.as_json())
    else:
        screen.say()
        screen.show(*draw(report, now))


def draw(report: Report, now: float) -> list[RenderableType]:
    """The report as a person reads it."""
    from rich.text import Text

    drawn: list[RenderableType] = [
        Text(headline(report.run, now), style="bold"),
        screen.figures(counted(report)),
    ]
    run = report.run
    if said := sentence(run.existence):
        drawn.append(Text(said))
    for remark in walked.remarks(run.id, run.state, run.counts):
        drawn.append(Text(remark, style="yellow"))
    if report.held:
        drawn.append(Text(meter.held(report.held), style="yellow"))
    if report.rejects is not None:
        drawn.append(
            Text(
                f"{report.rejects} says which rows, and why: correct them there and backfill "
                "that file."
            )
        )
    if report.dropped:
        fields = ", ".join(
            f"{name} of {count(n, 'contact')}" for name, n in sorted(report.dropped.items())
        )
        drawn.append(
            Text(f"The CRM left out {fields}: `rollbook dropped` says more.", style="yellow")
        )
    for code, n, reason in report.parked:
        drawn.append(Text(f"{number(n)} parked, {code}: {reason}", style="yellow"))
    if report.parked:
        drawn.append(Text(f"Look at them: rollbook parked --run {report.run.id}", style="yellow"))
    return drawn


def counted(report: Report) -> list[tuple[str, str]]:
    """What was read, done and called: a figure, and what it counts."""
    return [*_read(report), *_jobs(report), *_calls(report)]


def headline(run: Run, now: float) -> str:
    """``Run 3, students.csv to loc_abc: finished in 1 min 2 s``."""
    took = span((run.finished_at or now) - run.started_at)
    ends = {
        "reading": f"reading since {took}",
        "queued": f"under way since {took}",
        "finished": f"finished in {took}",
        "interrupted": "reading was interrupted; the same command again resumes it",
        "cancelled": "cancelled",
        "asking": f"asks whether it may go on: rollbook reconcile --confirm {run.id}",
    }
    return f"Run {run.id}, {run.title} to {run.location}: {ends.get(run.state, run.state)}"


def _read(report: Report) -> list[tuple[str, str]]:
    """The figures of reading; what is nought and unusual is not mentioned."""
    counts = report.run.counts
    if report.run.kind in walked.KINDS:
        return walked.figures(counts)
    if "rows" not in counts:
        # A walk counts things of its own, and names them as they are to be read.
        return [(number(n), name.replace("_", " ")) for name, n in counts.items() if n]
    new = counts.get("new", 0)
    rows = [
        (number(counts["rows"]), "row" if counts["rows"] == 1 else "rows"),
        (number(counts.get("people", 0)), f"people, {number(new)} of them new here"),
        (number(counts.get("merged", 0)), "merged: rows of somebody who had a row before"),
        (number(counts.get("left_out", 0)), "left out: rows that cannot be used"),
        (number(counts.get("forgotten", 0)), "of these of people who were forgotten on request"),
        (number(counts.get("trimmed", 0)), "sent without one of their values"),
        (number(counts.get("in_step", 0)), "in step: people who need no call"),
    ]
    always = ("row", "rows")
    return [row for row in rows if row[0] != "0" or row[1] in always or "people," in row[1]]


def _jobs(report: Report) -> list[tuple[str, str]]:
    jobs, counts = report.jobs, report.run.counts
    kinds = [
        count(counts.get(name, 0), one, many)
        for name, one, many in (
            ("pushes", "contact", "contacts"),
            ("tags", "set of tags", "sets of tags"),
            ("notes", "note", "notes"),
            ("tasks", "task", "tasks"),
        )
        if counts.get(name)
    ]
    rows = [(number(jobs.total), f"jobs{': ' if kinds else ''}{', '.join(kinds)}")]
    rows.append((number(jobs.done), "done"))
    rows += [
        (number(value), text)
        for value, text in (
            (jobs.open, "still queued"),
            (jobs.parked, "parked: a person must look"),
            (jobs.cancelled, "cancelled"),
            (jobs.retried, "tried again on the way"),
        )
        if value
    ]
    return rows if jobs.total else []


def _calls(report: Report) -> list[tuple[str, str]]:
    total = sum(tally.calls for tally in report.calls)
    parts = [f"{number(tally.calls)} {tally.operation}" for tally in report.calls]
    return [(number(total), f"calls to the CRM{': ' if parts else ''}{', '.join(parts)}")]
