"""What Celery, and so Flower, is shown of each ending; and that it is told nobody's data."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
import structlog

from contacts import belt, redis_client
from contacts.jobs import Kind, Wish
from contacts.logs import without_values
from contacts.store import audit, ledger, processes, walks
from worker.app import build_app
from worker.tasks import put_what_is_owed

HERE = "loc1"
ADA, PHONE, NOTE = "ada@example.org", "+12025550100", "owes us for Baking Bread"
# No name made of hexadecimal digits: trace ids are, and one in 140 of them has an "ada".
SECRETS = (ADA, "Ottoline", PHONE, "2025550100", "Lovelace", NOTE, "owes us", "pit-secret")


class Celery:
    """The application, and one delivery of each released job as a worker would run it."""

    def __init__(self, shop: Any) -> None:
        self.app = build_app(shop.bench)
        self.shop = shop

    def deliver(self) -> list[Any]:
        """Run what is due; returns Celery's results, each with the kwargs that travelled."""
        ended = []
        for ticket in self.shop.release():
            kwargs = {
                "job": ticket.job,
                "release": ticket.release,
                "location": ticket.location,
                "contact": ticket.contact,
                "lane": ticket.lane.value,
            }
            result = self.app.tasks[ticket.kind.value].apply(kwargs=kwargs)
            result.sent = kwargs
            ended.append(result)
        return ended

    def tick(self, task: str, **kwargs: Any) -> Any:
        return self.app.tasks[task].apply(kwargs=kwargs, throw=True).result


@pytest.fixture
def celery(live_shop: Any) -> Any:
    made = Celery(live_shop)
    yield made
    made.app.close()


def test_done_is_success_tried_again_is_retry_and_parked_is_failure(celery: Any, crm: Any) -> None:
    celery.shop.person(ADA)
    crm.fault("error", status=500, times=1)
    (first,) = celery.deliver()
    assert (first.state, first.result.exc.args) == (
        "RETRY",
        ("attempt 1 of 3: the CRM answered 500 (contact.create); again at 08:00:02 UTC",),
    )
    celery.shop.clock.tick(60)
    (second,) = celery.deliver()
    assert (second.state, second.result) == ("SUCCESS", "done")
    crm.fault("error", status=413, times=1)
    celery.shop.person(ADA, first_name="Ottoline")
    (third,) = celery.deliver()
    assert (third.state, str(third.result)) == (
        "FAILURE", "crm-refused: the CRM refused the contact (413): it is too large",
    )  # fmt: skip


def refuse_the_phone(crm: Any) -> None:
    crm.settings(quirks={"bad_phone": "refused"})


def break_the_store(shop: Any) -> None:
    """A defect that quotes the row: the link's table takes no such row any more."""
    with shop.store.write() as tx:
        tx.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE INSERT ON links "
            "BEGIN SELECT RAISE(ABORT, 'ada@example.org Lovelace'); END"
        )


@pytest.mark.parametrize(
    "mishap",
    ["too-many", "error", "html", "drop", "refused", "duplicate", "token", "gone", "defect"],
)
def test_whatever_goes_wrong_nobodys_data_is_shown_logged_or_kept_as_a_reason(
    celery: Any, crm: Any, mishap: str, capfd: pytest.CaptureFixture[str]
) -> None:
    shop = celery.shop
    with structlog.testing.capture_logs() as said:
        if mishap == "gone":
            shop.person(ADA, first_name="Ottoline", last_name="Lovelace")
            shop.work()
        if mishap == "duplicate":
            shop.person(None, PHONE, first_name="Ottoline", last_name="Lovelace")
            shop.work()
        match mishap:
            case "too-many" | "error" | "html" | "drop":
                crm.fault(mishap)
            case "refused":
                crm.settings(quirks={"unknown_custom_field": "refused"})
            case "duplicate":
                crm.seed("loc1", {"values": {"email": ADA, "lastName": "Lovelace"}})
            case "token":
                crm.settings(tokens=[])
            case "gone":
                crm.delete("loc1")
            case "defect":
                break_the_store(shop)
        shop.person(
            ADA, PHONE, first_name="Ottoline", last_name="Lovelace", notes=[NOTE],
            **{"custom.shoe": "38"},
        )  # fmt: skip
        shown, states = [], set()
        for _ in range(4):
            for result in celery.deliver():
                states.add(result.state)
                shown += [str(result.result), str(result.traceback), str(result.sent)]
                shown += [repr(getattr(result.result, "exc", ""))]
            shop.clock.tick(1000)
    assert states & {"RETRY", "FAILURE"}
    # A log line as it is written, see contacts/logs.py.
    shown += [str(without_values(None, "", dict(line))) for line in said]
    shown += [str(row.reason) for row in shop.rows()]
    shown += [repr(call) for call in audit.recent(shop.store)] + list(capfd.readouterr())
    for text in shown:
        found = [secret for secret in SECRETS if secret.lower() in text.lower()]
        assert not found, text


