"""Whatever comes to the receiver, it answers, never with a 500, and never "again" for a defect.

A 429 makes the sender come again: with a database that is there, one means that a body was read and
could not be kept, which no repetition would heal.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from contacts import events
from contacts.store import accounts
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from producers import receiver, receiver_openapi
from producers.inbox import Inbox
from producers.oauth_door import OAuthDoor
from producers.platform_door import PlatformDoor
from producers.signature import SECRET, SIGNATURE, Keys
from tests.fuzz.conftest import JSON, NASTY, few

KEY = Ed25519PrivateKey.generate()
WORD = "correct-horse-battery"
HERE = "loc1"
CIPHER = Cipher(Fernet.generate_key())
SCHEMA = schemathesis.openapi.from_dict(receiver_openapi.document())
DOORS = (
    "/webhooks/crm", "/webhooks/workflow", "/webhooks/platform/account",
    "/webhooks/platform/enrolment", f"/webhooks/platform/newsletter/{WORD}",
    f"/webhooks/platform/enrolment/{WORD}/{HERE}",
)  # fmt: skip


class House:
    """A receiver with its database, and one loop for all calls."""

    def __init__(self, store: Store) -> None:
        self.inbox = Inbox(store, ring=lambda: None, name="receiver@fuzz:1", patience_s=30.0)
        doors = receiver.Receiver(
            keys=Keys(KEY.public_key()),
            secret=WORD,
            location=HERE,
            inbox=self.inbox,
            clock=store.clock,
            platform=PlatformDoor(WORD, HERE, store),
            oauth=OAuthDoor(store, lambda: CIPHER, lambda: None),
        )
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(receiver.build(doors))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://here")
        self.inbox.start()

    def status(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Of the answer to a request that is signed and has the secret."""
        proofs = {SIGNATURE: base64.b64encode(KEY.sign(body)).decode(), SECRET: WORD}
        given = {**headers, **proofs}

        async def call() -> int:
            return (
                await self._client.request(method, url, content=body, headers=given)
            ).status_code

        return self._runner.run(call())

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()
        self.inbox.stop()


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    """On SQLite and on PostgreSQL, which keep different things."""
    with store.write() as tx:
        accounts.ensure_location(tx, HERE, token=None, cipher=CIPHER)
    made = House(store)
    yield made
    made.close()


def fine(status: int) -> bool:
    return status < 500 and status != 429


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
def test_an_operation_answers(
    house: House, on_the_wire: Callable[..., Any], mode: GenerationMode
) -> None:
    for operation in (found.ok() for found in SCHEMA.get_all_operations()):
        if mode is GenerationMode.NEGATIVE and operation.path in (receiver.HEALTH, "/openapi.json"):
            continue  # it takes nothing that could be wrong

        @few(3)
        @given(operation.as_strategy(generation_mode=mode), st.booleans())
        def tried(case: Any, proper: bool) -> None:
            if proper and "secret" in (case.path_parameters or {}):
                case.path_parameters["secret"] = WORD
            request = on_the_wire(case, "http://here")
            body = request.body or b""
            raw = body.encode() if isinstance(body, str) else bytes(body)
            headers = {name: str(value) for name, value in request.headers.items()}
            assert fine(house.status(request.method or "", request.url or "", raw, headers))

        tried()


def test_a_nasty_body_is_answered(house: House) -> None:
    kinds = ("application/json", "application/x-www-form-urlencoded", "x")
    for door, kind, raw in product(DOORS, kinds, NASTY):
        status = house.status("POST", door, raw, {"Content-Type": kind})
        assert fine(status), (door, kind, raw[:40])


def test_any_json_is_answered(house: House) -> None:
    names = st.sampled_from(NAMES)

    @few(25)
    @given(st.sampled_from(DOORS), st.sampled_from(TYPES), st.dictionaries(names, WORDS | JSON))
    def tried(door: str, type: str, body: dict[str, Any]) -> None:
        told = {"type": type, "locationId": HERE, "id": "c1", "email": "a@b.co", "courseId": "x"}
        raw = json.dumps({**told, **body}).encode()
        assert fine(house.status("POST", door, raw, {"Content-Type": "application/json"}))

    tried()


def test_any_address_is_answered(house: House) -> None:
    @few(25)
    @given(st.sampled_from([*DOORS, "/oauth/callback", "/"]), st.text(max_size=12), st.text())
    def tried(path: str, more: str, query: str) -> None:
        url = f"{path}/{quote(more)}?state={quote(query)}&code={quote(more)}&location={more}"
        for method in ("GET", "POST"):
            assert fine(house.status(method, quote(url, safe="/?&=%"), b"{}", {}))

    tried()


TYPES = [*sorted(events.HEEDED), "InvoicePaid", "Whatever"]
NAMES = (
    "type", "locationId", "id", "contactId", "webhookId", "timestamp", "companyId", "appId",
    "email", "phone", "name", "firstName", "tags", "customFields", "dateOfBirth", "dnd", "body",
    "title", "dueDate", "completed", "installType", "event", "customData", "location", "courseId",
    "courseTitle", "source", "data", "payload", "eventId", "contact_id", "pipelineStageId",
)  # fmt: skip
WORDS = st.sampled_from(
    [HERE, "c1", "\x00", "a\x00b@c.co", "0001-01-01T00:00:00+14:00", "9999-12-31", "not a day",
     "x" * 65, "\U0001d54f", "+1 888-888-8888", 2**63, -(2**63), 1e308, [], {}, [None], [{"id": 1}],
     {"id": "cf1", "value": {}}, '{"email": "a@b.co"}', "[[]]", True]
)  # fmt: skip
