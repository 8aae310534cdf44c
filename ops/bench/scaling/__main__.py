"""How cost grows with jobs, locations and contacts, on this machine.

    python -m ops.bench.scaling --postgres postgresql://user@host:5432/postgres
    python -m ops.bench.scaling --quick --only sizes,redis,fairness

The parts are sizes, ledger, redis, running, fairness and sums; ``sums`` needs sizes, redis and
running. Without a PostgreSQL only SQLite is measured, and no running, no sums.
docs/scaling.md says what each figure means.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from contacts.errors import UsageError
from contacts.store.database import Store, migrate, open_store
from ops.bench import servers
from ops.bench.calibration import calibrate
from ops.bench.scaling import fairness, ledger, redis_cost, running, sizes, sums
from ops.bench.world import Broken

PARTS: Final = ("sizes", "ledger", "redis", "running", "fairness", "sums")

STEPS: Final = (
    (10_000, 10),
    (10_000, 1_000),
    (100_000, 100),
    (100_000, 10_000),
    (1_000_000, 1_000),
    (1_000_000, 10_000),
)

POINTS: Final = ((100, 1_000_000), (1_000, 10_000_000), (10_000, 100_000_000))


@dataclass(slots=True)
class Found:
    """What the parts have measured so far."""

    sizes: dict[str, dict[str, float]] = field(default_factory=dict)
    ledger: dict[str, list[ledger.Times]] = field(default_factory=dict)
    redis: redis_cost.Cost | None = None
    running: running.Run | None = None
    fairness: list[fairness.Turns] = field(default_factory=list)
    sums: list[sums.Need] = field(default_factory=list)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, show, and write the JSON if asked.

    Returns:
        0; 1 when a process did not do its part; 2 for a person's mistake.
    """
    options = _options(argv)
    console = Console(highlight=False)
    found = Found()
    try:
        _measure(options, found, console)
    except UsageError as error:
        console.print(f"ops.bench.scaling: {error}", markup=False)
        return 2
    except Broken as error:
        console.print(f"ops.bench.scaling: {error}", markup=False)
        return 1
    for table in tables(found):
        console.print(table)
    console.print(f"calibration: {calibrate():.0f} ms (docs/performance.md)")
    if options.json:
        options.json.write_text(json.dumps(asdict(found), indent=1) + "\n")
    return 0


def _measure(options: argparse.Namespace, found: Found, console: Console) -> None:
    for name, store in _stores(options.postgres):
        if "sizes" in options.only:
            console.print(f"sizes on {name}")
            found.sizes[name] = sizes.measure(store, 5_000 if options.quick else 50_000)
        if "ledger" in options.only:
            found.ledger[name] = []
            for jobs, locations in STEPS[:2] if options.quick else STEPS:
                console.print(f"ledger on {name}: {jobs:,} jobs of {locations:,} locations")
                found.ledger[name].append(ledger.measure(store, jobs, locations))
    if "redis" in options.only:
        console.print("redis")
        found.redis = redis_cost.measure()
    if "running" in options.only and options.postgres:
        console.print("running")
        found.running = _run(options)
    if "fairness" in options.only:
        console.print("fairness")
        found.fairness = _turns(found, quick=options.quick)
    if "sums" in options.only and (seen := _seen(found)):
        found.sums = [sums.need(*point, seen, sums.School()) for point in POINTS]


def _stores(postgres: str | None) -> Iterator[tuple[str, Store]]:
    # Beside us and not in /tmp, which may be memory: a commit must reach a disk.
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as folder:
        yield from _opened("SQLite", f"sqlite:///{folder}/bench.db")
    with servers.database(postgres) as url:
        if url is not None:
            yield from _opened("PostgreSQL", url)


def _opened(name: str, url: str) -> Iterator[tuple[str, Store]]:
    migrate(url)
    with contextlib.closing(open_store(url)) as store:
        yield name, store


def _run(options: argparse.Namespace) -> running.Run:
    with (
        servers.database(options.postgres) as url,
        tempfile.TemporaryDirectory(prefix="rollbook-scaling-") as folder,
    ):
        assert url is not None
        return running.measure(Path(folder), url, 20 if options.quick else 150)


def _turns(found: Found, *, quick: bool) -> list[fairness.Turns]:
    """A round takes as long as was measured with 10,000 locations, else as docs/scaling.md says."""
    times = [one for some in found.ledger.values() for one in some if one.locations == 10_000]
    round_s = (times[-1].round if times else ROUND_MS) / 1000
    seconds = 120.0 if quick else 600.0
    return [
        fairness.simulate(locations, threads, rule=rule, round_s=round_s, seconds=seconds)
        for locations, threads in ((1_000, 256), (10_000, 512))
        for rule in fairness.Rule
    ]


ROUND_MS: Final = 1255.0
"""A round with 10,000 locations as measured (docs/scaling.md), where it is not measured now."""


def _seen(found: Found) -> sums.Measured | None:
    rows = found.sizes.get("PostgreSQL")
    if rows is None or found.redis is None or found.running is None:
        return None
    run, cost = found.running, found.redis
    return sums.Measured(
        rows=rows,
        cpu_ms=run.cpu_ms,
        redis_us=run.redis_us,
        redis_commands=run.redis_commands,
        commits=run.commits,
        wal=run.wal,
        idle=cost.idle,
        busy=cost.busy,
        worker_mb=run.memory.get("worker", 0) / 1e6,
    )


# ---------------------------------------------------------------- for people


def tables(found: Found) -> Iterator[Table]:
    """One for each part that was measured."""
    if found.sizes:
        names = list(found.sizes)
        rows = [[what, *(found.sizes[n][what] for n in names)] for what in found.sizes[names[0]]]
        yield _table("Bytes of a row, with its indexes", ["", *names], rows)
    for name, times in found.ledger.items():
        yield _fields(f"The ledger on {name}, ms", times)
    if found.redis:
        yield _fields("Redis", [found.redis])
    if found.running:
        flat = asdict(found.running)
        memory = flat.pop("memory")
        rows = [[what, value] for what, value in flat.items()]
        rows += [[f"memory of {role}, MB", size / 1e6] for role, size in memory.items()]
        yield _table("Of a call, all running", ["", ""], rows)
    if found.fairness:
        yield _fields("Locations that always have work, in virtual time", found.fairness)
    if found.sums:
        yield _fields("What it comes to", found.sums)


def _fields(title: str, rows: Sequence[Any]) -> Table:
    """Dataclasses side by side, a field a row."""
    flat = [asdict(row) for row in rows]
    return _table(title, [""] * (len(flat) + 1), [[k, *(one[k] for one in flat)] for k in flat[0]])


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    shown = any(heads)
    table = Table(
        title=title, title_justify="left", box=None, show_header=shown, min_width=len(title)
    )
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left")
    for what, *values in rows:
        table.add_row(str(what), *(_number(value) for value in values))
    return table


def _number(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ops.bench.scaling", description=__doc__)
    parser.add_argument("--postgres", metavar="ADDRESS", help="a server where databases are made")
    parser.add_argument("--quick", action="store_true", help="a tenth of it: some seconds a part")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured")
    parser.add_argument(
        "--only", type=_parts, default=PARTS, metavar="PARTS", help=f"of {', '.join(PARTS)}"
    )
    return parser.parse_args(argv)


def _parts(text: str) -> tuple[str, ...]:
    found = tuple(text.split(","))
    if unknown := [one for one in found if one not in PARTS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(PARTS)}")
    return found


if __name__ == "__main__":
    sys.exit(main())
