"""Flower's ear, while Redis is away and when it is back."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery
from tornado.ioloop import IOLoop

from contacts import belt
from ops.running.hearing import RETRY_S, Ear
from ops.running.redis_server import free_port


@pytest.fixture
def app_at() -> Iterator[Callable[[str], Celery]]:
    """Makes a Celery application at an address of Redis."""
    with contextlib.ExitStack() as stack:

        def make(url: str) -> Celery:
            app = Celery("rollbook", set_as_current=False)
            app.conf.update(belt.celery_settings(redis_url=url, threads=4))
            stack.callback(app.close)
            return app

        yield make


def test_however_long_redis_is_away_it_is_tried_at_a_steady_pace(
    app_at: Callable[[str], Celery],
) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 5:
            raise SystemExit

    ear = Ear(
        app_at(f"redis://127.0.0.1:{free_port()}/0"),
        io_loop=None,
        max_tasks_in_memory=10,
        sleep=sleep,
    )
    with pytest.raises(SystemExit):
        ear.run()

    assert pauses == [RETRY_S] * 5


@pytest.mark.redis
@pytest.mark.journey
def test_when_redis_is_back_it_hears_again(
    app_at: Callable[[str], Celery], new_redis: Callable[..., Any]
) -> None:
    server = new_redis()
    app = app_at(server.url)
    loop = asyncio.new_event_loop()
    deaf, over = threading.Event(), threading.Event()

    def sleep(_: float) -> None:
        deaf.set()
        if over.wait(0.05):
            raise SystemExit

    async def made() -> Ear:
        return Ear(app, io_loop=IOLoop.current(), max_tasks_in_memory=10, sleep=sleep)

    ear = loop.run_until_complete(made())

    def hear() -> None:
        with contextlib.suppress(SystemExit):
            ear.run()

    hearing = threading.Thread(target=hear)
    hearing.start()
    assert deaf.wait(20), "it did not notice that there is no Redis"
    server.start()
    give_up = time.monotonic() + 20
    while "7.1" not in ear.state.tasks:
        assert time.monotonic() < give_up, "it stayed deaf"
        _tell(app)
        loop.run_until_complete(asyncio.sleep(0.1))

    over.set()
    server.stop()
    hearing.join(20)
    assert not hearing.is_alive()
    loop.close()


def _tell(app: Celery) -> None:
    with app.connection_for_write() as connection:
        events = app.events.Dispatcher(connection, hostname="worker-1@here")
        events.send("task-received", uuid="7.1", name="contact.push")
        events.close()
