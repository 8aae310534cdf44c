"""The CRM fails in every way that it has; in the end everybody is there once."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery
from sqlalchemy import func, select

from contacts.store import accounts
from contacts.store.tables import calls, jobs
from ops import students

pytestmark = [pytest.mark.journey, pytest.mark.redis]

STUDENTS = 60
HERE = "loc_journey"


@contextlib.contextmanager
def listening(url: str) -> Iterator[list[dict[str, Any]]]:
    """Everything that Flower hears: the events of all workers."""
    heard: list[dict[str, Any]] = []
    app = Celery("ear", broker=url, set_as_current=False)
    ready, over = threading.Event(), threading.Event()

    def listen() -> None:
        with app.connection_for_read() as connection:
            receiver = app.events.Receiver(connection, handlers={"*": heard.append})
            with contextlib.suppress(StopIteration):
                for number, _ in enumerate(receiver.itercapture(limit=None, timeout=None)):
                    if number == 0:
                        ready.set()
                    if over.is_set():
                        return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield heard
    over.set()
    thread.join(10)
    app.close()


def struck(crm: Any, kind: str) -> Callable[[int], bool]:
    """Whether a fault has struck so often."""
    return lambda times: int(crm.report()["faults"].get(kind, 0)) >= times


def test_it_answers_503_for_a_while_then_429_with_and_without_a_time(new_house: Any) -> None:
    house = new_house()
    file = house.export(STUDENTS)
    with listening(house.redis.url) as heard:
        house.start("dispatcher", "beat", "worker-1", "worker-2")
        house.backfill(file)
        house.until_calls(20)
        house.crm.fault("error", status=503, times=60)
        house.until(lambda: struck(house.crm, "error")(60), "503 sixty times")

        for number, more in ((1, {"retry_after_s": 2.0}), (2, {})):
            house.crm.fault("too-many", times=1, **more)
            house.until(lambda number=number: struck(house.crm, "too-many")(number), "429")
            house.until(
                lambda: accounts.location(house.store, HERE).pause_reason is not None, "a pause"
            )
        house.until_settled()

    house.judge(file, refused=True)
    with house.store.read() as tx:
        failed = tx.execute(select(func.count()).where(calls.c.status.in_((503, 0)))).scalar_one()
        assert failed >= 60
        assert tx.execute(select(func.sum(jobs.c.attempts))).scalar_one() == failed, "no 429 is one"
    flower_shows_when_and_why_and_nobodys_data(heard, students.read_export(file))


def flower_shows_when_and_why_and_nobodys_data(
    heard: list[dict[str, Any]], people: list[Any]
) -> None:
    kinds = {event["type"] for event in heard}
    assert {"task-received", "task-succeeded", "task-retried"} <= kinds
    retried = [event["exception"] for event in heard if event["type"] == "task-retried"]
    assert all("again at" in text for text in retried)
    assert any("the CRM answered 503" in text for text in retried)
    assert any("429, too many requests" in text for text in retried)
    everything = json.dumps(heard).lower()
    assert "pit-journey" not in everything
    for one in people:
        secrets = [one.email, one.phone.lstrip("+"), one.name.lower(), *map(str.lower, one.notes)]
        assert not [secret for secret in secrets if secret in everything]


def test_answers_are_lost_after_the_work_was_done(new_house: Any) -> None:
    house = new_house()
    file = house.export(STUDENTS)
    house.start("dispatcher", "beat", "worker-1", "worker-2")
    house.crm.fault("drop", when="after", chance=0.2)
    house.crm.fault("truncate", chance=0.1)
    house.crm.fault("error", when="after", status=500, chance=0.1)
    house.crm.fault("html", when="after", status=502, chance=0.1)
    house.crm.fault("stall", when="after", stall_ms=3000, chance=0.05)
    house.backfill(file)
    house.until(
        lambda: sum(house.crm.report()["faults"].values()) >= 80, "eighty answers were lost"
    )
    house.crm.clear_faults()

    house.until_settled()
    house.judge(file)
    house.costs_nothing_again(file)
