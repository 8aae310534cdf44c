"""How fast the ledger is: ``python -m ops.bench.ledger [--postgres ADDRESS]``.

Jobs a second of a bulk put, and of the life of a job without the call in it: released, claimed by
one of many threads, done with its audit. On SQLite in a folder of its own, and in a new database
on a PostgreSQL if one is named. Exit code 1 when a bulk put is slower than its bound.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from contacts.errors import UsageError
from contacts.jobs import Kind, Ticket, Wish
from contacts.store import audit, database, ledger
from contacts.store.database import Store
from ops.bench import servers
from ops.bench.calibration import calibrate

PUT_BOUND: Final = 10_000
"""Jobs a second, on either database."""

BATCH: Final = 500
"""Wishes of one transaction, as a backfill writes them."""

HERE: Final = "loc_bench"


@dataclass(frozen=True, slots=True)
class Figures:
    """What one database did; jobs a second, but for ``release_ms``.

    Attributes:
        put: new wishes.
        again: wishes for contacts that have a job already.
        lives: released, claimed and done, by all threads together.
        release_ms: one round of 20 jobs while all the others wait.
    """

    name: str
    put: float
    again: float
    lives: float
    release_ms: float


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print a table.

    Returns:
        0; 1 when a bound is missed; 2 for a person's mistake.
    """
    options = _options(argv)
    console = Console(highlight=False)
    try:
        found = [
            measure(name, store, jobs=options.jobs, lives=options.lives, threads=options.threads)
            for name, opened in _databases(options)
            for store in _each(opened)
        ]
    except UsageError as error:
        console.print(f"ops.bench.ledger: {error}", style="red", markup=False)
        return 2
    _show(found, options, console)
    return 0 if all(min(one.put, one.again) >= PUT_BOUND for one in found) else 1


def measure(name: str, store: Store, *, jobs: int, lives: int, threads: int) -> Figures:
    """Measure one empty database."""
    wishes = [Wish(Kind.PUSH, HERE, contact) for contact in range(1, jobs + 1)]
    put = jobs / _seconds(lambda: _put(store, wishes))
    again = jobs / _seconds(lambda: _put(store, wishes))
    rounds: list[float] = []
    lives = min(lives, jobs)
    spent = _seconds(lambda: _live(store, lives, threads, rounds))
    return Figures(name, put, again, lives / spent, 1000 * sum(rounds) / len(rounds))


def _put(store: Store, wishes: Sequence[Wish]) -> None:
    for start in range(0, len(wishes), BATCH):
        with store.write() as tx:
            ledger.put(tx, wishes[start : start + BATCH], now=store.clock())


def _live(store: Store, lives: int, threads: int, rounds: list[float]) -> None:
    """Release rounds of 20, as the dispatcher does; the threads claim and settle them."""
    with ThreadPoolExecutor(threads) as pool:
        left = lives
        while left > 0:
            began = time.perf_counter()
            tickets = ledger.release(store, room=20, limit=20, bulk_limit=20, lease_s=30)
            rounds.append(time.perf_counter() - began)
            for done in pool.map(lambda ticket: _work(store, ticket), tickets):
                left -= done


def _work(store: Store, ticket: Ticket) -> bool:
    job = ledger.claim(store, ticket, worker="bench", lease_s=60)
    assert job is not None
    call = audit.Call(
        store.clock(), job.location, "contact.create", 200, 100.0, job.id, job.run, None
    )
    with store.write() as tx:
        audit.record(tx, [call])
        return ledger.done(tx, job, now=store.clock())


def _seconds(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


Opened = contextlib.AbstractContextManager[Store]


def _databases(options: argparse.Namespace) -> Iterator[tuple[str, Opened]]:
    yield "SQLite", _sqlite(options.threads)
    if options.postgres:
        yield "PostgreSQL", _postgres(options.postgres, options.threads)


def _each(opened: Opened) -> Iterator[Store]:
    """The store while it is open, once."""
    with opened as store:
        yield store


@contextlib.contextmanager
def _sqlite(threads: int) -> Iterator[Store]:
    # Beside us and not in /tmp, which may be memory: a commit must reach a disk.
    with (
        tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as folder,
        _opened(f"sqlite:///{folder}/bench.db", threads) as store,
    ):
        yield store


@contextlib.contextmanager
def _postgres(server: str, threads: int) -> Iterator[Store]:
    with servers.database(server) as url:
        assert url is not None
        with _opened(url, threads) as store:
            yield store


@contextlib.contextmanager
def _opened(url: str, threads: int) -> Iterator[Store]:
    database.migrate(url)
    store = database.open_store(url, pool_size=threads + 1)
    try:
        yield store
    finally:
        store.close()


def _show(found: Sequence[Figures], options: argparse.Namespace, console: Console) -> None:
    table = Table(title=f"The ledger, {options.jobs:,} jobs", title_justify="left", box=None)
    table.add_column("")
    for one in found:
        table.add_column(one.name, justify="right")
    table.add_column("bound", justify="right")
    rows: tuple[tuple[str, Callable[[Figures], float], str], ...] = (
        ("bulk put, new, jobs/s", lambda one: one.put, f"≥ {PUT_BOUND:,}"),
        ("bulk put, coalesced, jobs/s", lambda one: one.again, f"≥ {PUT_BOUND:,}"),
        (
            f"released, claimed, done, jobs/s ({options.threads} threads)",
            lambda one: one.lives,
            "",
        ),
        ("one release of 20 while all wait, ms", lambda one: one.release_ms, ""),
    )
    for what, figure, bound in rows:
        table.add_row(what, *(f"{figure(one):,.0f}" for one in found), bound)
    console.print(table)
    console.print(f"calibration: {calibrate():.0f} ms (docs/performance.md)")


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.bench.ledger", description=__doc__)
    parser.add_argument("--postgres", metavar="ADDRESS", help="a server where a database is made")
    parser.add_argument("--jobs", type=int, default=100_000, help="wishes of a put (100,000)")
    parser.add_argument("--lives", type=int, default=4_000, help="jobs that are worked (4,000)")
    parser.add_argument("--threads", type=int, default=16, help="that work at once (16)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
