"""What the OAuth server's answers mean, in the forms that were published or seen."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from contacts.errors import AccessLost, CrmUnavailable
from contacts.store.grants import Of
from worker.crm.answers import Answer
from worker.crm.oauth import INSTALLED, RECONNECT, TOKEN
from worker.crm.oauth_answers import Refused, Why, next_page, read_tokens, refused


def answer(status: int, body: Any) -> Answer:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return Answer(status, {}, raw)


@pytest.mark.parametrize(
    ("status", "body", "meant"),
    [
        pytest.param(
            400,
            {"statusCode": 400, "message": "Invalid grant: refresh token is invalid"},
            Why.GRANT,
            id="v3 specification",
        ),
        pytest.param(400, {"error": "invalid_grant"}, Why.GRANT, id="the library's own form"),
        pytest.param(
            401,
            {"error": "UnAuthorized!", "error_description": "Authorization code not found"},
            Why.CODE,
            id="measured by integrators",
        ),
        pytest.param(400, {"message": "Location is not active"}, "location-inactive", id="v3 spec"),
        pytest.param(
            400, {"message": "Missing parameter: clientId"}, "oauth-client", id="v3 spec, missing"
        ),
        pytest.param(
            401, {"message": ["Invalid client: client is invalid"]}, "oauth-client", id="a list"
        ),
        pytest.param(
            404, {"error": {"code": "NOT_FOUND", "message": "App not found"}}, Why.OTHER, id="AIP"
        ),
        pytest.param(403, b"<html>", Why.OTHER, id="no JSON"),
    ],
)
def test_a_refusal_is_told_from_the_others(status: int, body: Any, meant: str) -> None:
    found = refused(TOKEN, answer(status, body))

    assert isinstance(found, Refused | AccessLost)
    assert found.code == meant
    assert refused(RECONNECT, answer(status, body)) is not None


@pytest.mark.parametrize("status", [200, 408, 425, 429, 500, 503])
def test_an_answer_that_is_no_refusal_means_what_it_means_elsewhere(status: int) -> None:
    assert refused(TOKEN, answer(status, {"message": "Invalid grant"})) is None


def test_a_refusal_of_a_call_with_a_token_is_the_apis() -> None:
    assert refused(INSTALLED, answer(401, {"message": "Invalid JWT"})) is None


def test_a_sentence_that_is_not_known_is_told_without_its_values() -> None:
    found = refused(TOKEN, answer(400, {"message": "user ada@example.org is not allowed"}))
    assert isinstance(found, Refused)
    assert "not allowed" in found.reason
    assert "ada" not in found.reason


OLDER = {
    "access_token": "a", "refresh_token": "r", "expires_in": 86399, "scope": "x y",
    "userType": "Location", "locationId": "loc1", "companyId": "comp1",
}  # fmt: skip
NEWER = {
    "accessToken": "a", "refreshToken": "r", "expiresIn": 86399, "scope": "x y",
    "userType": "Location", "locationId": "loc1", "companyId": "comp1",
}  # fmt: skip


@pytest.mark.parametrize("body", [OLDER, NEWER], ids=["2021-07-28", "v3"])
def test_tokens_are_read_in_the_words_of_either_generation(body: dict[str, Any]) -> None:
    found = read_tokens(TOKEN, body, None)
    assert (found.kind, found.owner, found.company) == (Of.LOCATION, "loc1", "comp1")
    assert (found.access, found.refresh, found.seconds, found.scopes) == ("a", "r", 86399, "x y")
    assert "'a'" not in repr(found)
    assert "'r'" not in repr(found)


def test_an_agencys_tokens_are_its_companys() -> None:
    body = {**OLDER, "userType": "Company", "locationId": None}
    assert read_tokens(TOKEN, body, None).owner == "comp1"


@pytest.mark.parametrize("missing", ["access_token", "userType", "locationId"])
def test_tokens_that_do_not_say_whose_they_are_cannot_be_kept(missing: str) -> None:
    with pytest.raises(CrmUnavailable, match="no token, or does not say whose"):
        read_tokens(TOKEN, {**OLDER, missing: None}, None)


def test_a_token_whose_life_is_not_said_is_taken_to_be_short() -> None:
    assert read_tokens(TOKEN, {**OLDER, "expires_in": None}, None).seconds == 3600


@pytest.mark.parametrize(
    ("body", "cursor", "rows", "then"),
    [
        ({"count": 250}, None, 100, "100"),
        ({"count": 250}, "200", 50, None),
        ({"count": 250}, "200", 0, None),
        ({}, None, 100, None),
        ({"pagination": {"hasNextPage": True, "nextPageToken": "t2"}}, "t1", 20, "t2"),
        ({"pagination": {"hasNextPage": True, "nextPageToken": "t1"}}, "t1", 20, None),
        ({"pagination": {"hasNextPage": False, "nextPageToken": "t2"}}, "t1", 20, None),
    ],
)
def test_the_next_page_begins_where_either_generation_says(
    body: dict[str, Any], cursor: str | None, rows: int, then: str | None
) -> None:
    assert next_page(body, cursor, rows) == then
