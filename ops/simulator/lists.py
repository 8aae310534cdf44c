"""``GET /contacts/``: newest first, and a cursor that needs both of its values."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

from ops.simulator import bodies, shapes
from ops.simulator.calls import Answer, Call
from ops.simulator.refusals import unprocessable
from ops.simulator.world import Contact

LARGEST: Final = 100
USUAL: Final = 20
_KNOWN: Final = ("locationId", "limit", "query", "startAfter", "startAfterId")


def contacts(call: Call) -> Answer:
    """One page of a location's contacts."""
    location, limit, after = _asked(call)
    call.location(location)
    book = call.book(location)
    lag = call.quirks.list_lag_s
    seen_at = call.world.clock() - lag if lag else None
    words = call.query.get("query", "").lower()
    rows = book.newest(after, seen_at=seen_at)
    if after is not None and call.quirks.list_ties == "lost":
        rows = (one for one in rows if one.added_ms < after[0])
    if words:
        rows = (one for one in rows if words in text(one))
    found = list(islice(rows, limit))
    total = (
        sum(not words or words in text(one) for one in book.newest(None, seen_at=seen_at))
        if words or lag
        else book.living
    )
    page = 1 if after is None else book.rank(after) // limit + 1
    return 200, {
        "contacts": [shapes.row(one, call.quirks) for one in found],
        "meta": _meta(location, limit, found, total=total, page=page),
    }


def _asked(call: Call) -> tuple[str, int, tuple[int, str] | None]:
    """Location, limit and cursor; half a cursor is none, without a word."""
    query = call.query
    complaints = [f"property {name} should not exist" for name in query if name not in _KNOWN]
    if not query.get("locationId"):
        complaints.append("locationId should not be empty")
    for name, least in (("limit", 1), ("startAfter", 0)):
        given = query.get(name, "1")
        if not bodies.whole(given, digits=15) or int(given) < least:
            complaints.append(f"{name} must be a positive number")
    if complaints:
        raise unprocessable(complaints)
    limit = min(int(query.get("limit", USUAL)), LARGEST)
    heeded = call.quirks.list_cursor == "both"
    both = heeded and query.get("startAfter") and query.get("startAfterId")
    after = (int(query["startAfter"]), query["startAfterId"]) if both else None
    return query["locationId"], limit, after


def text(contact: Contact) -> str:
    """What a query is looked for in."""
    parts = (contact.full_name, contact.values.get("email"), contact.values.get("phone"))
    return " ".join(part for part in parts if part).lower()


def _meta(
    location: str, limit: int, found: list[Contact], *, total: int, page: int
) -> dict[str, Any]:
    more = len(found) == limit
    meta: dict[str, Any] = {
        "total": total,
        "currentPage": page,
        "nextPage": page + 1 if more else None,
        "prevPage": page - 1 if page > 1 else None,
        "nextPageUrl": None,
    }
    if found:
        cursor = {"startAfter": found[-1].added_ms, "startAfterId": found[-1].id}
        query = urlencode({"locationId": location, "limit": limit, **cursor})
        meta |= cursor
        if more:  # it points nowhere that a client can reach, as the CRM's own does
            meta["nextPageUrl"] = f"http://localhost:5058/contacts/?{query}"
    return meta
