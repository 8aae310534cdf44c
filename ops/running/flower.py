"""Flower, with a password, a memory over restarts, and no secret in its command.

Flower's own front door takes options from the command line, which anybody can read in `ps`, or
from FLOWER_ variables, where a comma splits a password. So we set them on its options object and
open it ourselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import sys
from pathlib import Path
from typing import Any, Final

import structlog
from celery import Celery

from contacts import belt, redis_client
from contacts.errors import UsageError
from contacts.logs import start_logging
from contacts.settings import Settings, load
from ops.running.files import write_private

PASSWORD: Final = "flower.password"
HISTORY: Final = "flower.db"

MAX_TASKS: Final = 20_000
"""Tasks that it remembers: about 4.6 kB each (measured), so 92 MB at most."""

SAVE_S: Final = 60
"""How often it writes its history; kill -9 loses at most this much of it."""


log = structlog.get_logger("rollbook.flower")


def password(settings: Settings) -> tuple[str, bool]:
    """Flower's password: the one set, else the one in HOME/flower.password, made if needed.

    Returns:
        (the password, whether it was made just now).
    """
    if settings.flower_password:
        return settings.flower_password.get_secret_value(), False
    path = settings.home / PASSWORD
    with contextlib.suppress(FileNotFoundError):
        known = path.read_text().strip()
        if known:
            return known, False
    made = secrets.token_urlsafe(15)
    write_private(path, made + "\n")
    return made, True


def whence(settings: Settings) -> str:
    """Where a person finds the password."""
    if settings.flower_password:
        return "from ROLLBOOK_FLOWER_PASSWORD"
    return f"in {(settings.home / PASSWORD).absolute()}"


def serve(settings: Settings) -> int:
    """Run Flower until SIGTERM or Ctrl-C.

    Returns:
        the exit code.

    Raises:
        UsageError: no Redis is known, or the password or the address cannot be used.
    """
    url = redis_client.required(settings)
    app = Celery("rollbook", set_as_current=False)
    app.conf.update(belt.celery_settings(redis_url=url, threads=8))
    app.conf.broker_transport = None  # Flower shows the queues of transports that it knows by name
    # "Inspect method stats failed", five lines whenever no worker is there.
    logging.getLogger("flower.inspector").setLevel(logging.ERROR)
    # A line for each request; a page that somebody looks at asks all the time.
    logging.getLogger("tornado.access").setLevel(logging.WARNING)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    flower = _open(app, settings)
    try:
        flower.start_http_server()
    except OSError as error:
        raise UsageError(
            f"Flower cannot listen on {settings.flower_host}:{settings.flower_port}: "
            f"{error.strerror}"
        ) from None
    where = f"{settings.flower_host}:{settings.flower_port}"
    log.info("listening", at=where, user=settings.flower_user, password_is=whence(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, loop.stop)  # between two callbacks, never inside one
    try:
        flower.start()
    finally:
        flower.stop()  # writes its history
    return 0


def options_of(settings: Settings) -> dict[str, Any]:
    """Flower's options by name.

    Raises:
        UsageError: the user or password cannot be used with basic auth.
    """
    user, word = settings.flower_user, password(settings)[0]
    if not (user and word) or ":" in user or not (user + word).isascii():
        raise UsageError(
            "ROLLBOOK_FLOWER_USER and ROLLBOOK_FLOWER_PASSWORD must be plain ASCII, not empty, "
            "and the user without a colon"
        )
    return {
        "address": settings.flower_host,
        "port": settings.flower_port,
        "basic_auth": [f"{user}:{word}"],
        "persistent": True,
        "db": str((settings.home / HISTORY).absolute()),
        "state_save_interval": SAVE_S * 1000,
        "max_tasks": MAX_TASKS,
        "purge_offline_workers": 3600,
        "natural_time": False,
        "tasks_columns": "name,uuid,state,kwargs,received,started,runtime,worker,exception",
        # Revoking or sending a task here would go past the ledger; `rollbook` has the commands.
        "read_only": True,
    }


def _open(app: Celery, settings: Settings) -> Any:
    from flower.app import Flower
    from flower.options import options
    from flower.urls import settings as tornado_settings
    from flower.views import monitor
    from tornado.ioloop import IOLoop
    from tornado.web import authenticated

    from ops.running.hearing import Ear

    Path(settings.home).mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, value in options_of(settings).items():
        setattr(options, name, value)
    # Flower 2.2 leaves its metrics open to everybody, password or not.
    monitor.Metrics.get = authenticated(monitor.Metrics.get)
    ear = Ear(
        app,
        io_loop=IOLoop.current(),
        db=options.db,
        persistent=True,
        state_save_interval=options.state_save_interval,
        max_tasks_in_memory=options.max_tasks,
        max_workers_in_memory=options.max_workers,
    )
    return Flower(capp=app, options=options, events=ear, **tornado_settings)


def main() -> int:
    """``python -m ops.running.flower``; exit code 2 for a person's mistake."""
    try:
        settings = load()
        start_logging(settings)
        code = serve(settings)
    except UsageError as error:
        print(f"rollbook flower: {error}", file=sys.stderr)  # noqa: T201
        return 2
    # Its threads try a Redis that is away for ever, and Python would wait for them at its end.
    logging.shutdown()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
