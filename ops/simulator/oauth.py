"""Tokens: for a code, for a refresh token, for an agency's token, and when they were lost.

The words of refusals are those of the v3 specification and of what was measured in August 2026;
which of them a wrong client gets is a guess, in the words of the library that the others are from.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from ops.simulator import shapes
from ops.simulator.calls import Answer, Call
from ops.simulator.oauth_grants import Install, Pair
from ops.simulator.oauth_settings import App
from ops.simulator.refusals import Refusal, bad_request, forbidden, unauthorised, unprocessable

TOKEN: Final = "POST /oauth/token"

NAMES: Final = {
    "clientId": "client_id",
    "clientSecret": "client_secret",
    "grantType": "grant_type",
    "code": "code",
    "refreshToken": "refresh_token",
    "userType": "user_type",
    "redirectUri": "redirect_uri",
}
"""Parameters of ``/oauth/token`` by their v3 names, with the older ones."""

V3_ANSWER: Final = {
    "access_token": "accessToken",
    "token_type": "tokenType",
    "expires_in": "expiresIn",
    "refresh_token": "refreshToken",
}

OTHER_CLASS: Final = (
    "This authClass type is not allowed to access this scope. Please verify your IAM "
    "configuration if this is not the case."
)


class CodeRefused(Refusal):
    """A code that is none, in the form that was measured: without statusCode and message."""

    def __init__(self) -> None:
        super().__init__(401, "Authorization code not found")

    def body(self) -> dict[str, Any]:
        return {"error": "UnAuthorized!", "error_description": self.message}


class Given:
    """The parameters of a call; both generations' names are taken under every version.

    Raises:
        Refusal: 400 if the body cannot be read.
    """

    def __init__(self, call: Call) -> None:
        self._v3 = call.v3
        told = fields(call.raw, call.kind)
        self._values = {new: told.get(new, told.get(old)) for new, old in NAMES.items()}

    def need(self, name: str) -> str:
        """The value of a parameter that must be there.

        Raises:
            Refusal: 400 in the specification's words.
        """
        value = self.get(name)
        if not value:
            raise bad_request(f"Missing parameter: {self._shown(name)}")
        return value

    def get(self, name: str) -> str:
        """The value, empty if there is none."""
        value = self._values[name]
        if value is not None and not isinstance(value, str):
            raise self.wrong(name)
        return value or ""

    def wrong(self, name: str) -> Refusal:
        """What a value that cannot be is told."""
        return bad_request(f"Invalid parameter: {self._shown(name)}")

    def _shown(self, name: str) -> str:
        return name if self._v3 else NAMES[name]


def fields(raw: bytes, kind: str) -> dict[str, Any]:
    """The fields of a body, of a form or JSON as its content type says.

    Raises:
        Refusal: 400 if it is no JSON object.
    """
    if not kind.startswith("application/json"):
        return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        found = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise bad_request("Unexpected token in JSON", {"error": "Bad Request"})
    return found


def refresh_token(raw: bytes, kind: str) -> str:
    """The refresh token in the body of a refresh; empty if it is none."""
    try:
        told = fields(raw, kind)
    except Refusal:
        return ""
    found = told.get("refreshToken", told.get("refresh_token"))
    return found if isinstance(found, str) else ""


def token(call: Call) -> Answer:
    """``POST /oauth/token``: 200 with a pair of tokens."""
    given = Given(call)
    grant = given.need("grantType")
    for name in ("clientId", "clientSecret"):
        given.need(name)
    if given.get("userType") not in ("", "Company", "Location"):
        raise given.wrong("userType")
    match grant:
        case "authorization_code":
            pair = _for_code(call, given)
        case "refresh_token":
            pair = _for_refresh(call, given)
        case _:
            raise given.wrong("grantType")
    return 200, _renamed(call, _shown(call, pair))


def _for_code(call: Call, given: Given) -> Pair:
    """The code is looked at before the client, so a wrong secret looks the same (measured)."""
    code = given.need("code")
    found = call.world.grants.code(code)
    if found is None:
        raise CodeRefused
    app = _client(call, given.need("clientId"), given.need("clientSecret"))
    if found.holder.app != app.client_id:
        raise CodeRefused
    if found.redirect is not None and given.get("redirectUri") not in ("", found.redirect):
        raise given.wrong("redirectUri")
    _check_active(call, found.holder.location)
    return call.world.grants.spend(code)


def _for_refresh(call: Call, given: Given) -> Pair:
    app = _client(call, given.need("clientId"), given.need("clientSecret"))
    found = call.world.grants.refresh(given.need("refreshToken"), app)
    if found is None:
        said = "Invalid grant: refresh token is invalid"
        old = {"error": "invalid_grant", "error_description": said}
        raise bad_request(said, {} if call.v3 else old)
    _check_active(call, found.holder.location)
    return call.world.grants.rotated(found)


def _client(call: Call, id: str, secret: str) -> App:
    app = call.world.grants.app(id)
    if app is None or app.client_secret != secret:
        raise bad_request("Invalid client: client is invalid")
    return app


def _check_active(call: Call, location: str | None) -> None:
    if location in call.world.config.oauth.inactive:
        raise bad_request("Location is not active")


def _shown(call: Call, pair: Pair) -> dict[str, Any]:
    """What is said of a new pair, by the older names."""
    told, holder = call.world.config.oauth, pair.holder
    found: dict[str, Any] = {
        "access_token": pair.access,
        "token_type": "Bearer",
        "expires_in": pair.life_s,
        "refresh_token": pair.refresh,
        "scope": " ".join(holder.scopes),
        "userType": "Location" if holder.location else "Company",
        "companyId": told.company,
        "userId": told.person,
        "isBulkInstallation": holder.location is None,
    }
    if holder.location:
        return {**found, "locationId": holder.location}
    install = call.world.grants.installs.get(holder.place)
    approved = [one.location for one in call.world.grants.installed(holder.app) if one.location]
    return {
        **found,
        "approvedLocations": approved,
        "approveAllLocations": set(approved) >= set(call.world.locations),
        "installToFutureLocations": install is not None and install.future,
    }


def _renamed(call: Call, found: dict[str, Any]) -> dict[str, Any]:
    return {V3_ANSWER.get(k, k): v for k, v in found.items()} if call.v3 else found


def old_location_token(call: Call) -> Answer:
    """``POST /oauth/locationToken``: the same under every version (measured)."""
    return 201, _exchanged(call)


def location_token(call: Call) -> Answer:
    """``POST /oauth/location-token``, of v3 alone."""
    return 201, _renamed(call, _exchanged(call))


def _exchanged(call: Call) -> dict[str, Any]:
    """A location's tokens for an agency's token: 201 (measured; the specification says 200)."""
    app = _agency(call)
    told = fields(call.raw, call.kind)
    company, location = told.get("companyId"), told.get("locationId")
    named = {"companyId": company, "locationId": location}
    if missing := [name for name, value in named.items() if not value]:
        raise unprocessable([f"{name} should not be empty" for name in missing])
    if company != call.world.config.oauth.company or location not in call.world.locations:
        raise forbidden("The token does not have access to this location.")
    install = call.world.grants.installs.get((app.client_id, location))
    if install is None:
        raise bad_request("Location is not installed", {"error": "Bad Request"})
    _check_active(call, location)
    pair = call.world.grants.exchanged(install)
    found = _shown(call, pair)
    del found["companyId"], found["isBulkInstallation"], found["userType"]
    if not call.world.config.oauth.exchange_refresh:
        del found["refresh_token"]
    return {**found, "appId": app.id, "versionId": app.version_id}


def _agency(call: Call) -> App:
    """The app of the agency's token with which the call was made.

    Raises:
        Refusal: 401 if it is another kind of token.
    """
    app = call.world.grants.app(call.token.client or "")
    if call.token.kind != "oauth-company" or app is None:
        raise unauthorised(OTHER_CLASS)
    return app


def reconnect(call: Call) -> Answer:
    """``POST /oauth/reconnect``: a new code where the tokens were lost (help article)."""
    told = fields(call.raw, call.kind)
    app = _client(call, str(told.get("clientKey")), str(told.get("clientSecret")))
    location, company = told.get("locationId"), told.get("companyId")
    if not location and company != call.world.config.oauth.company:
        raise unprocessable(["locationId should not be empty"])
    place = str(location) if location else None
    install: Install | None = call.world.grants.installs.get((app.client_id, place))
    if install is None:
        raise bad_request("The app is not installed", {"error": "Bad Request"})
    _check_active(call, place)
    code, ends = call.world.grants.new_code(install)
    return 200, {"authorizationCode": code, "expiresAt": shapes.instant(int(ends * 1000))}
