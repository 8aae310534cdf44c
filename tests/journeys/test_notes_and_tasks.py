"""A note changed here is changed there, a task completed there is done here: real processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

HERE = "loc_journey"
MAPPING = """
[fields]
email = "Email"

[[notes]]
key = "{Order}"
template = "Order {Order}: paid {Price}"

[[tasks]]
key = "{Order}"
title = "Welcome {Email}"
due = "2027-01-16"
"""

pytestmark = [pytest.mark.journey, pytest.mark.redis]


NAMES = ("ada", "bea", "cleo", "dora", "eve", "fay")
"""One student for each test: the house is shared."""


@pytest.fixture(scope="module")
def house(shared_house: Any) -> Any:
    """A house that hears of changes in the CRM, with two orders of each student in it."""
    made = shared_house()
    url = made.receiver_at()
    made.crm.settings(webhooks={"url": f"{url}/webhooks/crm", "high_ms": 300, "double_chance": 0.3})
    made.start_with_receiver(url, "dispatcher", "beat", "worker-1")
    (made.folder / "rollbook.toml").write_text(MAPPING, "utf-8")
    made.backfill(orders(made))
    quiet(made)
    return made


def orders(house: Any, **paid: str) -> Path:
    """An export of two orders of each student; ``paid``: what was paid otherwise of order 7."""
    file = Path(house.folder / "orders.csv")
    rows = [
        row
        for name in NAMES
        for row in (f"{name}@example.org,7,{paid.get(name, '10')}", f"{name}@example.org,8,20")
    ]
    file.write_text("\n".join(["Email,Order,Price", *rows]), "utf-8")
    return file


def quiet(house: Any) -> None:
    """Wait until every webhook has come and every job is done."""
    house.until(
        lambda: house.crm.webhooks()["counts"]["under_way"] == 0 and house.counts.open == 0,
        "all is quiet",
    )


def there(house: Any, name: str) -> dict[str, Any]:
    return next(one for one in house.crm.contacts(HERE) if one["email"] == f"{name}@example.org")


def ours(house: Any, name: str, what: str) -> list[dict[str, Any]]:
    out = house.rollbook(what, f"{name}@example.org", "--json")
    return [json.loads(line) for line in out.splitlines()]


def calls(house: Any, operation: str) -> int:
    return int(house.crm.report()["by_operation"].get(operation, 0))


def texts(house: Any, name: str) -> list[str]:
    return sorted(note["body"] for note in there(house, name)["notes"])


def test_each_is_written_once_and_its_echoes_cost_no_read(house: Any) -> None:
    report = house.crm.report()

    assert (report["notes"], report["tasks"], report["duplicate_notes"]) == (12, 12, 0)
    assert calls(house, "GET /contacts/{id}/notes") == calls(house, "GET /contacts/{id}/tasks") == 0
    house.costs_nothing_again(house.folder / "orders.csv")


def test_a_note_changed_by_the_file_is_changed_there_and_not_doubled(house: Any) -> None:
    house.backfill(orders(house, ada="15"))
    quiet(house)

    assert texts(house, "ada") == ["Order 7: paid 15", "Order 8: paid 20"]
    assert calls(house, "POST /contacts/{id}/notes") == 12


def test_a_note_edited_there_is_ours_and_the_same_file_leaves_it(house: Any) -> None:
    bea = there(house, "bea")
    note = next(one for one in bea["notes"] if one["body"] == "Order 7: paid 10")
    house.crm.seed(HERE, {"id": bea["id"], "edited": {note["id"]: "Order 7: refunded"}})
    house.until(
        lambda: "Order 7: refunded" in [one["text"] for one in ours(house, "bea", "notes")],
        "it came",
    )
    quiet(house)

    house.costs_nothing_again(house.folder / "orders.csv")
    assert texts(house, "bea") == ["Order 7: refunded", "Order 8: paid 20"]


def test_a_task_completed_there_is_completed_here(house: Any) -> None:
    before = calls(house, "PUT /contacts/{id}/tasks/{thing}/completed")
    cleo = there(house, "cleo")
    told = {"id": cleo["tasks"][0]["id"], "values": {"completed": True}}
    house.crm.seed(HERE, {"id": cleo["id"], "tasks": [told]})

    house.until(
        lambda: [one["completed"] for one in ours(house, "cleo", "tasks")].count(True) == 1,
        "it is done",
    )
    quiet(house)
    assert calls(house, "PUT /contacts/{id}/tasks/{thing}/completed") == before


def test_a_task_completed_here_is_completed_there(house: Any) -> None:
    first = ours(house, "dora", "tasks")[0]
    house.rollbook("tasks", "dora@example.org", "--complete", str(first["id"]))
    quiet(house)

    done = [task["id"] for task in there(house, "dora")["tasks"] if task["completed"]]
    assert done == [first["remote_id"]]


def test_a_task_that_people_write_comes_here_although_its_event_names_nobody(house: Any) -> None:
    values = {"title": "Ask Eve for a review", "dueDate": "2027-02-01T12:00:00Z"}
    house.crm.seed(HERE, {"id": there(house, "eve")["id"], "tasks": [{"values": values}]})

    house.until(
        lambda: "Ask Eve for a review" in [one["title"] for one in ours(house, "eve", "tasks")],
        "it came",
    )
    quiet(house)


def test_what_is_deleted_on_one_side_is_deleted_on_the_other(house: Any) -> None:
    fay = there(house, "fay")
    note, task = ours(house, "fay", "notes")[0], fay["tasks"][0]
    house.rollbook("notes", "fay@example.org", "--delete", str(note["id"]))
    house.crm.seed(HERE, {"id": fay["id"], "tasks": [{"id": task["id"], "deleted": True}]})
    gone = "deleted in the CRM"
    house.until(lambda: gone in [one["where"] for one in ours(house, "fay", "tasks")], "it is gone")
    quiet(house)

    assert len(there(house, "fay")["notes"]) == 1
    house.costs_nothing_again(house.folder / "orders.csv")
    assert len(there(house, "fay")["tasks"]) == len(there(house, "fay")["notes"]) == 1
