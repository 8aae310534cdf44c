"""Whatever is sent to the stand-in, it answers, and never with a 500."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode

from ops.simulator import access, control, openapi, routes
from ops.simulator.oauth_settings import App
from tests.fuzz.conftest import JSON, NASTY, few

SCOPES = sorted({route.scope for route in routes.ALL if route.scope})
APP = App(scopes=tuple(SCOPES))
VERSIONS = ("2021-07-28", "v3")
WRITES = [
    (method, path)
    for method, _, path in (route.operation.partition(" ") for route in routes.ALL)
    if method != "GET"
]
SIDE = (
    "contacts", "merge", "faults", "strangers", "reset", "coursehost", "webhooks",
    "oauth/install", "oauth/uninstall",
)  # fmt: skip


class Stage:
    """A stand-in with people in it, and tokens of every kind."""

    def __init__(self, one: control.Control) -> None:
        self.one, self.session = one, requests.Session()
        self.places = [one.install("loc1", tokens=True)["access_token"], "pit-x"]
        self.agency = one.install(tokens=True)["access_token"]
        self.people()

    def people(self) -> None:
        """Somebody who is there: the calls delete, too."""
        seed = {"values": {"email": "ada@example.org"}, "notes": ["x"], "tasks": [{"values": {}}]}
        self.one.delete("loc1")
        contact = self.one.seed("loc1", seed)[0]
        (shown,) = self.one.contacts("loc1")
        things = {"notes": shown["notes"][0]["id"], "tasks": shown["tasks"][0]["id"]}
        self._ids = {"contacts": contact, "locations": "loc1", "customFields": "cf1", **things}

    def path(self, operation: str, drawn: Any) -> dict[str, str]:
        """Ids for a path such as ``/contacts/{id}/notes/{thing}``: mostly those that are there."""
        kinds = [part for part in operation.split("/") if part in self._ids]
        found = dict(zip(("id", "thing"), (self._ids[kind] for kind in kinds), strict=False))
        if "/bulk/" in operation:
            found = {"id": drawn(st.sampled_from(["add", "remove"]))}
        return found if drawn(_MOSTLY) else {}

    def headers(self, operation: str, drawn: Any, version: str) -> dict[str, str]:
        """A version and a token, mostly ones that pass the gates."""
        agency = "/oauth/" in operation
        fitting = [self.agency] if agency else self.places
        tokens = fitting if drawn(_MOSTLY) else [*self.places, self.agency, "x"]
        found = {"Authorization": f"Bearer {drawn(st.sampled_from(tokens))}"}
        return found | ({"Version": version} if drawn(_MOSTLY) else {})

    def status(self, method: str, path: str, **more: Any) -> int:
        request = requests.Request(method, self.one.url + path, **more).prepare()
        return self.session.send(request, timeout=30, allow_redirects=False).status_code


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    world = {
        "locations": [{"id": "loc1", "custom_fields": [{"id": "cf1", "key": "level"}]}],
        "tokens": [{"token": "pit-x", "location": "loc1", "scopes": SCOPES}],
        "limits": {"per_window": 10_000_000, "per_day": 10_000_000},
        "oauth": {"apps": [APP.model_dump(mode="json")]},
        "seed": 1,
    }
    with control.in_thread(world) as one:
        yield Stage(one)


def operations(version: str) -> list[Any]:
    """Every operation that the stand-in's document has."""
    schema = schemathesis.openapi.from_dict(openapi.document(version))
    return [
        pytest.param(found.ok(), id=f"{version} {found.ok().label}")
        for found in schema.get_all_operations()
    ]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("operation", [one for each in VERSIONS for one in operations(each)])
def test_an_operation_answers(
    stage: Stage, on_the_wire: Callable[..., Any], operation: Any, mode: GenerationMode
) -> None:
    stage.people()
    version = operation.schema.raw_schema["info"]["version"]

    @few(2)
    @given(operation.as_strategy(generation_mode=mode), st.data())
    def tried(case: Any, data: Any) -> None:
        case.path_parameters = (case.path_parameters or {}) | {
            name: id
            for name, id in stage.path(operation.path, data.draw).items()
            if name in (case.path_parameters or ())
        }
        for part in (case.query, case.body):
            if isinstance(part, dict) and "locationId" in part:
                part["locationId"] = "loc1"
        headers = stage.headers(operation.path, data.draw, version)
        request = on_the_wire(case, stage.one.url, **headers)
        answer = stage.session.send(request, timeout=30, allow_redirects=False)
        assert answer.status_code < 500

    tried()


@pytest.mark.parametrize("raw", NASTY, ids=lambda raw: repr(raw[:12]))
def test_a_nasty_body_is_answered(stage: Stage, raw: bytes) -> None:
    stage.people()
    kinds = ("application/json", "application/x-www-form-urlencoded", "text/plain; charset=x")
    for (method, path), kind in zip(WRITES, cycle(kinds), strict=False):
        headers = {"Version": "v3", "Content-Type": kind}
        headers["Authorization"] = f"Bearer {stage.agency if '/oauth/' in path else 'pit-x'}"
        asked = path.format(**{"id": "x", "thing": "x", **stage.path(path, lambda _: True)})
        assert stage.status(method, asked, data=raw, headers=headers) < 500, (method, path)


