"""The receiver's OpenAPI document is a document, has every path, and tells no secret."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from starlette.routing import Route

from contacts.store.database import Store
from producers import receiver, receiver_openapi
from producers.inbox import Inbox
from producers.oauth_door import OAuthDoor
from producers.platform_door import PlatformDoor
from producers.signature import Keys

WORD = "correct-horse-battery"


@pytest.fixture
def app(sqlite_store: Store) -> Any:
    """The receiver with all its doors."""
    return receiver.build(
        receiver.Receiver(
            keys=Keys(Ed25519PrivateKey.generate().public_key()),
            secret=WORD,
            location="loc_secret",
            inbox=Inbox(sqlite_store, ring=lambda: None, name="receiver@test:1", patience_s=1.0),
            clock=sqlite_store.clock,
            platform=PlatformDoor(WORD, "loc_secret", sqlite_store),
            oauth=OAuthDoor(sqlite_store, lambda: pytest.fail("no code came"), lambda: None),
        )
    )


def test_it_is_an_openapi_document() -> None:
    validate(receiver_openapi.document())


def test_it_has_every_path_that_the_receiver_has(app: Any) -> None:
    routes = {
        (route.path, method.lower())
        for route in app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    paths = {
        (path, method)
        for path, found in receiver_openapi.document()["paths"].items()
        for method in found
        if method in ("get", "post")
    }
    assert paths == routes


def test_it_is_served_without_a_secret_in_it(app: Any) -> None:
    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get(receiver_openapi.PATH)

    answer = asyncio.run(main())

    assert answer.json() == receiver_openapi.document()
    assert WORD not in answer.text
    assert "loc_secret" not in answer.text


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ("CrmEvent", {"type": "ContactUpdate", "locationId": "loc1", "id": "c1", "city": "London"}),
        ("WorkflowEvent", {"contact_id": "c1", "event": "bought"}),
        ("PlatformEvent", {"email": "ada@example.org", "courseId": "bread"}),
    ],
)
def test_usual_bodies_fit(schema: str, body: dict[str, str]) -> None:
    found = receiver_openapi.document()["components"]["schemas"][schema]
    Draft202012Validator(found).validate(body)
