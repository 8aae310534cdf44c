"""The Celery application: threads, acks late, prefetch 1, JSON, events, no results, no ETA."""

from __future__ import annotations

import threading
from typing import Any

from celery import Celery, signals

from contacts import belt
from contacts.store import processes
from contacts.store.database import DatabaseDown
from worker import tasks
from worker.workbench import Workbench

HEARTBEAT_S = 5.0


def build_app(bench: Workbench) -> Celery:
    """The worker's application, its tasks bound to the workbench."""
    settings = bench.settings
    assert settings.redis is not None
    app = Celery("rollbook", set_as_current=False)
    app.conf.update(belt.celery_settings(redis_url=settings.redis, threads=settings.worker_threads))
    tasks.register(app, bench)
    app.finalize()
    return app


def serve(bench: Workbench) -> int:
    """Work until told to stop; running calls finish, nothing else is begun.

    Returns:
        the exit code.
    """
    app = build_app(bench)

    def setup_logging(**_: Any) -> None:
        """Celery leaves logging alone when somebody listens to this signal."""

    def shutting_down(**_: Any) -> None:
        bench.stopping.set()

    signals.setup_logging.connect(setup_logging, weak=False)
    signals.worker_shutting_down.connect(shutting_down, weak=False)
    pulse = threading.Thread(target=_pulse, args=(bench,), name="pulse", daemon=True)
    pulse.start()
    worker = app.Worker(
        hostname=bench.name,
        pool_cls="threads",
        concurrency=bench.settings.worker_threads,
        queues=",".join(belt.QUEUES),
        loglevel=bench.settings.log_level.upper(),
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    worker.start()
    bench.stopping.set()
    pulse.join(timeout=HEARTBEAT_S)
    return int(worker.exitcode or 0)


def _pulse(bench: Workbench) -> None:
    """Say every few seconds that this process is alive, and how many jobs it can hold at once."""
    while True:
        try:
            processes.beat(bench.store, bench.name, "worker", bench.settings.worker_threads)
            if bench.stopping.wait(HEARTBEAT_S):
                processes.gone(bench.store, bench.name)
                return
        except DatabaseDown:
            if bench.stopping.wait(HEARTBEAT_S):
                return
