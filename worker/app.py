"""The Celery application: threads, acks late, prefetch 1, JSON, events, no results, no ETA."""

from __future__ import annotations

import threading
from typing import Any

from celery import Celery, signals

from contacts import belt, redis_client
from worker import tasks
from worker.pulse import BEAT_S, pulse
from worker.workbench import Workbench


def build_app(bench: Workbench) -> Celery:
    """The worker's application, its tasks bound to the workbench."""
    settings = bench.settings
    app = Celery("rollbook", set_as_current=False)
    url = redis_client.required(settings)
    app.conf.update(belt.celery_settings(redis_url=url, threads=settings.worker_threads))
    app.conf.worker_consumer = "worker.telling:Consumer"
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
    heart = threading.Thread(target=pulse, args=(bench,), name="pulse", daemon=True)
    heart.start()
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
    heart.join(timeout=BEAT_S)
    return int(worker.exitcode or 0)
