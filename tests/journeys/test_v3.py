"""The second generation of the CRM's API, through real processes: everything is there once, and a
walk finds by searching what the list would have shown."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from contacts.store import roster_view, runs
from contacts.store.tables import contacts
from producers import progress

HERE = "loc_journey"

pytestmark = [pytest.mark.journey, pytest.mark.redis]


def test_in_v3_everybody_is_there_once_and_a_walk_searches(new_house: Any) -> None:
    house = new_house(ROLLBOOK_CRM_VERSION="v3")
    house.start("dispatcher", "worker-1")
    # They read which custom fields there are; without them that waits for the second file.
    house.until(lambda: not progress.missing(house.store), "both live")
    file = house.export(20)
    mapping = house.folder / "rollbook.toml"
    mapping.write_text(mapping.read_text("utf-8").replace('# "custom.level"', '"custom.level"'))
    house.backfill(file)
    house.until_settled()
    house.judge(file)
    assert any(one["customFields"] for one in house.crm.contacts(HERE))
    edited = house.crm.contacts(HERE)[0]
    house.crm.seed(HERE, {"id": edited["id"], "values": {"website": "https://v3.example"}})

    run = int(house.rollbook("reconcile", "--no-wait").split()[-1])
    house.until(lambda: runs.get(house.store, run).state == "finished", "the walk is over")
    house.until_settled()

    id = roster_view.find(house.store, HERE, email=edited["email"].lower())
    with house.store.read() as tx:
        fields = dict(tx.execute(select(contacts.c.fields).where(contacts.c.id == id)).scalar())
    assert fields["website"] == "https://v3.example"
    called = house.crm.report()["by_operation"]
    assert called["POST /contacts/search"] > 0
    assert "GET /contacts/" not in called
    house.costs_nothing_again(file)
