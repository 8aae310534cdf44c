"""The stand-in without a socket, under a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from ops.simulator import config
from ops.simulator.config import SCOPES
from ops.simulator.standin import Reply, StandIn
from ops.simulator.world import World

Json = dict[str, Any]
TOKEN = "pit-secret"

LOCATION: Json = {
    "id": "loc1",
    "country": "US",
    "custom_fields": [
        {"id": "cfLevel", "key": "contact.level", "name": "Level"},
        {"id": "cfScore", "key": "score", "data_type": "NUMERICAL"},
        {"id": "cfTopics", "key": "topics", "data_type": "CHECKBOX", "options": ["a", "b"]},
    ],
}


@dataclass
class Answer:
    """Status, headers and JSON of an answer."""

    status: int
    headers: dict[str, str]
    json: Json
    reply: Reply

    @property
    def said(self) -> Any:
        return self.json.get("message")


class Api:
    """Calls the stand-in; every argument has the value of a well-behaved client."""

    def __init__(self, clock: Callable[[], float], **switches: Any) -> None:
        world = {
            "locations": [LOCATION],
            "tokens": [{"token": TOKEN, "location": "loc1", "scopes": SCOPES}],
            "seed": 1,
            **switches,
        }
        told = config.read(orjson.dumps(world))
        self.standin = StandIn(told, World(told, clock=clock))
        self.token: str | None = TOKEN
        self.version: str | None = "2021-07-28"

    def __call__(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        given = [(b"host", b"x")]
        if self.version is not None:
            given.append((b"version", self.version.encode()))
        if self.token is not None:
            given.append((b"authorization", f"Bearer {self.token}".encode()))
        given += [
            (name.lower().encode(), value.encode()) for name, value in (headers or {}).items()
        ]
        path, _, query = path.partition("?")
        asked = self.standin.asked(method, path, query, given, 50_000)
        fault = self.standin.faults.strike(asked.operation, asked.line.location)
        raw = body if isinstance(body, bytes) else orjson.dumps(body) if body is not None else b""
        reply = self.standin.serve(asked, raw, fault)
        found = {name.decode(): value.decode() for name, value in reply.headers}
        is_json = reply.body and "json" in found["content-type"]
        return Answer(reply.status, found, orjson.loads(reply.body) if is_json else {}, reply)

    def upsert(self, **values: Any) -> Answer:
        return self("POST", "/contacts/upsert", {"locationId": "loc1", **values})

    def create(self, **values: Any) -> Answer:
        return self("POST", "/contacts/", {"locationId": "loc1", **values})

    def get(self, id: str) -> Answer:
        return self("GET", f"/contacts/{id}")

    def update(self, id: str, **values: Any) -> Answer:
        return self("PUT", f"/contacts/{id}", values)

    def new(self, **values: Any) -> str:
        """The id of a new contact."""
        answer = self.create(**values)
        assert answer.status == 201, answer.json
        return str(answer.json["contact"]["id"])


Apis = Callable[..., Api]


@pytest.fixture
def stand_in(clock: Callable[[], float]) -> Apis:
    """Makes stand-ins; keywords are switches."""
    return lambda **switches: Api(clock, **switches)


@pytest.fixture
def api(stand_in: Apis) -> Api:
    """A stand-in with its usual switches."""
    return stand_in()
