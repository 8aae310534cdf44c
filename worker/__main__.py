"""The worker's front door: ``python -m worker``."""

from __future__ import annotations

import sys

from contacts.errors import UsageError
from contacts.logs import start_logging
from contacts.settings import load
from contacts.store.database import DatabaseDown
from worker.app import serve
from worker.workbench import open_bench


def main() -> int:
    """Run a worker process; exit code 2 for a person's mistake."""
    try:
        settings = load()
        start_logging(settings)
        bench = open_bench(settings)
    except UsageError as error:
        print(f"rollbook worker: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except DatabaseDown as error:
        print(f"rollbook worker: the database does not answer ({error})", file=sys.stderr)  # noqa: T201
        return 1
    return serve(bench)


if __name__ == "__main__":
    sys.exit(main())
