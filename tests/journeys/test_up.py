"""`rollbook up`: the same with servers of one's own as embedded, and Ctrl-C in mid-work."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import func, select

from contacts.store import ledger_view, processes
from contacts.store.tables import calls, jobs

pytestmark = [pytest.mark.journey, pytest.mark.redis]

HERE = "loc_journey"


def up(house: Any) -> None:
    house.start("up")
    house.until(lambda: processes.slots(house.store, "worker") > 0, "a worker")


def what_is_there(house: Any) -> list[tuple[Any, ...]]:
    """The CRM's contacts without ids and times."""
    return sorted(
        (
            one["email"], one.get("phone"), one.get("firstName"), one.get("lastName"),
            sorted(one["tags"]), sorted(note["body"] for note in one["notes"]),
            sorted(str(field["value"]) for field in one["customFields"]),
        )
        for one in house.crm.contacts(HERE)
    )  # fmt: skip


@pytest.mark.postgres
def test_with_postgresql_redis_and_two_workers_it_ends_as_embedded(
    new_house: Any, database: str
) -> None:
    embedded = new_house(own_redis=False)
    served = new_house(database=database, ROLLBOOK_WORKER_PROCESSES="2")
    ended = []
    for house in (embedded, served):
        file = house.export(50)
        up(house)
        house.backfill(file)
        house.until_settled()
        house.judge(file)
        house.costs_nothing_again(file)
        living = [one.name.partition("@")[0] for one in processes.living(house.store)]
        assert living.count("worker-2") == (house is served)
        assert house.stop("up") == 0
        ended.append(what_is_there(house))

    assert ended[0] == ended[1]
    assert "embedded" in embedded.said("up")
    assert "external" in served.said("up")


def test_ctrl_c_under_load_finishes_what_runs_and_begins_nothing(new_house: Any) -> None:
    house = new_house(own_redis=False)
    file = house.export(100)
    up(house)
    house.backfill(file)
    house.until_calls(50)

    asked_at = time.time()
    assert house.stop("up") == 0

    arrivals = house.crm.arrivals(HERE)
    assert house.counts.waiting > 0, "it was stopped in mid-work"
    assert ledger_view.held(house.store) == []
    with house.store.read() as tx:
        answered = tx.execute(select(func.count()).where(calls.c.status >= 200)).scalar_one()
        assert answered == len(arrivals), "no call was cut off, and each is in the audit"
        # The signal has to get there; whatever lay in Redis (24) would be more.
        begun = select(func.count()).where(jobs.c.started_at > asked_at)
        assert tx.execute(begun).scalar_one() < 12

    up(house)
    house.until_settled()
    house.judge(file)
    assert house.stop("up") == 0
