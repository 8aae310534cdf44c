"""Tokens: how they are made, used up, exchanged and lost.

The id of a case names its source: SPEC is the API's specification and guides, "live" what
integrators measured at the API in August 2026, "guess" what nobody published.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from ops.simulator import oauth_people
from ops.simulator.oauth_settings import App

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json; charset=utf-8"}
APP = App()
CLIENT = {"client_id": APP.client_id, "client_secret": APP.client_secret}
GRANT = "Invalid grant: refresh token is invalid"
OTHER_CLASS = (
    "This authClass type is not allowed to access this scope. Please verify your IAM "
    "configuration if this is not the case."
)


class Shop:
    """A stand-in with an app, and the calls that a client of OAuth makes."""

    def __init__(self, api: Any) -> None:
        self.api = api
        self.grants = api.standin.world.grants
        api.token = None

    def installed(self, location: str | None = "loc1", **more: Any) -> str:
        """A code for an app that was just installed."""
        app = self.api.standin.world.config.oauth.apps[0]
        return oauth_people.installs(self.api.standin, app, location, **more)

    def token(self, version: str | None = None, **given: Any) -> Any:
        self.api.version = version
        return self.api("POST", "/oauth/token", urlencode(given).encode(), headers=FORM)

    def by_code(self, code: str, **more: str) -> Any:
        return self.token(**CLIENT, grant_type="authorization_code", code=code, **more)

    def by_refresh(self, token: str, **more: str) -> Any:
        return self.token(**CLIENT, grant_type="refresh_token", refresh_token=token, **more)

    def pair(self, location: str | None = "loc1", **more: Any) -> dict[str, Any]:
        """The tokens of an app that was just installed."""
        answer = self.by_code(self.installed(location, **more))
        assert answer.status == 200, answer.json
        return dict(answer.json)

    def with_token(self, token: str, method: str, path: str, **form: str) -> Any:
        self.api.token, self.api.version = token, "2021-07-28"
        return self.api(method, path, urlencode(form).encode(), headers=FORM)


@pytest.fixture
def shop(stand_in: Any) -> Any:
    """Makes shops; keywords are switches."""
    return lambda **switches: Shop(
        stand_in(locations=[{"id": "loc1"}, {"id": "loc2"}], tokens=[], **switches)
    )


def test_a_code_gives_a_location_its_tokens(shop: Any) -> None:  # SPEC
    one = shop()

    answer = one.by_code(one.installed())

    assert answer.status == 200
    assert answer.json["userType"] == "Location"
    assert answer.json["locationId"] == "loc1"
    assert answer.json["expires_in"] == 86_399
    assert answer.json["token_type"] == "Bearer"
    assert one.with_token(answer.json["access_token"], "GET", "/locations/loc1").status == 200


def test_v3_speaks_in_camels(shop: Any) -> None:  # SPEC v3
    one = shop()
    given = {
        "clientId": APP.client_id, "clientSecret": APP.client_secret, "userType": "Location",
        "grantType": "authorization_code", "code": one.installed(),
    }  # fmt: skip

    answer = one.token("v3", **given)

    assert {"accessToken", "tokenType", "expiresIn", "refreshToken"} <= set(answer.json)
    assert "access_token" not in answer.json


def test_json_with_the_older_names_is_taken_too(shop: Any) -> None:  # SPEC: the guide's samples
    one = shop()
    one.api.version = None
    body = {**CLIENT, "grant_type": "authorization_code", "code": one.installed()}

    assert one.api("POST", "/oauth/token", body, headers=JSON).json["access_token"]


def test_a_form_that_is_called_json_is_none(shop: Any) -> None:
    one = shop()
    one.api.version = None
    assert one.api("POST", "/oauth/token", b"client_id=x", headers=JSON).status == 400


@pytest.mark.parametrize(
    ("version", "given", "said"),
    [
        pytest.param(None, {}, "Missing parameter: grant_type", id="SPEC: nothing"),
        pytest.param("v3", {"grantType": "refresh_token"}, "Missing parameter: clientId",
                     id="SPEC v3: no client"),
        pytest.param("v3", {**CLIENT, "grantType": "gift"}, "Invalid parameter: grantType",
                     id="SPEC v3: no such grant"),
        pytest.param(None, {**CLIENT, "grant_type": "client_credentials"},
                     "Invalid parameter: grant_type", id="guess: for no one"),
        pytest.param(None, {**CLIENT, "grant_type": "refresh_token", "user_type": "Person"},
                     "Invalid parameter: user_type", id="SPEC: no such class"),
        pytest.param(None, {**CLIENT, "grant_type": "authorization_code"},
                     "Missing parameter: code", id="SPEC: no code"),
        pytest.param(None, {**CLIENT, "grant_type": "refresh_token", "refresh_token": "x"},
                     GRANT, id="SPEC: not ours"),
        pytest.param(None, {**CLIENT, "client_secret": "x", "grant_type": "refresh_token",
                            "refresh_token": "x"},
                     "Invalid client: client is invalid", id="guess: wrong secret"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named(
    shop: Any, version: str | None, given: dict[str, str], said: str
) -> None:
    answer = shop().token(version, **given)
    assert (answer.status, answer.said) == (400, said)


def test_the_code_is_looked_at_before_the_client(shop: Any) -> None:  # live
    one = shop()
    answer = one.token(
        client_id="x", client_secret="x", grant_type="authorization_code", code="nothing"
    )
    answer.json.pop("traceId")
    assert answer.status == 401
    assert answer.json == {
        "error": "UnAuthorized!",
        "error_description": "Authorization code not found",
    }


def test_a_code_opens_once(shop: Any) -> None:
    one = shop()
    code = one.installed()
    assert [one.by_code(code).status for _ in range(2)] == [200, 401]


def test_a_code_ends(shop: Any, clock: Any) -> None:
    one = shop(oauth={"code_s": 60})
    code = one.installed()
    clock.tick(60)
    assert one.by_code(code).status == 401


def test_a_code_stays_with_the_address_it_was_sent_to(shop: Any) -> None:
    one = shop()
    code = one.installed(redirect="https://ours.example/cb")
    answer = one.by_code(code, redirect_uri="https://theirs.example/cb")
    assert answer.said == "Invalid parameter: redirect_uri"
    assert one.by_code(code, redirect_uri="https://ours.example/cb").status == 200


def test_an_access_token_ends(shop: Any, clock: Any) -> None:
    one = shop(oauth={"access_s": 100, "expired_says": "Your token is over."})
    token = one.pair()["access_token"]
    clock.tick(99)
    assert one.with_token(token, "GET", "/locations/loc1").status == 200
    clock.tick(1)
    answer = one.with_token(token, "GET", "/locations/loc1")
    assert (answer.status, answer.said) == (401, "Your token is over.")


def test_a_refresh_gives_another_pair(shop: Any) -> None:  # SPEC
    one = shop()
    old = one.pair()

    new = one.by_refresh(old["refresh_token"]).json

    assert new["access_token"] != old["access_token"]
    assert new["refresh_token"] != old["refresh_token"]
    assert one.with_token(new["access_token"], "GET", "/locations/loc1").status == 200


def test_within_the_grace_a_used_token_gives_the_same_again(shop: Any, clock: Any) -> None:
    one = shop()  # SPEC: the changelog's "Smarter Refresh Token Handling"
    old = one.pair()["refresh_token"]
    first = one.by_refresh(old).json
    clock.tick(30)

    again = one.by_refresh(old).json

    for name in ("access_token", "refresh_token"):
        assert again[name] == first[name]


def test_by_switch_the_grace_gives_another_access_token(shop: Any) -> None:
    one = shop(oauth={"grace_gives": "new-access"})
    old = one.pair()["refresh_token"]
    first, again = one.by_refresh(old).json, one.by_refresh(old).json
    assert again["refresh_token"] == first["refresh_token"]
    assert again["access_token"] != first["access_token"]


@pytest.mark.parametrize(
    ("version", "more"),
    [
        pytest.param("v3", {}, id="SPEC v3"),
        pytest.param(
            None, {"error": "invalid_grant", "error_description": GRANT}, id="reported: older"
        ),
    ],
)
def test_after_the_grace_a_used_token_is_none(
    shop: Any, clock: Any, version: str | None, more: dict[str, str]
) -> None:
    one = shop()
    old = one.pair()["refresh_token"]
    one.by_refresh(old)
    clock.tick(30.1)

    answer = one.by_refresh(old, version=version)

    answer.json.pop("traceId")
    assert (answer.status, answer.json) == (400, {"statusCode": 400, "message": GRANT, **more})


def test_the_chain_goes_on_from_the_new_token(shop: Any, clock: Any) -> None:
    one = shop()
    token = one.pair()["refresh_token"]
    for _ in range(3):
        clock.tick(1000)
        token = one.by_refresh(token).json["refresh_token"]
    assert one.by_refresh(token).status == 200


def test_a_refresh_token_ends_after_a_year(shop: Any, clock: Any) -> None:  # SPEC
    one = shop()
    token = one.pair()["refresh_token"]
    clock.tick(365 * 86_400)
    assert one.by_refresh(token).said == GRANT


def test_somebody_elses_refresh_token_is_none(shop: Any) -> None:
    other = {"client_id": "other-app00000", "client_secret": "s"}
    one = shop(oauth={"apps": [{}, other]})
    token = one.pair()["refresh_token"]
    assert one.by_refresh(token).status == 200
    answer = one.token(**other, grant_type="refresh_token", refresh_token=token)
    assert answer.said == GRANT


def test_a_paused_location_keeps_its_refresh_token(shop: Any) -> None:  # SPEC v3
    one = shop()
    token = one.pair()["refresh_token"]
    world = one.api.standin.world
    awake = world.config
    oauth = awake.oauth.model_copy(update={"inactive": ("loc1",)})
    world.told(awake.model_copy(update={"oauth": oauth}))

    asleep = one.by_refresh(token)
    world.told(awake)

    assert (asleep.status, asleep.said) == (400, "Location is not active")
    assert one.by_refresh(token).status == 200


def test_an_agencys_token_is_exchanged_for_a_locations(shop: Any) -> None:  # live: 201, scopes
    one = shop(oauth={"apps": [{"scopes": ["contacts.readonly", "oauth.write"]}]})
    agency = one.pair(None)

    answer = one.with_token(
        agency["access_token"], "POST", "/oauth/locationToken",
        companyId="comp_simulator", locationId="loc2",
    )  # fmt: skip

    assert answer.status == 201
    assert agency["userType"] == "Company"
    assert agency["approvedLocations"] == ["loc1", "loc2"]
    assert answer.json["scope"] == "contacts.readonly oauth.write oauth.readonly"
    assert answer.json["expires_in"] == 86_400
    assert answer.json["appId"] == APP.id
    assert one.by_refresh(answer.json["refresh_token"]).json["locationId"] == "loc2"


def test_the_new_path_is_of_v3_alone(shop: Any) -> None:  # live
    one = shop()
    one.api.token = one.pair(None)["access_token"]
    body = urlencode({"companyId": "comp_simulator", "locationId": "loc1"}).encode()
    for version, status in (("2021-07-28", 404), ("v3", 201)):
        one.api.version = version
        answer = one.api("POST", "/oauth/location-token", body, headers=FORM)
        assert answer.status == status
    assert "accessToken" in answer.json
    assert "refreshToken" in answer.json


def test_the_older_specification_has_no_refresh_token_there(shop: Any) -> None:
    one = shop(oauth={"exchange_refresh": False})
    answer = one.with_token(
        one.pair(None)["access_token"], "POST", "/oauth/locationToken",
        companyId="comp_simulator", locationId="loc1",
    )  # fmt: skip
    assert "refresh_token" not in answer.json


@pytest.mark.parametrize(
    ("form", "status"),
    [
        pytest.param({}, 422, id="nothing"),
        pytest.param({"companyId": "x", "locationId": "loc1"}, 403, id="another agency"),
        pytest.param({"companyId": "comp_simulator", "locationId": "x"}, 403, id="no location"),
        pytest.param({"companyId": "comp_simulator", "locationId": "loc2"}, 400, id="without it"),
    ],
)
def test_what_cannot_be_exchanged(shop: Any, form: dict[str, str], status: int) -> None:
    one = shop()
    token = one.pair(None, locations=("loc1",))["access_token"]
    assert one.with_token(token, "POST", "/oauth/locationToken", **form).status == status


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/oauth/locationToken"), ("GET", "/oauth/installedLocations")]
)
def test_a_locations_token_is_of_the_wrong_class(shop: Any, method: str, path: str) -> None:
    one = shop()
    answer = one.with_token(one.pair()["access_token"], method, path)
    assert (answer.status, answer.said) == (401, OTHER_CLASS)


def test_an_agencys_token_may_not_touch_contacts(shop: Any) -> None:  # live
    one = shop()
    answer = one.with_token(one.pair(None)["access_token"], "GET", "/contacts/x")
    assert (answer.status, answer.said) == (401, OTHER_CLASS)


def test_a_token_has_no_more_scopes_than_were_granted(shop: Any) -> None:
    one = shop()
    token = one.pair(scopes=("contacts.readonly",))["access_token"]
    assert one.with_token(token, "GET", "/contacts/x").status == 400  # allowed: it is not there
    assert one.with_token(token, "GET", "/locations/loc1").status == 401


def test_lost_tokens_are_made_anew(shop: Any) -> None:  # help article 155000003717
    one = shop()
    one.installed()
    one.installed(None)
    for whose in ({"locationId": "loc1"}, {"companyId": "comp_simulator"}):
        body = {"clientKey": APP.client_id, "clientSecret": APP.client_secret, **whose}
        one.api.version = None
        answer = one.api("POST", "/oauth/reconnect", body, headers=JSON)
        assert set(answer.json) == {"authorizationCode", "expiresAt", "traceId"}
        assert one.by_code(answer.json["authorizationCode"]).status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"clientKey": APP.client_id, "clientSecret": "x", "locationId": "loc1"}, 400),
        ({"clientKey": APP.client_id, "clientSecret": APP.client_secret}, 422),
        ({"clientKey": APP.client_id, "clientSecret": APP.client_secret, "locationId": "x"}, 400),
    ],
    ids=["nothing", "wrong secret", "for nobody", "not installed"],
)
def test_who_cannot_reconnect(shop: Any, body: dict[str, str], status: int) -> None:
    one = shop()
    one.installed()
    one.api.version = None
    assert one.api("POST", "/oauth/reconnect", body, headers=JSON).status == status


def test_an_app_that_was_taken_away_has_no_tokens(shop: Any) -> None:
    one = shop()
    here, there = one.pair(), one.pair("loc2")

    oauth_people.uninstalls(one.api.standin, APP, "loc1")

    assert one.by_refresh(here["refresh_token"]).said == GRANT
    assert one.with_token(here["access_token"], "GET", "/locations/loc1").said == "Invalid JWT"
    assert one.with_token(there["access_token"], "GET", "/locations/loc2").status == 200


def test_taken_away_from_the_agency_it_is_gone_everywhere(shop: Any) -> None:
    one = shop()
    agency = one.pair(None)
    here = one.pair()

    oauth_people.uninstalls(one.api.standin, APP, None)

    assert one.by_refresh(agency["refresh_token"]).status == 400
    assert one.by_refresh(here["refresh_token"]).status == 400
    assert not one.grants.installs


def test_tokens_are_asked_for_without_a_limit(shop: Any) -> None:  # a guess
    one = shop(limits={"per_window": 1})
    statuses = {one.token(grant_type="gift", **CLIENT).status for _ in range(5)}
    assert statuses == {400}


def test_an_apps_tokens_share_its_limit(shop: Any) -> None:  # SPEC: per app and location
    one = shop(limits={"per_window": 1})
    tokens = [one.pair()["access_token"] for _ in range(2)]
    assert [one.with_token(t, "GET", "/locations/loc1").status for t in tokens] == [200, 429]
