"""Versions, tokens and scopes: who is turned away, and in which words.

The id of each case names its source: SPEC is the API's specification and guides, "live" what
integrators measured at the API in August 2026, n8n#N an issue of n8n.
"""

from __future__ import annotations

from typing import Any

import pytest

from ops.simulator import access

NO_SCOPE = "The token is not authorized for this scope."


@pytest.mark.parametrize(
    ("version", "status", "said"),
    [
        pytest.param(None, 401, "version header was not found.", id="live: none"),
        pytest.param("2020-01-01", 401, "version header is invalid", id="live: unknown date"),
        pytest.param(
            "bogus-version", 400,
            "Invalid API version segment 'bogus-version' at position 0", id="live: other text",
        ),
    ],
)  # fmt: skip
def test_version_is_looked_at_before_anything_else(
    api: Any, version: str | None, status: int, said: str
) -> None:
    api.version, api.token = version, "pit-nobody"

    answer = api("GET", "/no/such/call")

    assert (answer.status, answer.said) == (status, said)


@pytest.mark.parametrize("version", access.VERSIONS, ids=lambda v: f"live: {v}")
def test_four_versions_are_taken(api: Any, version: str) -> None:
    api.version = version
    assert api("GET", "/contacts/?locationId=loc1").status == 200


@pytest.mark.parametrize(
    ("token", "body"),
    [
        pytest.param(
            None,
            {"message": "Invalid token: access token is invalid", "error": "Unauthorized"},
            id="SPEC: none",
        ),
        pytest.param("pit-old", {"message": "Invalid Private Integration token"}, id="PIT"),
        pytest.param("eyJhbGciOi", {"message": "Invalid JWT"}, id="JWT"),
    ],
)
def test_a_token_that_is_none(api: Any, token: str | None, body: dict[str, str]) -> None:
    api.token = token

    answer = api.get("x")

    answer.json.pop("traceId")
    assert (answer.status, answer.json) == (401, {"statusCode": 401, **body})


@pytest.mark.parametrize(
    ("kind", "path", "status", "said"),
    [
        pytest.param("pit-agency", "/contacts/x", 401, NO_SCOPE, id="live: agency PIT, contacts"),
        pytest.param(
            "pit-agency", "/locations/loc1/customFields", 401, "Token's user type mismatch!",
            id="live: agency PIT, else",
        ),
        pytest.param(
            "oauth-company", "/contacts/x", 401,
            "This authClass type is not allowed to access this scope. Please verify your IAM "
            "configuration if this is not the case.",
            id="live: company's OAuth token",
        ),
        pytest.param("pit-agency", "/locations/loc1", 200, None, id="SPEC: agency reads location"),
        pytest.param("oauth-company", "/locations/loc1", 200, None, id="SPEC: company as well"),
        pytest.param("oauth-location", "/locations/loc1", 200, None, id="SPEC: location's token"),
    ],
)  # fmt: skip
def test_classes_of_tokens(
    stand_in: Any, kind: str, path: str, status: int, said: str | None
) -> None:
    scopes = ["contacts.readonly", "locations.readonly", "locations/customFields.readonly"]
    location = {"location": "loc1"} if kind.endswith("-location") else {}
    api = stand_in(tokens=[{"token": "t", "kind": kind, "scopes": scopes, **location}])
    api.token = "t"

    answer = api("GET", path)

    assert (answer.status, answer.said) == (status, said)


def test_a_scope_that_the_token_lacks_is_401(stand_in: Any) -> None:  # live
    api = stand_in(
        tokens=[{"token": "pit-secret", "location": "loc1", "scopes": ["contacts.readonly"]}]
    )
    assert api.get("x").status == 400  # reading is allowed: it is only not there

    answer = api.create(email="ada@example.org")

    assert (answer.status, answer.said) == (401, NO_SCOPE)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/contacts/?locationId=loc2", None),
        ("POST", "/contacts/", {"locationId": "loc2", "email": "b@example.org"}),
        ("POST", "/contacts/upsert", {"locationId": "loc2", "email": "b@example.org"}),
        ("GET", "/contacts/{theirs}", None),
        ("PUT", "/contacts/{theirs}", {}),
        ("POST", "/contacts/{theirs}/notes", {"body": "hello"}),
        ("GET", "/locations/loc2", None),
        ("GET", "/locations/nowhere", None),
    ],
)
def test_another_location_is_403(  # live; n8n#11353
    stand_in: Any, method: str, path: str, body: dict[str, str] | None
) -> None:
    scopes = ["contacts.readonly", "contacts.write", "locations.readonly"]
    api = stand_in(
        locations=[{"id": "loc1"}, {"id": "loc2"}],
        tokens=[
            {"token": token, "location": location, "scopes": scopes}
            for token, location in (("pit-secret", "loc1"), ("pit-other", "loc2"))
        ],
    )
    api.token = "pit-other"
    theirs = api("POST", "/contacts/", {"locationId": "loc2", "email": "a@example.org"}).json
    api.token = "pit-secret"

    answer = api(method, path.format(theirs=theirs["contact"]["id"]), body)

    assert answer.status == 403
    assert answer.said == "The token does not have access to this location."
    assert answer.json["error"] == "Forbidden"


def test_an_unknown_path_is_404_in_the_words_of_the_framework(api: Any) -> None:  # live
    answer = api("GET", "/contact/")
    assert (answer.status, answer.said) == (404, "Cannot GET /contact/")
    assert api("PATCH", "/contacts/x").said == "Cannot PATCH /contacts/x"


def test_every_answer_has_a_trace_of_its_own(api: Any) -> None:  # SPEC, #289
    good, bad, unknown = api.upsert(name="Ada"), api.get("x"), api("GET", "/x")
    traces = {answer.json["traceId"] for answer in (good, bad, unknown)}
    assert len(traces) == 3
    assert all(len(one) == 36 for one in traces)