def test_any_json_is_answered(stage: Stage) -> None:
    stage.people()
    bodies = st.dictionaries(st.sampled_from(_NAMES), _VALUES | JSON, max_size=8)

    @few(60)
    @given(st.sampled_from(WRITES), bodies, st.sampled_from(access.VERSIONS), st.data())
    def tried(operation: tuple[str, str], body: dict[str, Any], version: str, data: Any) -> None:
        method, path = operation
        headers = {"Content-Type": "application/json"}
        headers |= stage.headers(path, data.draw, version)
        told = _APP if "/oauth/" in path else {"locationId": "loc1"} if path in _NAME_IT else {}
        raw = json.dumps({**told, **body}).encode()
        asked = path.format(**{"id": "x", "thing": "x", **stage.path(path, data.draw)})
        assert stage.status(method, asked, data=raw, headers=headers) < 500

    tried()


def test_any_query_is_answered(stage: Stage) -> None:
    @few(60)
    @given(st.sampled_from(_READS), st.dictionaries(st.sampled_from(_ASKED), _WORDS), st.data())
    def tried(path: str, query: dict[str, str], data: Any) -> None:
        headers = stage.headers(path, data.draw, "v3")
        asked = (_LOOK if "oauth" in path else {"locationId": "loc1"}) | query
        assert stage.status("GET", path, params=asked, headers=headers) < 500

    tried()


def test_the_other_side_answers_too(stage: Stage) -> None:
    """It changes the world that the others need: a fault is cleared, switches are not touched."""

    @few(30)
    @given(st.sampled_from(SIDE), JSON | st.dictionaries(st.sampled_from(_TOLD), JSON | _VALUES))
    def tried(name: str, body: Any) -> None:
        status = stage.status("POST", f"/_simulator/{name}", data=json.dumps(body).encode())
        stage.one.clear_faults()
        assert status < 500

    tried()


_MOSTLY = st.sampled_from([True] * 7 + [False])
_NAMES = (
    "email", "phone", "name", "firstName", "tags", "customFields", "dnd", "dndSettings",
    "dateOfBirth", "pageLimit", "page", "searchAfter", "filters", "sort", "query", "body", "title",
    "dueDate", "completed", "assignedTo", "followers", "contacts", "ids", "businessId",
    "eventStartTime",
    "companyId", "grantType", "clientId", "clientSecret", "refreshToken", "code", "clientKey",
    "additionalEmails", "source", "country", "model", "dataType", "options", "limit", "skip",
)  # fmt: skip
_ASKED = (
    "locationId", "limit", "startAfter", "startAfterId", "query", "email", "number", "phone",
    "cursor", "skip", "companyId", "appId", "pageSize", "pageToken", "isInstalled", "client_id",
    "redirect_uri", "response_type", "scope", "state", "pick",
)  # fmt: skip
_WORDS = (
    st.text(max_size=12)
    | st.integers().map(str)
    | st.sampled_from(["loc1", APP.client_id, APP.id, "comp_simulator", "code", "https://a.example",
                       "1e3", "-1", "9" * 30, "W10", "bnVsbA", "true", "http://[x"])
)  # fmt: skip
_TOLD = (
    "location", "locations", "contacts", "ids", "into", "kind", "calls", "client", "event", "email",
    "status", "chance", "operations", "scopes", "tokens", "refresh", "type", "values",
)  # fmt: skip
_APP = {
    "clientId": APP.client_id, "clientSecret": APP.client_secret, "clientKey": APP.client_id,
    "companyId": "comp_simulator",
}  # fmt: skip
_LOOK = {
    "companyId": "comp_simulator", "appId": APP.id, "client_id": APP.client_id,
    "response_type": "code", "redirect_uri": "https://a.example/cb",
}  # fmt: skip
_NAME_IT = ("/contacts/", "/contacts/upsert", "/contacts/search", "/contacts/bulk/business")
_READS = (
    "/contacts/", "/contacts/lookup", "/contacts/search/duplicate", "/contacts/business/x",
    "/oauth/installedLocations", "/oauth/installed-locations", "/oauth/chooselocation",
    "/v2/oauth/chooselocation",
)  # fmt: skip
_VALUES = st.sampled_from(
    ["loc1", "comp_simulator", "authorization_code", "refresh_token", "ada@example.org",
     "+18888888888", "1970-02-31", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-14:00",
     "0001-01-01T00:00:00+14:00", "not a day", "", "x" * 5000, "\x00", "\U0001d54f", -1, 0, 10**12,
     2**63, 1e308, True, None, [], {}, [None], ["a", "A ", ""], [["x"]], [1, "1970-01-01"],
     [{"id": "cf1", "field_value": {}}], [{"key": "level", "fieldValue": [1]}], [{"id": None}],
     {"all": {"status": "active"}}, {"Email": {"status": 1}}, {"gte": "x", "lt": None},
     [{"field": "dateAdded", "operator": "range", "value": {"gte": "x"}}],
     [{"field": "dateAdded", "operator": "range", "value": 1}],
     [{"field": "tags", "operator": "eq", "value": [{}]}], [{"field": None}], [{"field": []}],
     [{"field": "email", "operator": "contains", "value": None}], [{"group": "AND"}],
     [{"group": "OR", "filters": [1]}], [{"field": "customFields.cf1", "operator": "eq"}],
     [{"field": "dateAdded", "direction": 1}], [{"field": "dateUpdated", "direction": "asc"}]]
)  # fmt: skip
