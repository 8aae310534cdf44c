"""Where an app is installed: the agency's locations, page by page, in both generations' forms."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import orjson

from ops.simulator import shapes
from ops.simulator.calls import Answer, Call
from ops.simulator.oauth import OTHER_CLASS
from ops.simulator.oauth_settings import App
from ops.simulator.refusals import Refusal, bad_request, unauthorised, unprocessable

PAGE: Final = 20
LARGEST: Final = 100


class Enveloped(Refusal):
    """A refusal in the v3 envelope of this one call (its specification)."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, message)
        self._code = code

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self._code, "message": self.message, "details": {}}}


def old(call: Call) -> Answer:
    """``GET /oauth/installedLocations``: by ``skip`` and ``limit``."""
    app = _app(call)
    if app is None:
        raise bad_request("App not found", {"error": "Bad Request"})
    skip, limit = _number(call, "skip", 0), _number(call, "limit", PAGE)
    if skip is None or limit is None:
        raise unprocessable(["skip and limit must be numbers"])
    rows = _rows(call, app)
    return 200, {
        "locations": rows[skip : skip + min(limit, LARGEST)],
        "count": len(rows),
        "installToFutureLocations": _future(call, app),
    }


def new(call: Call) -> Answer:
    """``GET /oauth/installed-locations``: by ``pageSize`` and ``pageToken``, of v3 alone."""
    app = _app(call)
    if app is None:
        raise Enveloped(404, "RESOURCE_NOT_FOUND", "The requested App was not found.")
    size = _number(call, "pageSize", PAGE)
    first = _first(call.query.get("pageToken"))
    if size is None or not 1 <= size <= LARGEST or first is None:
        raise Enveloped(400, "INVALID_ARGUMENT", "Invalid pageSize or pageToken")
    rows = _rows(call, app)
    page = rows[first : first + size]
    pages: dict[str, Any] = {
        "totalRecords": len(rows),
        "hasNextPage": first + size < len(rows),
        "hasPrevPage": first > 0,
        "currentPageSize": len(page),
    }
    if pages["hasNextPage"]:
        pages["nextPageToken"] = _page_token(first + size)
    if pages["hasPrevPage"]:
        pages["prevPageToken"] = _page_token(max(0, first - size))
    return 200, {
        "items": page,
        "pagination": pages,
        "installToFutureLocations": _future(call, app),
    }


def _app(call: Call) -> App | None:
    """The app that is asked about; None if it is not the token's.

    Raises:
        Refusal: 401 for any token but an agency's, 422 if company or app are not named.
    """
    if call.token.kind != "oauth-company":
        raise unauthorised(OTHER_CLASS)
    missing = [name for name in ("companyId", "appId") if not call.query.get(name)]
    if missing:
        raise unprocessable([f"{name} should not be empty" for name in missing])
    app = call.world.grants.app(call.token.client or "")
    named = (call.query["companyId"], call.query["appId"])
    if app is None or named[0] != call.world.config.oauth.company:
        return None
    return app if named[1] in (app.id, app.client_id) else None


def _rows(call: Call, app: App) -> list[dict[str, Any]]:
    """The locations that the query is about; without one, all of the agency."""
    there = {one.location: one for one in call.world.grants.installed(app.client_id)}
    rows = []
    for one in call.world.locations.values():
        install = there.get(one.id)
        row: dict[str, Any] = {
            "_id": one.id,
            "name": one.name,
            "address": "1 Main Street",
            "isInstalled": install is not None,
        }
        if install is not None:
            row["versionId"] = app.version_id
            row["installedAt"] = shapes.instant(int(install.at * 1000))
        rows.append(row)
    wanted = call.query.get("isInstalled")
    text = call.query.get("query", "").lower()
    only = call.query.get("locationId")
    return [
        row
        for row in rows
        if (wanted is None or row["isInstalled"] is (wanted == "true"))
        and text in row["name"].lower()
        and only in (None, "", row["_id"])
    ]


def _future(call: Call, app: App) -> bool:
    agency = call.world.grants.installs.get((app.client_id, None))
    return agency is not None and agency.future


def _number(call: Call, name: str, usual: int) -> int | None:
    """A whole number of the query, as ``20`` or ``20.0``; None if it is none."""
    text = call.query.get(name, str(usual)).removesuffix(".0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _page_token(first: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps({"offset": first})).rstrip(b"=").decode()


def _first(token: str | None) -> int | None:
    """Where a page begins; None if the token is none of ours."""
    if not token:
        return 0
    try:
        found = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError):
        return None
    first = found.get("offset") if isinstance(found, dict) else None
    return first if isinstance(first, int) and 0 <= first < 10**9 else None
