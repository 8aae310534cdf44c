"""Tasks of contacts: facts.md section 5 for the calls, 6.3 and 6.4 for the webhooks."""

from __future__ import annotations

from typing import Any

import pytest

from ops.simulator import webhooks
from ops.simulator.quirks import Quirks
from ops.simulator.seeding import Seed, Seeds, SeedTask, seed

ASK: dict[str, Any] = {
    "title": "Call Ada",
    "dueDate": "2027-01-15T12:00:00Z",
    "completed": False,
    "body": "about the invoice",
    "assignedTo": "user1",
}


@pytest.fixture
def ada(api: Any) -> str:
    return str(api.new(email="ada@example.org"))


@pytest.fixture
def task(api: Any, ada: str) -> str:
    return str(api("POST", f"/contacts/{ada}/tasks", ASK).json["task"]["id"])


def test_a_repeated_create_makes_a_second_task(api: Any, ada: str) -> None:  # no key: SPEC
    for _ in range(2):
        answer = api("POST", f"/contacts/{ada}/tasks", ASK)
        assert answer.status == 201
    tasks = api("GET", f"/contacts/{ada}/tasks").json["tasks"]

    assert len({task["id"] for task in tasks}) == 2
    assert tasks[0] == {
        **ASK,
        "id": tasks[0]["id"],
        "contactId": ada,
        "dueDate": "2027-01-15T12:00:00.000Z",
    }


@pytest.mark.parametrize("name", ["title", "dueDate", "completed"])
def test_what_a_new_task_needs(api: Any, ada: str, name: str) -> None:  # facts 5
    answer = api("POST", f"/contacts/{ada}/tasks", {k: v for k, v in ASK.items() if k != name})
    assert answer.status == 422
    assert name in answer.said[0]


def test_nothing_else_is_taken(api: Any, ada: str) -> None:  # facts 3.7
    answer = api("POST", f"/contacts/{ada}/tasks", {**ASK, "locationId": "loc1"})
    assert (answer.status, answer.said) == (422, ["property locationId should not exist"])


def test_a_change_leaves_what_it_does_not_name(api: Any, ada: str, task: str) -> None:
    answer = api("PUT", f"/contacts/{ada}/tasks/{task}", {"title": "Write to Ada"})
    assert answer.status == 200
    assert (answer.json["task"]["title"], answer.json["task"]["body"]) == (
        "Write to Ada",
        "about the invoice",
    )


def test_completed_and_open_again(api: Any, ada: str, task: str) -> None:
    for completed in (True, False):
        answer = api("PUT", f"/contacts/{ada}/tasks/{task}/completed", {"completed": completed})
        assert (answer.status, answer.json["task"]["completed"]) == (200, completed)


def test_a_deleted_task_is_unknown(api: Any, ada: str, task: str) -> None:
    assert api("DELETE", f"/contacts/{ada}/tasks/{task}").json["succeded"] is True
    assert api("GET", f"/contacts/{ada}/tasks").json["tasks"] == []
    for method, body in (("GET", None), ("PUT", {"title": "x"}), ("DELETE", None)):
        assert api(method, f"/contacts/{ada}/tasks/{task}", body).status == 400


def test_a_search_finds_tasks_of_all_contacts_with_their_contact(
    api: Any, ada: str, task: str, clock: Any
) -> None:  # facts 5; highlevel-api-docs#332 for contactId
    bob = api.new(email="bob@example.org")
    clock.tick(1)
    other = {**ASK, "title": "Call Bob", "completed": True}
    api("POST", f"/contacts/{bob}/tasks", other)

    def found(**asked: Any) -> list[str]:
        answer = api("POST", "/locations/loc1/tasks/search", asked)
        assert answer.status == 200
        return [one["contactId"] for one in answer.json["tasks"]]

    assert found() == [bob, ada]
    assert found(query="call a") == [ada]
    assert found(completed=True) == [bob]
    assert found(limit=1, skip=1) == [ada]
    assert found(contactId=[ada]) == [ada]


def test_a_search_needs_a_scope_of_its_own(stand_in: Any) -> None:  # apps/locations.json
    token = {"token": "pit-secret", "location": "loc1", "scopes": ["contacts.readonly"]}
    api = stand_in(tokens=[token])
    assert api("POST", "/locations/loc1/tasks/search", {}).status == 401


def events(api: Any, *told: SeedTask, id: str, **quirks: Any) -> list[dict[str, Any]]:
    """The webhooks of what a person does."""
    found: list[dict[str, Any]] = []
    api.standin.world.listeners.append(
        lambda old, new: found.extend(webhooks.caused(old, new, Quirks(**quirks)))
    )
    seed(api.standin.world, Seeds(location="loc1", contacts=(Seed(id=id, tasks=told),)))
    api.standin.world.listeners.pop()
    return found


def test_a_new_task_is_told_without_its_contact_and_text(api: Any, ada: str) -> None:  # 332
    (event,) = events(api, SeedTask(values=ASK), id=ada)
    assert event["type"] == "TaskCreate"
    assert event["title"] == "Call Ada"
    assert not {"contactId", "body"} & set(event)

    (documented,) = events(api, SeedTask(values=ASK), id=ada, task_events_name_contact=True)
    assert (documented["contactId"], documented["body"]) == (ada, "about the invoice")


def test_a_completed_task_is_told_and_an_edited_one_is_not(
    api: Any, ada: str, task: str
) -> None:  # facts 6.4: there are TaskCreate, TaskComplete and TaskDelete
    assert events(api, SeedTask(id=task, values={"title": "x"}), id=ada) == []
    (event,) = events(api, SeedTask(id=task, values={"completed": True}), id=ada)
    assert (event["type"], event["contactId"]) == ("TaskComplete", ada)
    assert events(api, SeedTask(id=task, values={"completed": False}), id=ada) == []
    (event,) = events(api, SeedTask(id=task, deleted=True), id=ada)
    assert event["type"] == "TaskDelete"
