"""How a producer that is a process of its own begins and ends: settings, logging, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable

from contacts.errors import UsageError
from contacts.logs import start_logging
from contacts.settings import Settings, load
from contacts.store.database import DatabaseDown


def run(name: str, serve: Callable[[Settings], int]) -> int:
    """Serve until the end.

    Args:
        name: of the command.

    Returns:
        the exit code: 2 for a person's mistake, 1 without a database, else what ``serve`` returns.
    """
    try:
        settings = load()
        start_logging(settings)
        return serve(settings)
    except UsageError as error:
        print(f"rollbook {name}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except DatabaseDown as error:
        print(f"rollbook {name}: the database does not answer ({error})", file=sys.stderr)  # noqa: T201
        return 1
