"""A real worker of the threads pool, and a real Redis that is killed under it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from celery import Celery

from contacts import belt
from worker.reconnect import SAY_S, Consumer, now_and_then

PROGRAM = """
import sys, time
from celery import Celery
from contacts import belt
app = Celery("test", set_as_current=False)
app.conf.update(belt.celery_settings(redis_url=sys.argv[1], threads=8))
app.conf.worker_consumer = sys.argv[2]
@app.task(name="nap")
def nap(seconds): time.sleep(seconds)
app.finalize()
worker = app.Worker(hostname="w@test", pool_cls="threads", concurrency=8, queues="bulk",
                    loglevel="WARNING", without_gossip=True, without_mingle=True, quiet=True)
worker.start()
"""


@pytest.mark.journey
@pytest.mark.redis
@pytest.mark.parametrize("empty", [False, True], ids=["keeps its file", "comes back empty"])
def test_a_worker_outlives_a_killed_redis_that_it_waits_on(
    new_redis: Callable[..., object], empty: bool
) -> None:
    server = new_redis()
    server.start(append_only=not empty)  # type: ignore[attr-defined]
    url = server.url  # type: ignore[attr-defined]
    name = f"{Consumer.__module__}:{Consumer.__name__}"
    worker = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, url, name],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    app = Celery("test", set_as_current=False)
    app.conf.update(belt.celery_settings(redis_url=url, threads=4))
    try:
        with redis.Redis.from_url(url) as client:
            # Some threads busy, some free: it holds messages and waits for more.
            _send(app, 4, seconds=1.0)
            _until(lambda: client.hlen("unacked") == 4, worker)
            server.kill()  # type: ignore[attr-defined]
            server.start(append_only=not empty)  # type: ignore[attr-defined]
            _send(app, 4, seconds=0.0)
            _until(lambda: not client.llen("bulk") and not client.hlen("unacked"), worker)
    finally:
        app.close()
        worker.terminate()
        said = worker.communicate(timeout=30)[1]
    assert "Unrecoverable" not in said


def test_a_night_without_redis_does_not_fill_the_log(clock: Any) -> None:
    said: list[float] = []
    say = now_and_then(lambda exc, interval: said.append(clock()), clock)

    began = clock()
    for _ in range(100):
        say(ConnectionError(), 0.5)
        clock.tick(0.5)

    assert said == [began + n * SAY_S for n in range(5)]


def _send(app: Celery, tasks: int, *, seconds: float) -> None:
    with app.connection_for_write() as connection, connection.Producer() as producer:
        for _ in range(tasks):
            app.send_task("nap", kwargs={"seconds": seconds}, queue="bulk", producer=producer)


def _until(is_so: Callable[[], bool], worker: subprocess.Popen[str]) -> None:
    give_up = time.monotonic() + 30
    while not is_so():
        assert worker.poll() is None, "the worker ended"
        assert time.monotonic() < give_up, "it did not go on"
        time.sleep(0.05)
