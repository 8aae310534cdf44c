"""Every call once, as a well-behaved client makes it, in both generations: status and shape."""

from __future__ import annotations

from typing import Any, Final

import pytest
from openapi_schema_validator import OAS30Validator

from ops.simulator import openapi, routes
from ops.simulator.answers import ANSWERS
from ops.simulator.config import SCOPES

TASK: Final = {"title": "Call", "dueDate": "2027-01-15T12:00:00Z", "completed": False}
BODIES: Final[dict[str, Any]] = {
    "POST /contacts/": {"locationId": "loc1", "name": "Grace", "tags": ["a"]},
    "POST /contacts/upsert": {"locationId": "loc1", "email": "ada@example.org"},
    "POST /contacts/search": {"locationId": "loc1", "pageLimit": 10},
    "POST /contacts/bulk/business": {"locationId": "loc1", "ids": [], "businessId": None},
    "POST /contacts/bulk/tags/update/{id}": {"locationId": "loc1", "contacts": ["x"], "tags": []},
    "PUT /contacts/{id}": {"city": "Oslo"},
    "POST /contacts/{id}/tags": {"tags": ["b"]},
    "DELETE /contacts/{id}/tags": {"tags": ["b"]},
    "POST /contacts/{id}/notes": {"body": "hello"},
    "PUT /contacts/{id}/notes/{thing}": {"body": "bye", "pinned": True},
    "POST /contacts/{id}/tasks": TASK,
    "PUT /contacts/{id}/tasks/{thing}": {"title": "Write"},
    "PUT /contacts/{id}/tasks/{thing}/completed": {"completed": True},
    "POST /contacts/{id}/followers": {"followers": ["u1"]},
    "DELETE /contacts/{id}/followers": {"followers": ["u1"]},
    "POST /locations/{id}/tags": {"name": "new"},
    "PUT /locations/{id}/tags/{thing}": {"name": "other"},
    "POST /locations/{id}/customFields": {"name": "New", "dataType": "TEXT"},
    "PUT /locations/{id}/customFields/{thing}": {"name": "Other"},
}
QUERIES: Final = {
    "GET /contacts/": "?locationId=loc1",
    "GET /contacts/search/duplicate": "?locationId=loc1&email=ada@example.org",
    "GET /contacts/lookup": "?email=ada@example.org",
    "GET /contacts/business/{id}": "?locationId=loc1",
}
CALLS: Final = [
    (version, one.operation)
    for version in ("2021-07-28", "v3")
    for one in routes.ALL
    if "/oauth/" not in one.operation and (one.v3 <= (version == "v3"))
]


@pytest.fixture
def house(stand_in: Any) -> Any:
    """A stand-in asked with an OAuth token, with Ada and one of everything."""
    token = {"token": "jwt", "kind": "oauth-location", "location": "loc1", "scopes": SCOPES}
    api = stand_in(tokens=[token])
    api.token = "jwt"
    return api


def ids(api: Any) -> dict[str, str]:
    """One of everything: its id by the word before it in a path."""
    ada = api.new(name="Ada", email="ada@example.org", phone="(212) 555-0100", tags=["a"])
    note = api("POST", f"/contacts/{ada}/notes", {"body": "hello"}).json["note"]["id"]
    task = api("POST", f"/contacts/{ada}/tasks", TASK).json["task"]["id"]
    tag = api("GET", "/locations/loc1/tags").json["tags"][0]["id"]
    return {
        "contacts": ada, "locations": "loc1", "business": "b1", "update": "add", "notes": note,
        "tasks": task, "tags": tag, "customFields": "cfLevel", "campaigns": "c1", "workflow": "w1",
    }  # fmt: skip


@pytest.mark.parametrize(("version", "operation"), CALLS, ids=[" ".join(one) for one in CALLS])
def test_a_call_answers_as_the_document_says(house: Any, version: str, operation: str) -> None:
    known = ids(house)
    method, _, pattern = operation.partition(" ")
    words = pattern.split("/")
    path = "/".join(
        known[words[at - 1]] if word.startswith("{") else word for at, word in enumerate(words)
    )
    house.version = version

    answer = house(method, path + QUERIES.get(operation, ""), BODIES.get(operation))

    status, properties = ANSWERS[operation]
    assert answer.status == status, answer.json
    document = openapi.document(version)
    schema = {"type": "object", "required": [one for one in properties if one[:3] != "suc"]}
    schema |= {"properties": properties, "components": document["components"]}
    OAS30Validator(schema).validate(answer.json)
