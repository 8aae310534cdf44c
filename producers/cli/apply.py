"""``rollbook apply``: what was planned, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contacts.errors import UsageError
from producers.cli import screen
from producers.cli.words import count, span

if TYPE_CHECKING:
    from collections.abc import Callable

    from contacts.plans import Difference
    from contacts.store.checks import Found
    from contacts.store.database import Tx
    from contacts.store.plans import Stop
    from contacts.store.runs import Run
    from producers.cli.backfill import Asked
    from producers.cli.door import Door
    from producers.plan_file import Basis, Plan
    from producers.progress import Look

DIVERGED = 4
"""Exit code: it would not be what was planned any more; nothing else was written."""


def add(app: typer.Typer) -> None:
    """Hang the command into the application."""
    app.command()(apply)


def apply(
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN",
            help="Written by `rollbook plan` or `rollbook reconcile --plan`.",
            show_default=False,
        ),
    ],
    *,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Also where the plan asks first, for it would do much harm."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines.")] = False,
) -> None:
    """Do what a plan says, and nothing else.

    It is rehearsed once more: if that differs in a field, nothing is written, and what differs is
    shown. Afterwards no worker writes anything that is not in the plan: the run stops before.
    """
    from producers import plan_file

    planned = plan_file.read(plan)
    asked = _asked(planned.basis, json=json)
    now, seen = _again(planned.basis, asked, json=json)
    if not _as_planned(planned, now, json=json):
        raise typer.Exit(DIVERGED)
    if now.sums["asks"] and not yes:
        _ask(now, plan, json=json)
        raise typer.Exit(3)
    from producers.cli.door import opened

    with opened() as door:
        if door.settings.read_only:
            raise UsageError("nothing may be written to the CRM: ROLLBOOK_READ_ONLY is on")
        raise typer.Exit(_do(door, now, asked, seen, json=json))


# ---------------------------------------------------------------- is it still that plan?


def _asked(basis: Basis, *, json: bool) -> Asked | None:
    """The file again; None: there is none.

    Raises:
        UsageError: it is not what it was, or the mapping is not.
    """
    from producers import mapping, plan_file
    from producers.cli import backfill

    if basis.file is None:
        return None
    file, map = Path(basis.file), None if basis.map is None else Path(basis.map)
    if plan_file.digest(file) != basis.digests["file"]:
        raise UsageError(f"{file} is not what it was when this was planned: plan it again")
    if map is not None and plan_file.digest(map) != basis.digests["mapping"]:
        raise UsageError(f"{map} is not what it was when this was planned: plan it again")
    if map is None and Path(mapping.FILE).exists():
        raise UsageError(f"this was planned without a {mapping.FILE}, and here is one: plan again")
    return backfill.asked_for(file, map, None, json=json)


def _again(basis: Basis, asked: Asked | None, *, json: bool) -> tuple[Plan, Found | None]:
    """The plan as it would be made now, and what was read of the location for it.

    Raises:
        UsageError: rules or settings are not what they were, or the CRM cannot be read.
    """
    from contacts.store import checks
    from contacts.store.checks import Look
    from producers.cli import rehearsing

    with rehearsing.copied(basis.location) as copy:
        for name, what in copy.digests.items():
            if basis.digests.get(name) != what:
                raise UsageError(
                    f"the {name} of {basis.location} are not what they were when this was planned: "
                    "plan it again"
                )
        if asked is None:
            now = rehearsing.of_walk(copy, basis, quiet=json)
        else:
            now = rehearsing.of_file(asked, copy, basis)
        seen = checks.found(copy.door.store, basis.location).get(Look.LOCATION)
    return now, seen


def _as_planned(planned: Plan, now: Plan, *, json: bool) -> bool:
    """Whether the same would be written; what would not is shown."""
    from contacts import plans

    found = plans.differences(planned.touched, now.touched)
    if not found:
        return True
    if json:
        screen.emit({"event": "diverged", "fields": len(found)})
        for one in found:
            screen.emit({"event": "difference"} | one.as_json())
    else:
        _show_differences(found)
    return False


def _show_differences(found: list[Difference]) -> None:
    from producers.cli import plan_view

    people = len({one.person for one in found})
    screen.show(plan_view.differing(found))
    screen.say()
    screen.warn(
        f"Stopped before anything was written: {count(people, 'contact')} would not be written to "
        "as planned. Plan again, and look at it."
    )


def _ask(now: Plan, path: Path, *, json: bool) -> None:
    from producers.cli.plan_view import remarks

    if json:
        screen.emit({"event": "asks", "asks": now.sums["asks"]})
        return
    screen.warn(remarks(now)[0])
    screen.warn(f"Nothing was written. If it is right: rollbook apply {path} --yes")


# ---------------------------------------------------------------- doing it


def _do(door: Door, plan: Plan, asked: Asked | None, seen: Found | None, *, json: bool) -> int:
    """Begin the run with its plan, follow it to its end, and say what was planned and done.

    Returns:
        the exit code.
    """
    from contacts.store import checks

    place = door.location(plan.basis.location)
    if seen is not None and seen.code is None:
        # What the rehearsal read of the location need not be read again.
        with door.store.write() as tx:
            checks.keep(tx, place.id, seen)
    if asked is None:
        run = _walk(door, plan)
    else:
        from producers.cli import backfill

        ended = backfill.read_in(door, place, asked, begun=_attaching(plan, door))
        run = ended.run
        if ended.state == "interrupted":
            screen.remark(f"Run {run} interrupted; what is queued goes on, as planned.")
            return 130
    code = _follow(door, run, json=json)
    if code == 130:
        return code
    return _say(Done.of(door, run), plan, code, json=json)


def _attaching(plan: Plan, door: Door) -> Callable[[Tx, int], None]:
    """Attaches the plan in the transaction that begins the run."""
    from contacts.store import plans

    def attach(tx: Tx, run: int) -> None:
        plans.attach(tx, run, plan.touched, now=door.store.clock())

    return attach


def _walk(door: Door, plan: Plan) -> int:
    from producers import walks

    run = walks.begin(
        door.store,
        door.settings,
        plan.basis.location,
        since=plan.basis.since,
        begun=_attaching(plan, door),
    )
    door.ring()
    return run


def _follow(door: Door, run: int, *, json: bool) -> int:
    """Follow it to its end; what it asks was answered when the plan was applied."""
    from producers import walks
    from producers.cli import following

    def stands(look: Look) -> bool:
        return look.over or look.run.state == "asking" or look.jobs.open == 0

    from contacts.store import runs

    while True:
        code = following.until_over(door, run, json=json, enough=stands)
        found = runs.get(door.store, run)
        if code == following.INTERRUPTED or found is None or found.state != "asking":
            return code
        walks.confirm(door.store, run)
        door.ring()


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a run with a plan."""

    run: Run
    calls: dict[str, int]
    told: dict[str, int]
    stop: Stop | None

    @classmethod
    def of(cls, door: Door, number: int) -> Done:
        """Look it up."""
        from contacts.store import audit, findings, plans
        from producers.cli import report

        run = report.find(door.store, number)
        return cls(
            run,
            {one.operation: one.calls for one in audit.by_operation(door.store, run=number)},
            told(findings.by_field(door.store, run)),
            plans.of(door.store, number),
        )

    @property
    def seconds(self) -> float:
        """From its beginning to its end."""
        return (self.run.finished_at or self.run.started_at) - self.run.started_at


