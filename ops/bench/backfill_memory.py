"""How much memory and time a backfill of many rows takes, with nobody sending anything.

    python -m ops.bench.backfill_memory --rows 1000000

Prints one JSON line for each reading of the same file: rows a second and the largest resident
memory of the process so far (MB of 2**20 bytes, as the kernel counted it).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

from contacts.store.database import Store, migrate, open_store
from ops.students import write_export
from producers import mapping, readers, rejects
from producers.backfill import Backfill
from producers.bell import Bell
from producers.people import People
from producers.survey import survey

EXPORT = mapping.parse(
    {
        "fields": {"email": "Email", "phone": "Phone", "name": "Name", "country": "Country"},
        "tags": [{"tag": "student"}, {"template": "course: {Course}"}],
    },
    origin="backfill_memory",
)


def main(argv: list[str] | None = None) -> int:
    """Write an export and read it twice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", help="address; default: SQLite in a temporary folder")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "students.csv"
        # In a process of its own: what it takes to write the file must not count.
        writer = multiprocessing.get_context("spawn").Process(
            target=write_export, args=(file, options.rows)
        )
        writer.start()
        writer.join()
        url = options.database or f"sqlite:///{folder}/rollbook.db"
        migrate(url)
        store = open_store(url)
        for reading in ("first", "again"):
            print(json.dumps({"reading": reading} | measure(store, file)), flush=True)
        store.close()
    return 0


def measure(store: Store, file: Path) -> dict[str, float]:
    """One backfill of the file: rows, seconds, rows a second, memory."""
    began = time.monotonic()
    source = readers.open_source(file)
    people = People(EXPORT, source.columns)
    seen = survey(source, people, "US")
    surveyed = time.monotonic()
    ended = Backfill(
        store=store,
        source=source,
        people=people,
        location="bench",
        country="US",
        rejects=rejects.Rejects(rejects.where(file), source.columns),
        bell=Bell(None),
        recurring=seen.recurring,
    ).run()
    seconds = time.monotonic() - began
    return {
        "rows": ended.tally.rows,
        "people": ended.tally.people,
        "jobs": ended.tally.jobs,
        "survey_s": round(surveyed - began, 1),
        "seconds": round(seconds, 1),
        "rows_per_s": round(ended.tally.rows / seconds),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
