"""How the processes speak: one line an event, for people or as JSON, without personal data."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import structlog

from contacts.settings import Settings

QUIET = {
    # One line for each HTTP call would say what the audit says better, at 0.1 ms each.
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    # "Task received" and "Task succeeded": Flower shows them.
    "celery.worker.strategy": logging.WARNING,
    "celery.app.trace": logging.WARNING,
    "kombu": logging.WARNING,
    "amqp": logging.WARNING,
    "alembic": logging.WARNING,
}


def start_logging(settings: Settings) -> None:
    """Send the standard library's and structlog's lines to stderr, in one shape."""
    level = getattr(logging, settings.log_level.upper())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_values,
    ]
    last: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(max(quiet, level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )


def without_values(
    _: object, __: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    """Say of an exception its type and the lines it came through.

    Not its text, and not the local variables: a database quotes the row that it refused, and the
    variables of a deed are somebody's name, email and phone.
    """
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = " <- ".join(_chain(error))
    return event


def _chain(error: BaseException | None) -> Iterator[str]:
    """The exception and what led to it, newest first, each with its innermost lines."""
    while error is not None:
        lines = traceback.extract_tb(error.__traceback__)[-8:]
        places = [f"{Path(line.filename).name}:{line.lineno} {line.name}" for line in lines]
        yield f"{type(error).__qualname__} at {', '.join(reversed(places)) or 'nowhere'}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
