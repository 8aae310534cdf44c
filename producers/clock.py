"""Beat: what happens by the clock. Each tick is a message to a worker; beat does no work itself."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

from celery import Celery, signals
from celery.schedules import crontab
from kombu.exceptions import OperationalError

from contacts import belt, redis_client
from contacts.errors import UsageError
from contacts.logs import start_logging
from contacts.settings import Settings, load

HEARTBEAT_S = 10.0
"""How often beat shows that beat, Redis and a worker are one chain."""

PRUNE_S = 3600.0

RENEW_S = 30.0
"""How often tokens near their end are looked for: one query of an index; a token that is renewed
late makes its location wait."""


SKEW_S = 30.0
"""A tick's end is a time of beat's clock that a worker compares with its own. With nothing to spare
ticks of 10 s would be over when they come to a machine whose clock is 10 s ahead."""


def schedule(settings: Settings, name: str) -> dict[str, dict[str, Any]]:
    """Beat's schedule: name to Celery's entry. A tick nobody took in its interval is dropped
    soon after.

    The nightly check is in the application's time zone, which :func:`build_clock` sets.
    """

    def every(seconds: float, task: str, **kwargs: Any) -> dict[str, Any]:
        options = {"queue": "sweep", "expires": seconds + SKEW_S}
        return {"task": task, "schedule": seconds, "kwargs": kwargs, "options": options}

    minute, hour = settings.night_at.split()
    scans = {}
    if settings.scan_seconds:
        scans = {"what changed lately": every(settings.scan_seconds, belt.TICK_SCAN)}
    renewals = {}
    if settings.oauth_client_id:
        renewals = {"tokens near their end": every(RENEW_S, belt.TICK_RENEW)}
    return (
        scans
        | renewals
        | {
            "expired leases": every(settings.sweep_seconds, belt.TICK_RECLAIM),
            "tokens near their end": every(RENEW_S, belt.TICK_RENEW),
            "heartbeat": every(HEARTBEAT_S, belt.TICK_HEARTBEAT, name=name),
            "old calls and jobs": every(PRUNE_S, belt.TICK_PRUNE),
            "nightly check": {
                "task": belt.TICK_NIGHT,
                "schedule": crontab(minute=minute, hour=hour),
                "options": {"queue": "sweep", "expires": 3600},
            },
        }
    )


def build_clock(settings: Settings) -> Celery:
    """Beat's application.

    Raises:
        UsageError: no Redis is known.
    """
    url = redis_client.required(settings)
    app = Celery("rollbook", set_as_current=False)
    app.conf.update(belt.celery_settings(redis_url=url, threads=4))
    app.conf.beat_schedule = schedule(settings, f"beat@{socket.gethostname()}:{os.getpid()}")
    app.conf.timezone = settings.night_zone
    app.conf.beat_max_loop_interval = 5
    return app


def main() -> int:
    """``python -m producers.clock``; exit code 2 for a person's mistake."""
    try:
        settings = load()
        start_logging(settings)
        app = build_clock(settings)
        memory = _memory(settings)
    except UsageError as error:
        print(f"rollbook beat: {error}", file=sys.stderr)  # noqa: T201
        return 2

    def setup_logging(**_: Any) -> None:
        """Celery leaves logging alone when somebody listens to this signal."""

    signals.setup_logging.connect(setup_logging, weak=False)
    show_life(app)
    app.Beat(schedule=str(memory), quiet=True).run()
    return 0


def show_life(app: Celery) -> bool:
    """Send the first heartbeat at once: the scheduled one comes an interval after the start.

    Returns:
        whether Redis took it; beat itself waits for a Redis that is away.
    """
    entry = app.conf.beat_schedule["heartbeat"]
    try:
        app.send_task(entry["task"], kwargs=entry["kwargs"], retry=False, **entry["options"])
    except (OperationalError, OSError):
        return False
    return True


def _memory(settings: Settings) -> Path:
    """The file in which beat keeps when it did what."""
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"ROLLBOOK_HOME: {settings.home} cannot be used: {error.strerror}"
        ) from None
    return settings.home / "beat-schedule"


if __name__ == "__main__":
    sys.exit(main())
