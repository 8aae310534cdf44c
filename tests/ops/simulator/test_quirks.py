"""Switches for what is not published: each way that has been told of, or can be thought of."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from ops.simulator import seeding, webhooks
from ops.simulator.faults import Fault
from ops.simulator.quirks import Quirks
from ops.simulator.webhook_settings import Breaker, Webhooks


@pytest.mark.parametrize(
    ("switch", "status", "kept"),
    [("kept", 201, "Atlantis"), ("dropped", 201, None), ("refused", 422, None)],
)
def test_a_country_that_is_none(stand_in: Any, switch: str, status: int, kept: Any) -> None:
    api = stand_in(quirks={"bad_country": switch})
    answer = api.create(name="Ada", country="Atlantis")
    assert answer.status == status
    assert answer.json.get("contact", {}).get("country") == kept


@pytest.mark.parametrize(
    ("switch", "status", "kept"),
    [("kept", 201, ["a", "z"]), ("dropped", 201, ["a"]), ("refused", 422, None)],
)
def test_an_option_that_the_field_has_not(
    stand_in: Any, switch: str, status: int, kept: Any
) -> None:
    api = stand_in(quirks={"unknown_option": switch})
    answer = api.create(name="Ada", customFields=[{"id": "cfTopics", "field_value": ["a", "z"]}])
    assert answer.status == status
    if status == 201:
        assert answer.json["contact"]["customFields"] == [{"id": "cfTopics", "value": kept}]


@pytest.mark.parametrize(("switch", "status"), [(False, 201), (True, 422)])
def test_a_contact_without_name_phone_or_email(stand_in: Any, switch: bool, status: int) -> None:
    api = stand_in(quirks={"create_needs_identity": switch})
    assert api.create(city="Oslo").status == status
    assert api.create(name="Ada").status == 201


@pytest.mark.parametrize(("switch", "status"), [("unknown", 400), ("fine", 200)])
def test_a_contact_is_deleted_twice(stand_in: Any, switch: str, status: int) -> None:
    api = stand_in(quirks={"delete_twice": switch})
    id = api.new(name="Ada")
    assert [api("DELETE", f"/contacts/{id}").status for _ in range(2)] == [200, status]


@pytest.mark.parametrize(("switch", "status"), [("either", 400), ("exact", 404)])
@pytest.mark.parametrize("path", ["/contacts", "/contacts/x/"])
def test_the_last_slash_of_a_path(stand_in: Any, switch: str, status: int, path: str) -> None:
    api = stand_in(quirks={"last_slash": switch})
    method = "POST" if path == "/contacts" else "GET"
    assert api(method, path, b"{" if method == "POST" else None).status == status
    assert api("GET", "/contacts/?locationId=loc1").status == 200


@pytest.mark.parametrize(
    ("switch", "order"),
    [("added-desc", "cba"), ("added-asc", "abc"), ("updated-desc", "acb")],
)
def test_the_usual_order_of_a_search(stand_in: Any, clock: Any, switch: str, order: str) -> None:
    api = stand_in(quirks={"search_order": switch})
    ids = {}
    for name in "abc":
        clock.tick(1)
        ids[name] = api.new(name=name)
    clock.tick(1)
    api.update(ids["a"], city="Oslo")

    found = api("POST", "/contacts/search", {"locationId": "loc1", "pageLimit": 10}).json

    assert "".join(row["firstName"] for row in found["contacts"]) == order


@pytest.mark.parametrize(("switch", "status"), [("refused", 400), ("ignored", 200)])
def test_two_ways_to_page_at_once(stand_in: Any, switch: str, status: int) -> None:
    api = stand_in(quirks={"page_with_search_after": switch})
    body = {"locationId": "loc1", "pageLimit": 1, "page": 1, "searchAfter": [1, "x"]}
    assert api("POST", "/contacts/search", body).status == status


@pytest.mark.parametrize(("switch", "told"), [(True, 1), (False, 0)])
def test_a_time_zone_alone_fires_a_webhook(  # 77: since December 2025
    stand_in: Any, switch: bool, told: int
) -> None:
    api = stand_in(quirks={"timezone_fires": switch})
    world = api.standin.world
    old = world.find(api.new(name="Ada"))
    new = replace(old, values={**old.values, "timezone": "Europe/Oslo"})
    assert len(list(webhooks.caused(old, new, world.config.quirks))) == told


def test_rows_of_a_page_of_tasks_at_most(stand_in: Any) -> None:  # not published
    api = stand_in(quirks={"task_search_most": 2})
    id = api.new(name="Ada")
    for number in range(3):
        task = {"title": str(number), "dueDate": "2027-01-15T12:00:00Z", "completed": False}
        api("POST", f"/contacts/{id}/tasks", task)
    found = api("POST", "/locations/loc1/tasks/search", {"limit": 50}).json["tasks"]
    assert len(found) == 2


def test_an_old_contact_can_be_brought_back_for_longer(stand_in: Any, clock: Any) -> None:
    api = stand_in(quirks={"restore_days": 90})
    id = api.new(name="Ada")
    api("DELETE", f"/contacts/{id}")
    clock.tick(61 * 86_400)
    seeding.restore(api.standin.world, seeding.Restoring(location="loc1", ids=(id,)))
    assert api.get(id).status == 200


def test_a_422_and_yet_created(api: Any) -> None:  # 64: reported once
    fault = Fault.model_validate({"kind": "error", "status": 422, "when": "after", "times": 1})
    api.standin.faults.add(fault)
    assert api.create(email="ada@example.org").status == 422
    assert api.create(email="ada@example.org").json["meta"]["matchingField"] == "email"


@pytest.mark.parametrize("model", [Quirks, Webhooks, Breaker], ids=lambda model: model.__name__)
def test_every_switch_has_a_test(model: type[BaseModel]) -> None:
    tests = "".join(one.read_text("utf-8") for one in Path(__file__).parent.glob("test_*.py"))
    assert [
        name for name in model.model_fields if not re.search(rf'"{name}"|\b{name}=', tests)
    ] == []
