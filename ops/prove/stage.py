"""Where the proofs under virtual time play: schools in memory, as many at a time as there are
cores, and the verdict over what was counted in them."""

from __future__ import annotations

import heapq
import json
import logging
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import structlog
from rich.console import Console
from rich.table import Table

from ops.prove.school import School, open_school

MEMORY: Final = "/dev/shm"
"""A folder in memory, where there is such a one: the disk proves nothing here."""


@contextmanager
def in_memory(random: Random, **more: Any) -> Iterator[School]:
    """A school without anybody in it; see :func:`ops.prove.school.open_school`."""
    memory = MEMORY if Path(MEMORY).is_dir() else None
    with (
        tempfile.TemporaryDirectory(dir=memory) as folder,
        contextmanager(open_school)(Path(folder), random, **more) as school,
    ):
        yield school


def quiet(level: int = logging.CRITICAL) -> None:
    """Let this process say nothing below that level: what fails on purpose is counted."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(level))


@contextmanager
def pool(most: int, level: int = logging.CRITICAL) -> Iterator[ProcessPoolExecutor]:
    """Quiet processes of their own: as many as there are cores, and no more than are needed."""
    count = min(most, os.cpu_count() or 1)
    with ProcessPoolExecutor(count, initializer=quiet, initargs=(level,)) as made:
        yield made


Due = list[tuple[float, int, bytes]]
"""Webhooks on their way, as a heap: (when they come, number, body)."""


def deliver(school: School, due: Due, until: float) -> int:
    """Let come in what is due by then, in any order, and work all there is; returns how many."""
    bodies = []
    while due and due[0][0] <= until:
        bodies.append(heapq.heappop(due)[2])
    school.clock.now = until
    if bodies:
        school.random.shuffle(bodies)
        school.deliver(bodies)
    school.work()
    return len(bodies)


def tell(counts: Counter[str], bounds: Collection[str], *, title: str, as_json: bool) -> int:
    """Print what was counted; returns the exit code.

    Args:
        bounds: what must not have happened once.
    """
    broken = [name for name in bounds if counts[name]]
    if as_json:
        print(json.dumps({**counts, "broken": broken}))  # noqa: T201
    else:
        Console().print(_drawn(counts, bounds, broken, title))
    return 1 if broken else 0


def _drawn(
    counts: Counter[str], bounds: Collection[str], broken: Sequence[str], title: str
) -> Table:
    table = Table("What", "Count", "Bound", title=title)
    for name in [*sorted(set(counts) - set(bounds)), *bounds]:
        bound = "0" if name in bounds else ""
        mark = " [red]too many[/red]" if name in broken else ""
        table.add_row(name, f"{counts[name]:,}", bound + mark)
    return table


Play = Callable[..., Counter[str]]
"""Plays one school; returns its counts."""


def together(play: Play, *words: Sequence[Any], level: int = logging.CRITICAL) -> Counter[str]:
    """Play schools, as many at a time as there are cores; returns their counts together.

    Args:
        words: for each word of ``play``, that of each school.
    """
    with pool(len(words[0]), level) as processes:
        return sum(processes.map(play, *words), Counter())
