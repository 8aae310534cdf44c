"""The operations that give access. Rollbook's own connection makes them, at its own times."""

from __future__ import annotations

from typing import Final

from contacts.catalogue.row import Field, Operation, Repeat, Shape, Token
from contacts.settings import V3

_OLD: Final = "2021-07-28"
_GRANTS: Final = ("authorization_code", "refresh_token", "client_credentials")
_CONNECT: Final = "rollbook connect"

OAUTH: Final = (
    Operation(
        "oauth.token",
        "POST",
        "/oauth/token",
        "",
        writes=True,
        what="the code or refresh token",
        does="Exchange a code or a refresh token for tokens. Each refresh ends the pair before.",
        token=Token.CLIENT,
        body=(
            Field("client_id", needed=True, v3="clientId"),
            Field("client_secret", needed=True, v3="clientSecret"),
            Field("grant_type", needed=True, v3="grantType", choices=_GRANTS),
            Field("code"),
            Field("refresh_token", v3="refreshToken"),
            Field("user_type", v3="userType", choices=("Company", "Location")),
            Field("redirect_uri", v3="redirectUri"),
        ),
        form=True,
        answer=("access_token", "token_type", "expires_in", "refresh_token", "scope", "userType"),
        answer_v3=("accessToken", "tokenType", "expiresIn", "refreshToken", "scope", "userType"),
        repeat=Repeat.ASK,
        instead=_CONNECT,
    ),
    Operation(
        "oauth.location_token",
        "POST",
        "/oauth/locationToken",
        "oauth.write",
        writes=True,
        what="the exchange of a token",
        does="Get a location's token with the agency's.",
        path_v3="/oauth/location-token",
        token=Token.AGENCY,
        body=(Field("companyId", needed=True), Field("locationId", needed=True)),
        form=True,
        answer=("access_token", "token_type", "expires_in", "scope", "locationId"),
        answer_v3=("accessToken", "tokenType", "expiresIn", "scope", "locationId"),
        # measured live by integrators: 201, where the specification says 200
        codes=(200, 201),
        instead=_CONNECT,
    ),
    Operation(
        "oauth.installed_locations",
        "GET",
        "/oauth/installedLocations",
        "oauth.readonly",
        writes=False,
        what="the list of installed locations",
        does="Read a page of the locations in which the app is installed.",
        path_v3="/oauth/installed-locations",
        token=Token.AGENCY,
        query=(
            Field("companyId", needed=True),
            Field("appId", needed=True),
            Field("skip", only=_OLD),
            Field("limit", only=_OLD),
            Field("pageSize", Shape.NUMBER, only=V3),
            Field("pageToken", only=V3),
            Field("restrictToUserLocations", Shape.BOOLEAN, only=V3),
            Field("query"),
            Field("isInstalled", Shape.BOOLEAN),
            Field("versionId"),
            Field("onTrial", Shape.BOOLEAN),
            Field("planId"),
            Field("locationId"),
        ),
        answer=("locations", "count", "installToFutureLocations"),
        answer_v3=("items", "pagination"),
        instead=_CONNECT,
    ),
    Operation(
        "oauth.reconnect",
        "POST",
        "/oauth/reconnect",
        "",
        writes=True,
        what="the request for a new code",
        does="Get a new code where the tokens are lost (official help page on lost tokens).",
        token=Token.CLIENT,
        body=(
            Field("clientKey", needed=True),
            Field("clientSecret", needed=True),
            Field("locationId"),
            Field("companyId"),
        ),
        answer=("authorizationCode", "expiresAt"),
        instead=_CONNECT,
    ),
)
