"""How long `rollbook explain` takes to know: ``python -m ops.bench.explain [--rows 1000000]``.

A timeline of many rows, jobs and calls, written in the order in which they would come; then the
story of contacts at random, of one with many entries, and of one that is not there. On SQLite in a
folder of its own, and on a PostgreSQL if one is named. Exit code 1 when the slowest of the
99 quickest in 100 is above the bound.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from contacts.contact import Person
from contacts.jobs import Kind, Wish
from contacts.store import audit, database, ledger, roster, story, timeline
from contacts.store.database import Store
from contacts.store.timeline import Entry, What
from ops.bench import servers

BOUND_MS: Final = 100.0
HERE: Final = "loc_bench"
EACH: Final = 10
"""Entries of an ordinary contact."""

BUSY: Final = 2_000
"""Entries of the busiest one: more than are read."""

BATCH: Final = 5_000


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds of a story, of one database.

    Attributes:
        rows: entries of the timeline.
        median, p99: of contacts at random.
        busy: of the busiest contact. ``nobody``: of one that is not there.
    """

    name: str
    rows: int
    median: float
    p99: float
    busy: float
    nobody: float


def main(argv: Sequence[str] | None = None) -> int:
    """Fill, measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--asks", type=int, default=300)
    parser.add_argument("--postgres", metavar="ADDRESS", help="a server; a database is made there")
    options = parser.parse_args(argv)
    found = []
    for name, url in _databases(options.postgres):
        with url as address:
            assert address is not None
            found.append(measure(name, address, rows=options.rows, asks=options.asks))
    _show(found)
    return int(any(max(one.p99, one.busy, one.nobody) > BOUND_MS for one in found))


def measure(name: str, url: str, *, rows: int, asks: int) -> Figures:
    """Fill a database and ask it."""
    database.migrate(url)
    store = database.open_store(url)
    try:
        people = max(1, (rows - min(BUSY, rows // 2)) // EACH)
        fill(store, people, rows)
        some = random.Random(1).choices(range(2, people + 1), k=asks) if people > 1 else [1] * asks
        times = sorted(_ask(store, contact) for contact in some)
        return Figures(
            name,
            rows,
            statistics.median(times),
            times[max(0, round(len(times) * 0.99) - 1)],
            statistics.median(_ask(store, 1) for _ in range(9)),
            statistics.median(_ask(store, 10**9) for _ in range(9)),
        )
    finally:
        store.close()


def fill(store: Store, people: int, rows: int) -> None:
    """So many contacts, entries, jobs and calls. The first contact has the entries left over."""
    for start in range(0, people, BATCH):
        some = [Person({"email": f"a{n}@example.org", "city": "Bonn"})
                for n in range(start, min(people, start + BATCH))]  # fmt: skip
        with store.write() as tx:
            roster.upsert(tx, HERE, some, now=store.clock())
    owners = (n % people + 1 for n in range(people * (EACH - 1)))
    left = rows - people * EACH
    work = _work(store, [*owners, *(1 for _ in range(max(0, left)))])
    for batch in work:
        with store.write() as tx:
            timeline.keep(tx, batch)
    _as_if_it_had_grown(store)


def _as_if_it_had_grown(store: Store) -> None:
    """Let PostgreSQL look at its tables, as autovacuum does by itself while they grow.

    Without it the planner believes in 200 different jobs among all calls, and reads them all.
    """
    with store.write() as tx:
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("ANALYZE")


def _work(store: Store, owners: Sequence[int]) -> Iterator[list[Entry]]:
    """Entries of contacts in turn, each with a job and its call."""
    now = store.clock()
    for start in range(0, len(owners), BATCH):
        part = owners[start : start + BATCH]
        with store.write() as tx:
            wishes = [Wish(Kind.NOTE, HERE, owner, start + n) for n, owner in enumerate(part)]
            ledger.put(tx, wishes, now=now)
            audit.record(tx, [
                audit.Call(now, HERE, "contact.update", 200, 90.0, start + n + 1, 1, "trace")
                for n in range(len(part))
            ])  # fmt: skip
            done = "UPDATE jobs SET state = 'done', settled_at = 1 WHERE state = 'waiting'"
            tx.exec_driver_sql(done)
        yield [
            Entry(
                owner, What.SENT, {"city": ("Bonn", f"Köln {n}")}, now + n, None, start + n + 1, 1
            )
            for n, owner in enumerate(part)
        ]


def _ask(store: Store, contact: int) -> float:
    """Milliseconds of one story."""
    began = time.perf_counter()
    with store.read() as tx:
        story.of(tx, contact, now=store.clock())
    return 1000 * (time.perf_counter() - began)


def _databases(
    postgres: str | None,
) -> Iterator[tuple[str, contextlib.AbstractContextManager[str | None]]]:
    yield "SQLite", _own_sqlite()
    if postgres:
        yield "PostgreSQL", servers.database(postgres)


@contextlib.contextmanager
def _own_sqlite() -> Iterator[str | None]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'rollbook.db'}"


def _show(found: Sequence[Figures]) -> None:
    table = Table(title=f"rollbook explain: a contact's story, ms (bound {BOUND_MS:g})")
    for head in ("", "entries", "median", "99 in 100", "busiest", "nobody"):
        table.add_column(head, justify="right" if head else "left")
    for one in found:
        table.add_row(
            one.name,
            f"{one.rows:,}",
            *(f"{value:.1f}" for value in (one.median, one.p99, one.busy, one.nobody)),
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
