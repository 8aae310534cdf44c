"""``GET /contacts/lookup``: whoever has an email or phone, also beside the first one. v3 only."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final

import orjson

from ops.simulator import bodies, shapes
from ops.simulator.calls import Answer, Call
from ops.simulator.refusals import Refusal, bad_request, unprocessable
from ops.simulator.world import Contact

LARGEST: Final = 20
_E164: Final = re.compile(r"\+[1-9]\d{6,14}")


def contacts(call: Call) -> Answer:
    """A page of them, newest first (a guess); an empty list if there is nobody.

    Raises:
        Refusal: the token is none of OAuth.
    """
    if not call.token.kind.startswith("oauth"):
        raise Refusal(call.quirks.lookup_refusal_status, "OAuth channel only")
    field, value = _asked(call)
    location = call.location(call.query.get("locationId") or call.token.location or "")
    found = call.book(location.id).holders(field, value)
    found.sort(key=_place, reverse=True)
    after = _after(call.query.get("cursor"))
    if after is not None:
        found = [one for one in found if _place(one) < after]
    limit = int(call.query.get("limit", LARGEST))
    page = found[:limit]
    return 200, {
        "contacts": [shapes.read(one, call.quirks, v3=call.v3) for one in page],
        "nextCursor": _cursor(page[-1]) if len(found) > limit else None,
    }


def _asked(call: Call) -> tuple[str, str]:
    query = call.query
    given = {name: query[name] for name in ("email", "phone") if query.get(name)}
    complaints = []
    if len(given) != 1:
        complaints.append("exactly one of email or phone must be provided")
    if "phone" in given and not _E164.fullmatch(given["phone"]):
        complaints.append("phone must be a valid phone number")
    if "limit" in query and not (bodies.whole(query["limit"]) and 1 <= int(query["limit"]) <= 20):
        complaints.append(f"limit must not be greater than {LARGEST}")
    if complaints:
        raise unprocessable(complaints)
    return next(iter(given.items()))


def _place(one: Contact) -> tuple[int, str]:
    return one.added_ms, one.id


def _cursor(last: Contact) -> str:
    return base64.b64encode(orjson.dumps({"dateAdded": last.added_ms, "id": last.id})).decode()


def _after(cursor: str | None) -> tuple[int, str] | None:
    if not cursor:
        return None
    try:
        found: Any = orjson.loads(base64.b64decode(cursor, validate=True))
        return int(found["dateAdded"]), str(found["id"])
    except (binascii.Error, ValueError, TypeError, KeyError, OverflowError):
        raise bad_request("Invalid cursor", {"error": "Bad Request"}) from None
