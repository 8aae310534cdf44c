"""``make bench``: what Rollbook costs and holds, beside a plain Celery project, on this machine.

    python -m ops.bench                       3,000 students: about half an hour
    python -m ops.bench --students 300        shorter: about 6 minutes
    python -m ops.bench --only live           one part alone

Exit code 1 when a bound of ours is missed. docs/performance.md says what each figure means.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from contacts.errors import UsageError
from ops import students
from ops.bench import backfilling, beside, live, machine, many, report, rows, servers, world
from ops.bench.calibration import calibrate
from ops.bench.report import Section
from ops.bench.world import Broken

PARTS = ("backfill", "rival", "live", "many")
WINDOWS = ("sliding-log", "sliding-counter", "fixed-clock", "fixed-first", "token-bucket")
STACK = ("rollbook", "celery", "kombu", "redis", "httpx", "sqlalchemy", "flower")

console = Console(highlight=False)


def main(argv: list[str] | None = None) -> int:
    """Measure, show, and write the JSON if asked.

    Returns:
        0; 1 when a bound is missed or a process did not do its part; 2 for a person's mistake;
        130 after Ctrl-C.
    """
    options = _options(argv)
    if sys.platform != "linux":
        console.print("ops.bench: CPU and memory are read from /proc, so it needs Linux")
        return 2
    about = _about(options)
    _warn_if_busy()
    # What we started runs in sessions of its own and would outlive us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sections = _measure(options)
    except KeyboardInterrupt:
        console.print("ops.bench: broken off; what it started has ended")
        return 130
    except UsageError as error:
        console.print(f"ops.bench: {error}", style="red", markup=False)
        return 2
    except (Broken, ValueError) as error:
        console.print(f"ops.bench: {error}", style="red", markup=False)
        return 1
    report.show(sections, console)
    if options.json:
        found = report.document(sections, **about, load_after=os.getloadavg()[0])
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    missed = report.missed(sections)
    for row in missed:
        console.print(f"[red]missed:[/] {row.what}")
    return 1 if missed else 0


def _measure(options: argparse.Namespace) -> list[Section]:
    parts = options.only or PARTS
    if options.notes and "rival" in parts:
        raise UsageError("--notes: the plain project writes none; give --only backfill too")
    if options.window != WINDOWS[0] and parts != ["backfill"]:
        raise UsageError("--window: the other parts have bounds for one kind; give --only backfill")
    with tempfile.TemporaryDirectory(prefix="rollbook-bench-") as name:
        folder = Path(name)
        file = folder / "students.csv"
        students.write_export(file, options.students)
        rival = _rival(options, folder, file) if "rival" in parts else None
        calibration_ms = calibrate()
        ours = _backfill(options, folder, file) if "backfill" in parts else None
        sections: list[Section] = []
        if ours or rival:
            sections = [
                rows.backfill(
                    ours, rival, options.students, notes=options.notes, window=options.window
                ),
                rows.cpu(ours, rival, calibration_ms),
                rows.memory(ours, rival),
            ]
        if "live" in parts:
            sections.append(rows.live(_live(options, folder), options.waiting))
        if "many" in parts:
            seen = _many(options, folder)
            sections.append(rows.many(seen, options.locations, calibration_ms))
        return sections


def _backfill(options: argparse.Namespace, folder: Path, file: Path) -> backfilling.Backfilled:
    with _part("backfill", folder) as (place, tell), _ours(options, place) as (up, crm):
        return backfilling.run(up, crm, file, options.students, tell, notes=options.notes)


def _live(options: argparse.Namespace, folder: Path) -> live.Live:
    with _part("live", folder) as (place, tell), _ours(options, place) as (up, crm):
        return live.run(up, crm, waiting=options.waiting, live=options.live, tell=tell)


def _many(options: argparse.Namespace, folder: Path) -> many.Many:
    with (
        _part("many locations", folder) as (place, tell),
        _ours(options, place, options.locations, many.settings(options.locations)) as (up, crm),
    ):
        return many.run(up, crm, seconds=options.seconds, flood=options.flood, tell=tell)


def _rival(options: argparse.Namespace, folder: Path, file: Path) -> beside.Beside:
    # Three times as long as the limit asks for, and ten minutes for its longest backoff.
    patience_s = 600 + 3 * options.students * backfilling.CALLS_EACH / 10
    with _part("plain Celery", folder) as (place, tell), world.crm(place) as crm:
        return beside.run(
            place, crm, file, rate=options.rival_rate, patience_s=patience_s, tell=tell
        )


@contextlib.contextmanager
def _part(name: str, folder: Path) -> Iterator[tuple[Path, backfilling.Tell]]:
    """A folder for one part, and a line on the screen that says how far it is."""
    place = folder / name.replace(" ", "-")
    place.mkdir()
    with console.status(name) as status:
        yield place, lambda what: status.update(f"{name}: {what}")


@contextlib.contextmanager
def _ours(
    options: argparse.Namespace,
    place: Path,
    locations: int = 1,
    settings: Mapping[str, str] | None = None,
) -> Iterator[tuple[world.Up, world.Crm]]:
    with (
        servers.database(options.postgres) as database,
        servers.broker(options.redis) as broker,
        world.crm(
            place, locations=locations, switches={"limits": {"window": options.window}}
        ) as crm,
        world.up(place, crm, database=database, redis=broker, settings=settings) as up,
    ):
        yield up, crm


def _about(options: argparse.Namespace) -> dict[str, Any]:
    """What the figures are of."""
    return machine.about(STACK) | {
        "students": options.students,
        "window": options.window,
        "waiting": options.waiting,
        "live": options.live,
        "locations": options.locations,
        "seconds": options.seconds,
        "flood": options.flood,
        "rival_rate": options.rival_rate,
        "database": "PostgreSQL" if options.postgres else "SQLite",
        "redis": "external" if options.redis else "embedded",
    }


def _warn_if_busy() -> None:
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    if load > 0.5 * cores:
        console.print(
            f"[yellow]The machine is busy (load {load:.1f} on {cores} cores): do not trust this.[/]"
        )


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ops.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--students", type=int, default=3000, help="new contacts, a push and a tag each (3000)")
    add("--notes", action="store_true", help="and a note each; with --only backfill")
    add("--window", choices=WINDOWS, default=WINDOWS[0], help="how the stand-in counts calls")
    add("--waiting", type=int, default=100_000, help="bulk jobs that wait before live ones")
    add("--live", type=int, default=200, help="live jobs (200)")
    add("--locations", type=int, default=10, help="locations that work at once (10)")
    add("--seconds", type=float, default=40.0, help="how long they are measured (40)")
    add("--flood", type=int, default=0, help="jobs added to one of them meanwhile (none)")
    add("--only", action="append", choices=PARTS, help="a part alone; may be given again")
    add("--rival-rate", default="10/s", help="the plain project's rate_limit on each worker (10/s)")
    add("--postgres", metavar="URL", help="a server on which a database is made, then dropped")
    add("--redis", metavar="URL", help="a Redis with an empty database; it is empty afterwards")
    add("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