def told(fields: dict[str, dict[str, int]]) -> dict[str, int]:
    """How many contacts were told of a field, by field."""
    return {name: found["sent"] for name, found in fields.items() if "sent" in found}


def _say(done: Done, plan: Plan, code: int, *, json: bool) -> int:
    planned = told(plan.sums["fields"])
    if json:
        screen.emit(_json(done, plan, planned))
    else:
        _show(done, plan, planned)
    return DIVERGED if done.stop is not None else code


def _json(done: Done, plan: Plan, planned: dict[str, int]) -> dict[str, Any]:
    stop = done.stop
    return {
        "event": "applied",
        "run": done.run.id,
        "planned": {
            "calls": plan.sums["calls"],
            "fields": planned,
            "seconds": plan.sums["forecast"]["seconds"],
        },
        "done": {"calls": done.calls, "fields": done.told, "seconds": done.seconds},
        "stopped": None if stop is None else {"contact": stop.contact, "piece": stop.piece},
    }


def _show(done: Done, plan: Plan, planned: dict[str, int]) -> None:
    from producers.cli import plan_view
    from producers.cli.run_report import named

    calls = plan_view.beside(plan.sums["calls"], done.calls, ("Calls", "Planned", "Done"))
    fields = plan_view.beside(
        {named(name): n for name, n in planned.items()},
        {named(name): n for name, n in done.told.items()},
        ("Contacts told of", "Planned", "Done"),
    )
    screen.say()
    screen.show(calls, "", fields)
    seconds = plan.sums["forecast"]["seconds"]
    screen.say(f"\nPlanned to take {span(seconds)}; it took {span(done.seconds)}.")
    stop = done.stop
    if stop is not None:
        screen.warn(
            f"Run {done.run.id} was stopped before its first write that was not planned: contact "
            f"{stop.contact}, {stop.piece}. What changed there: rollbook explain {stop.contact}. "
            "What is still owed waits for a new plan."
        )