def test_the_clock_takes_lost_jobs_back_and_parks_what_kills_every_worker(celery: Any) -> None:
    shop = celery.shop
    shop.put(Wish(Kind.PUSH, "loc1", 7))
    for _ in range(shop.bench.settings.attempts):
        (ticket,) = shop.release()
        ledger.claim(shop.store, ticket, worker="w", lease_s=60)
        shop.clock.tick(61)
        assert celery.tick(belt.TICK_RECLAIM) == 1
    assert (shop.row().state, shop.row().code) == ("parked", "worker-lost")


def test_the_clock_forgets_old_calls_and_jobs(celery: Any) -> None:
    celery.shop.person(ADA)
    celery.shop.work()
    celery.shop.clock.tick(29 * 86400)
    assert celery.tick(belt.TICK_PRUNE) == 1  # what the answer showed, kept for its echo: a week
    assert celery.tick(belt.TICK_PRUNE) == 0
    celery.shop.clock.tick(2 * 86400)
    assert celery.tick(belt.TICK_PRUNE) == 2
    assert (celery.shop.rows(), celery.shop.calls()) == ([], [])


def test_the_clock_shows_that_beat_redis_and_a_worker_are_one_chain(celery: Any) -> None:
    celery.tick(belt.TICK_HEARTBEAT, name="beat@here:1")
    (alive,) = processes.living(celery.shop.store)
    assert (alive.name, alive.kind) == ("beat@here:1", "beat")


def test_the_night_puts_a_job_for_whoever_is_owed_and_has_none(shop: Any) -> None:
    shop.person(ADA, notes=["Enrolled"])
    ledger.cancel(shop.store, location="loc1")
    with shop.store.write() as tx:
        tx.exec_driver_sql("DELETE FROM jobs")
    assert put_what_is_owed(shop.bench) == 2
    assert put_what_is_owed(shop.bench) == 0
    assert [(row.kind, row.lane) for row in shop.rows()] == [
        ("contact.push", 2), ("contact.note", 2),
    ]  # fmt: skip


def test_a_page_of_a_walk_wakes_the_dispatcher_for_the_next_one(celery: Any) -> None:
    shop, woken = celery.shop, lambda: celery.shop.bench.redis.llen(belt.WAKE_KEY)
    shop.person(ADA)
    celery.deliver()
    assert woken() == 0
    with shop.store.write() as tx:
        walks.begin(tx, HERE, way=walks.Way.LIST, title="night", now=shop.clock())
    celery.deliver()
    assert woken() == 1


def test_a_dispatcher_that_cannot_be_woken_looks_by_itself(live_shop: Any) -> None:
    nobody = redis_client.connect("redis://127.0.0.1:1/0", timeout_s=1, connect_s=1, tries=0)
    live_shop.bench = replace(live_shop.bench, redis=nobody)
    with live_shop.store.write() as tx:
        walks.begin(tx, HERE, way=walks.Way.LIST, title="night", now=live_shop.clock())
    deaf = Celery(live_shop)
    with closing(deaf.app):
        assert [one.state for one in deaf.deliver()] == ["SUCCESS"]
