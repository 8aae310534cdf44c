"""The rehearsal's door: ``python -m worker.rehearsal REQUEST``, begun by ``rollbook plan``.

It reads what is to be rehearsed from a file, and writes what would be done into another: both are
named there, hold personal data and belong to their owner alone. Stdout tells how far it is.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import structlog
from pydantic import SecretStr

from contacts.errors import UsageError
from contacts.settings import load
from contacts.store import audit
from contacts.store.database import DatabaseDown
from worker.crm.limits import Limits
from worker.rehearsal import pace
from worker.rehearsal.play import Rehearsed, Stage, open_stage, read_fields


def main(words: list[str]) -> int:
    """Rehearse; exit code 2 for a person's mistake, or a CRM that cannot be read."""
    try:
        asked: dict[str, Any] = orjson.loads(Path(words[0]).read_bytes())
        # Stdout is how far it is; of the worker's log only a defect of ours is worth a word.
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
        # Writing is what is rehearsed; nothing that writes passes the transport.
        settings = load().model_copy(
            update={"database_url": SecretStr(str(asked["database"])), "read_only": False}
        )
        what = Rehearsed(asked["run"], asked["location"], asked["mean_ms"], asked["counts"])
        ahead_s = float(asked["ahead_s"])
        stage = open_stage(settings, what, tell=_tell, real=lambda: time.time() + ahead_s)
        try:
            if stage.run:
                stage.play()
            else:
                read_fields(stage)
            found = _found(stage, asked)
        finally:
            stage.bench.crm.close()
            stage.bench.store.close()
    except UsageError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    except DatabaseDown as error:
        print(f"the copy's database does not answer ({error})", file=sys.stderr)  # noqa: T201
        return 1
    _write(Path(asked["out"]), found)
    return 0


def _tell(what: str, done: int, total: int) -> None:
    print(orjson.dumps([what, done, total]).decode(), flush=True)  # noqa: T201


def _found(stage: Stage, asked: dict[str, Any]) -> dict[str, Any]:
    store = stage.bench.store
    calls = {one.operation: one.calls for one in audit.by_operation(store, run=stage.run)}
    every = {one.operation: one.calls for one in audit.by_operation(store)}
    limits = stage.bench.place(stage.location).limits
    return {
        "calls": calls,
        "other_calls": sum(every.values()) - sum(calls.values()),
        "platform_jobs": stage.left,
        "asked": stage.asked,
        "reads": stage.shadow.reads,
        "forecast": _forecast(sum(calls.values()), limits, asked),
        "touched": [one.as_json() for one in stage.notebook.touched()],
    }


def _forecast(calls: int, limits: Limits, asked: dict[str, Any]) -> dict[str, Any]:
    left = asked["left_today"]
    found = pace.forecast(
        calls,
        limits,
        mean_ms=asked["mean_ms"],
        left_today=limits.per_day if left is None else left,
        of_the_day=asked["of_the_day"],
        counting=pace.counting_of(limits, asked["counts"]),
    )
    return {"seconds": found.seconds, "days": found.days, "per_day": limits.per_day}


def _write(path: Path, found: dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
