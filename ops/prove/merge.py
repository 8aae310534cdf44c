"""Is an edit ever lost between the two sides? 100,000 made-up histories, each judged step by step.

    python -m ops.prove.merge
    python -m ops.prove.merge --seed 4711     play one of them and show it

A history is a contact's: edits on both sides (blank ones, edits back to an older value, times out
of order), tags, looks at some or all fields, processes that die before their commit, writes that
get lost, or arrive while their answer is lost, fields that the CRM never takes or cuts short; under
rules of its own for each field. ``ops.prove.two_sides`` says what must hold. Exit code 1 when
something did not.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from random import Random
from typing import Final

from rich.console import Console
from rich.progress import track
from rich.table import Table

from contacts import merge
from contacts.merge import Merged
from ops.prove.histories import generate
from ops.prove.two_sides import Broken, play

CHUNK: Final = 500
"""Histories that one process plays at a time."""


@dataclass(slots=True)
class Shown:
    """What some histories showed.

    Attributes:
        counts: what happened in them.
        broken: what did not hold, by the seed of the history.
    """

    histories: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    broken: dict[int, str] = field(default_factory=dict)

    def add(self, other: Shown) -> None:
        """Both together."""
        self.histories += other.histories
        self.counts.update(other.counts)
        self.broken |= other.broken


def show(seeds: range, merging: Callable[..., Merged] = merge.merge) -> Shown:
    """Play the histories of these seeds.

    Args:
        merging: what is judged.
    """
    shown = Shown()
    for seed in seeds:
        shown.histories += 1
        try:
            shown.counts.update(play(generate(Random(seed)), merging))
        except Broken as error:
            shown.broken[seed] = str(error)
    return shown


def prove(histories: int, *, first: int = 0) -> Iterator[Shown]:
    """Play as many histories on all processors, chunk by chunk."""
    chunks = [
        range(start, min(start + CHUNK, first + histories))
        for start in range(first, first + histories, CHUNK)
    ]
    with ProcessPoolExecutor() as pool:
        yield from pool.map(show, chunks)


def table(shown: Shown, seconds: float) -> Table:
    """For people."""
    counts = shown.counts
    quiets = [counts[f"{n} rounds"] for n in range(3)]
    found = Table(title=f"{shown.histories:,} histories in {seconds:.0f} s", show_header=False)
    found.add_column()
    found.add_column(justify="right")
    for what, number in (
        ("edits of fields", counts["edits"]),
        ("writes to the CRM", counts["calls"]),
        ("edits that nobody contradicted, seen on both sides", counts["alone"]),
        ("conflicts, decided and the loser told", counts["conflicts"]),
        *((f"  {name}", n) for name, n in sorted(counts.items()) if name.startswith("by ")),
        ("times that everybody stopped", sum(quiets)),
        *((f"  agreed after {n} rounds of look and write", quiets[n]) for n in range(3)),
        ("histories in which something did not hold", len(shown.broken)),
    ):
        found.add_row(what, f"{number:,}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when everything held, 1 when something did not."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.merge", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--histories", type=int, default=100_000, help="how many")
    parser.add_argument("--seed", type=int, help="play this one alone, and show it")
    parser.add_argument("--json", action="store_true", help="for machines")
    chosen = parser.parse_args(arguments)
    console = Console()
    if chosen.seed is not None:
        console.print(generate(Random(chosen.seed)))
    elif chosen.histories < 1:
        parser.error("--histories must be at least 1")
    first, number = (0, chosen.histories) if chosen.seed is None else (chosen.seed, 1)
    began, total = time.monotonic(), Shown()
    parts = prove(number, first=first) if number > 1 else chain([show(range(first, first + 1))])
    for part in track(
        parts,
        "proving",
        total=-(-number // CHUNK),
        console=Console(stderr=True),
        transient=True,
    ):
        total.add(part)
    seconds = time.monotonic() - began
    if chosen.json:
        print(_as_json(total, seconds))  # noqa: T201
    else:
        console.print(table(total, seconds))
        for seed, what in sorted(total.broken.items())[:20]:
            console.print(f"--seed {seed}: {what}")
    return 1 if total.broken else 0


def _as_json(shown: Shown, seconds: float) -> str:
    return json.dumps(
        {
            "histories": shown.histories,
            "seconds": round(seconds, 1),
            "counts": dict(sorted(shown.counts.items())),
            "broken": shown.broken,
        }
    )


if __name__ == "__main__":
    sys.exit(main())
