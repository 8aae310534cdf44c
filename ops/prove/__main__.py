"""Every proof, one after the other: ``python -m ops.prove`` (``make prove``).

    python -m ops.prove                 each in its short form, 15 minutes on two cores
    python -m ops.prove merge tags      these alone
    python -m ops.prove --full          at the sizes of which docs/performance.md speaks

Each is a command of its own, ``python -m ops.prove.NAME``, which prints its goals, their bounds and
what was seen; here is the sum. Exit code 1 when one of them did not hold.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Goal:
    """What a proof is for.

    Attributes:
        name: of the module in ``ops.prove``.
        what: in one line.
        short: its words in the short form; none: it is short as it is.
    """

    name: str
    what: str
    short: tuple[str, ...] = ()


GOALS: Final = (
    Goal(
        "merge",
        "no edit is lost between two sides, and they are in step after one round",
        ("--histories", "20000"),
    ),
    Goal(
        "echoes",
        "an echo of our own write costs nothing, and no edit is taken for one",
        ("--events", "8000"),
    ),
    Goal(
        "identity",
        "one person is one contact, whatever both sides call them",
        ("--operations", "2000"),
    ),
    Goal(
        "tags",
        "no tag of anybody is lost, none of ours is stale",
        ("--operations", "10000"),
    ),
    Goal(
        "reconcile",
        "what no webhook told is found within the hour, all of it by the night; grave is asked",
        ("--contacts", "2000", "--hours", "6"),
    ),
    Goal(
        "economy",
        "no call is made that need not be: at most 1.02 of the least that any client needs",
        ("--people", "400"),
    ),
    Goal(
        "wall",
        "a backfill takes the time of its calls, and its end is foretold from 5 % on",
        ("--people", "1000", "--server", "token bucket"),
    ),
    Goal(
        "writes",
        "a write whose answer is lost, late or wrong is there once, and what is not kept is told",
        ("--contacts", "300"),
    ),
    Goal(
        "receiving",
        "800 signed webhooks a second are durable within 50 ms; a kill -9 loses none",
        ("--seconds", "20", "--kills", "4"),
    ),
    Goal(
        "tokens",
        "tokens are renewed once, whoever dies; no location loses its access",
        ("--expiries", "600"),
    ),
    Goal(
        "limiter",
        "the CRM never refuses us, and its limit is used",
        ("--minutes", "5"),
    ),
    Goal(
        "hours",
        "nor in days of storms, kills, losses and strangers, on any of five servers",
        ("--hours", "0.4"),
    ),
    Goal(
        "models",
        "nor in real time, however the stand-in counts",
        ("--at-once", "--seconds", "100"),
    ),
    Goal(
        "restarts",
        "Redis may be restarted under load: work goes on, each job is done once",
        ("--times", "6"),
    ),
    Goal(
        "machines",
        "two machines whose clocks are 10 s apart, one of each killed: every bound holds",
        ("--contacts", "100"),
    ),
    Goal(
        "upstream",
        "a pause that the CRM asks for stops every process at once, and no other location",
        ("--pauses", "3"),
    ),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a proof ended: its exit code and the seconds it took."""

    goal: Goal
    code: int
    seconds: float


def run(goal: Goal, *, full: bool) -> Outcome:
    """Run one as a command of its own; what it prints is seen as it comes."""
    began = time.monotonic()
    words = () if full else goal.short
    done = subprocess.run([sys.executable, "-m", f"ops.prove.{goal.name}", *words], check=False)
    return Outcome(goal, done.returncode, time.monotonic() - began)


def chosen(names: Sequence[str]) -> list[Goal]:
    """The goals of these names; all where none is given.

    Raises:
        ValueError: one of them is none.
    """
    known = {goal.name: goal for goal in GOALS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"no proof is called {unknown[0]}; there are {', '.join(known)}")
    return [known[name] for name in names] or list(GOALS)


def draw(outcomes: Sequence[Outcome]) -> Table:
    """One line for each."""
    table = Table(title="Proofs", title_justify="left", show_edge=False)
    table.add_column("")
    table.add_column("proof")
    table.add_column("what must hold")
    table.add_column("seconds", justify="right")
    for one in outcomes:
        mark = "[green]✓[/]" if one.code == 0 else "[red]✗[/]"
        table.add_row(mark, one.goal.name, one.goal.what, f"{one.seconds:.0f}")
    return table


def main(words: Sequence[str] | None = None) -> int:
    """Run them; exit code 1 when one did not hold, 2 for an unknown name."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all, if none is given")
    parser.add_argument("--full", action="store_true", help="at their full sizes: an hour")
    options = parser.parse_args(words)
    console = Console(highlight=False)
    try:
        goals = chosen(options.names)
    except ValueError as error:
        parser.error(str(error))
    outcomes = []
    for goal in goals:
        console.rule(f"{goal.name}: {goal.what}")
        outcomes.append(run(goal, full=options.full))
    console.rule()
    console.print(draw(outcomes))
    return 0 if all(one.code == 0 for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
