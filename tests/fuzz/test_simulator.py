"""Whatever is sent to the stand-in, it answers, and never with a 500."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
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
SIDE = (
    "contacts", "merge", "faults", "settings", "strangers", "reset", "coursehost", "webhooks",
    "oauth/install", "oauth/uninstall", "oauth/expire",
)  # fmt: skip


class Stage:
    """A stand-in with people in it, and tokens of every kind."""

    def __init__(self, one: control.Control) -> None:
        self.one, self.session = one, requests.Session()
        seed = {"values": {"email": "ada@example.org"}, "notes": ["x"], "tasks": [{"values": {}}]}
        self.contact = one.seed("loc1", seed)[0]
        (shown,) = one.contacts("loc1")
        self.note, self.task = shown["notes"][0]["id"], shown["tasks"][0]["id"]
        self.code = one.install("loc1")["code"]
        self.tokens = [
            "pit-x",
            one.install("loc1", tokens=True)["access_token"],
            one.install(tokens=True)["access_token"],
        ]

    def send(self, request: requests.PreparedRequest) -> requests.Response:
        return self.session.send(request, timeout=30, allow_redirects=False)

    def places(self, drawn: Any) -> dict[str, str]:
        """Ids for a path: of what is there, or as they were made up."""
        ids = st.sampled_from([self.contact, "loc1", self.note, self.task, "add"])
        return {"id": drawn(ids), "thing": drawn(ids)} if drawn(st.booleans()) else {}


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
    cases = operation.as_strategy(generation_mode=mode)

    @few(2)
    @given(cases, st.data())
    def tried(case: Any, data: Any) -> None:
        names = set(case.path_parameters or ())
        case.path_parameters = {
            **(case.path_parameters or {}),
            **{name: id for name, id in stage.places(data.draw).items() if name in names},
        }
        if "locationId" in (case.query or {}):
            case.query["locationId"] = "loc1"
        if isinstance(case.body, dict) and "locationId" in case.body:
            case.body["locationId"] = "loc1"
        token = data.draw(st.sampled_from(stage.tokens))
        request = on_the_wire(case, stage.one.url, Authorization=f"Bearer {token}")
        assert stage.send(request).status_code < 500

    tried()


@pytest.mark.parametrize("raw", NASTY, ids=lambda raw: repr(raw[:12]))
def test_a_nasty_body_is_answered(stage: Stage, raw: bytes) -> None:
    kinds = ("application/json", "application/x-www-form-urlencoded", "text/plain; charset=x")
    for at, route in enumerate(routes.ALL):
        method, _, path = route.operation.partition(" ")
        if method == "GET":
            continue
        headers = {
            "Version": "v3", "Content-Type": kinds[at % 3],
            "Authorization": f"Bearer {stage.tokens[at % 2]}",
        }  # fmt: skip
        url = stage.one.url + path.format(id=stage.contact, thing=stage.note)
        request = requests.Request(method, url, data=raw, headers=headers).prepare()
        assert stage.send(request).status_code < 500, route.operation


def test_any_json_is_answered(stage: Stage) -> None:
    writes = [route.operation for route in routes.ALL if not route.operation.startswith("GET")]

    @few(30)
    @given(st.sampled_from(writes), st.dictionaries(st.sampled_from(_NAMES), JSON), st.data())
    def tried(operation: str, body: dict[str, Any], data: Any) -> None:
        method, _, path = operation.partition(" ")
        ids = {"id": "x", "thing": "x"} | stage.places(data.draw)
        headers = {
            "Version": data.draw(st.sampled_from(access.VERSIONS)),
            "Authorization": f"Bearer {data.draw(st.sampled_from(stage.tokens))}",
            "Content-Type": "application/json",
        }
        raw = json.dumps({"locationId": "loc1", **body}).encode()
        request = requests.Request(
            method, stage.one.url + path.format(**ids), data=raw, headers=headers
        )
        assert stage.send(request.prepare()).status_code < 500

    tried()


def test_any_query_is_answered(stage: Stage) -> None:
    paths = ["/contacts/", "/contacts/lookup", "/contacts/search/duplicate",
             "/contacts/business/x", "/oauth/installedLocations", "/oauth/installed-locations",
             "/oauth/chooselocation", "/v2/oauth/chooselocation"]  # fmt: skip

    @few(30)
    @given(st.sampled_from(paths), st.dictionaries(st.sampled_from(_ASKED), _WORDS), st.data())
    def tried(path: str, query: dict[str, str], data: Any) -> None:
        token = data.draw(st.sampled_from(stage.tokens))
        headers = {"Version": "v3", "Authorization": f"Bearer {token}"}
        asked = {"locationId": "loc1", **query}
        request = requests.Request("GET", stage.one.url + path, params=asked, headers=headers)
        assert stage.send(request.prepare()).status_code < 500

    tried()


def test_the_other_side_answers_too(stage: Stage) -> None:
    """It changes the world that the others need: a fault is cleared, switches are not touched."""

    @few(30)
    @given(st.sampled_from(SIDE), JSON | st.dictionaries(st.sampled_from(_TOLD), JSON))
    def tried(name: str, body: Any) -> None:
        raw = json.dumps(body).encode()
        url = f"{stage.one.url}/_simulator/{name}"
        request = requests.Request("POST", url, data=raw).prepare()
        status = stage.send(request).status_code
        stage.one.clear_faults()
        assert status < 500

    tried()


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
