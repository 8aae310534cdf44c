"""A webhook that never came is healed by the night, through real processes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from contacts.store import ledger_view, roster_view, runs
from contacts.store.tables import contacts

HERE = "loc_journey"

pytestmark = [pytest.mark.journey, pytest.mark.redis]


def ours(house: Any, email: str) -> dict[str, Any]:
    id = roster_view.find(house.store, HERE, email=email.lower())
    with house.store.read() as tx:
        return dict(tx.execute(select(contacts.c.fields).where(contacts.c.id == id)).scalar())


def soon() -> str:
    """The next full minute that is not about to begin, as a cron line has it."""
    at = datetime.now(UTC) + timedelta(seconds=75)
    return f"{at.minute} {at.hour}"


def test_a_webhook_that_never_came_is_healed_by_the_night(new_house: Any) -> None:
    house = new_house()
    house.start("dispatcher", "worker-1")
    file = house.export(30)
    house.backfill(file)
    house.until_settled()
    edited, gone = house.crm.contacts(HERE)[:2]
    house.crm.seed(HERE, {"id": edited["id"], "values": {"website": "https://night.example"}})
    house.crm.delete(HERE, [gone["id"]])
    before = house.crm.report()["arrivals"]

    # One deletion among 30 is more than 2 %: here it may be done unasked.
    house.env |= {"ROLLBOOK_NIGHT_AT": soon(), "ROLLBOOK_NIGHT_SPREAD": "0"}
    house.stop("worker-1")
    house.env["ROLLBOOK_GUARD_PERCENT"] = "10"
    house.start("worker-1", "beat")

    house.until(
        lambda: ours(house, edited["email"]).get("website") == "https://night.example",
        "the night has found it",
    )
    house.until(lambda: runs.latest(house.store).state == "finished", "the night is over")
    night = runs.latest(house.store)
    assert (night.kind, night.title) == ("reconcile", "night")
    assert (night.counts["differ"], night.counts["missing"]) == (1, 1)
    id = roster_view.find(house.store, HERE, email=gone["email"].lower())
    with house.store.read() as tx:
        assert tx.execute(select(contacts.c.gone_at).where(contacts.c.id == id)).scalar()
    assert ledger_view.counts(house.store).parked == 0
    # Two pages; one read of who was edited; of who is gone a read, and whether she is elsewhere.
    assert house.crm.report()["arrivals"] - before <= 2 + 1 + 4
    assert len(house.crm.contacts(HERE)) == 29


def test_a_run_that_asks_does_nothing_until_it_is_told(new_house: Any) -> None:
    house = new_house()
    house.start("dispatcher", "worker-1")
    file = house.export(30)
    house.backfill(file)
    house.until_settled()
    house.crm.delete(HERE, [one["id"] for one in house.crm.contacts(HERE)[:5]])

    run = int(house.rollbook("reconcile", "--no-wait").split()[-1])
    house.until(lambda: runs.get(house.store, run).state == "asking", "it asks")
    assert "5 would count as deleted" in house.rollbook("report", str(run))
    assert roster_view.counts(house.store, HERE)["linked"] == 30

    house.rollbook("reconcile", "--confirm", str(run), "--no-wait")

    house.until(lambda: runs.get(house.store, run).state == "finished", "it went on")
    assert roster_view.counts(house.store, HERE)["linked"] == 25
