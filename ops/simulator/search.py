"""``POST /contacts/search``: another list with rows of its own, from an index that comes late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ops.simulator import bodies, lists, shapes
from ops.simulator.calls import Answer, Call
from ops.simulator.filters import ADDED, LONGEST, UPDATED, VALUES, all_of, invalid, parsed, place
from ops.simulator.refusals import bad_request, unprocessable
from ops.simulator.world import Contact

LARGEST: Final = 500
WINDOW: Final = 10_000
"""So far reach pages by number; beyond it only ``searchAfter`` goes."""

_SORTS: Final = (ADDED, UPDATED)


def contacts(call: Call) -> Answer:
    """One page of what fits."""
    body = bodies.parse(call.raw, bodies.CONTACT_SEARCH)
    call.location(body["locationId"])
    _check(body, call.quirks.page_with_search_after)
    field, descending = _sort(body.get("sort") or [], call.quirks.search_order)
    fits = all_of([parsed(one) for one in body.get("filters") or []])
    words = str(body.get("query") or "").lower()
    found = [
        one for one in _seen(call, body) if fits(one) and (not words or words in lists.text(one))
    ]
    found.sort(key=lambda one: (VALUES[field](one), one.id), reverse=descending)
    page = _page(found, body, field, descending)
    return 200, {
        "contacts": [shapes.found(one, call.quirks, (VALUES[field](one), one.id)) for one in page],
        "total": len(found),
    }


def _seen(call: Call, body: Mapping[str, Any]) -> list[Contact]:
    lag = call.quirks.search_lag_s
    seen_at = call.world.clock() - lag if lag else None
    return list(call.book(body["locationId"]).newest(None, seen_at=seen_at))


def _check(body: Mapping[str, Any], both: str) -> None:
    limit, page = body["pageLimit"], body.get("page", 1)
    if not 1 <= limit <= LARGEST:
        raise unprocessable([f"pageLimit must not be greater than {LARGEST}"])
    if page < 1:
        raise unprocessable(["page must not be less than 1"])
    if len(body.get("query", "")) > LONGEST:
        raise unprocessable([f"query must be shorter than or equal to {LONGEST} characters"])
    if page * limit > WINDOW:
        raise bad_request("page * pageLimit must not exceed 10000", {"error": "Bad Request"})
    if "page" in body and "searchAfter" in body and both == "refused":
        raise bad_request("page cannot be used with searchAfter", {"error": "Bad Request"})


def _page(
    found: list[Contact], body: Mapping[str, Any], field: str, descending: bool
) -> list[Contact]:
    limit = int(body["pageLimit"])
    if not body.get("searchAfter"):
        first = (int(body.get("page", 1)) - 1) * limit
        return found[first : first + limit]
    after = place(body["searchAfter"])

    def beyond(one: Contact) -> bool:
        own = (VALUES[field](one), one.id)
        return own < after if descending else own > after

    return [one for one in found if beyond(one)][:limit]


def _sort(wanted: list[Any], usual: str) -> tuple[str, bool]:
    """The field, and whether the largest comes first; the usual order is not published."""
    if not wanted:
        return UPDATED if usual == "updated-desc" else ADDED, usual != "added-asc"
    first = wanted[0]
    if not isinstance(first, dict):
        raise unprocessable(["each value in nested property sort must be an object"])
    field = first.get("field")
    if field not in _SORTS:
        raise invalid(str(field))
    if first.get("direction", "asc") not in ("asc", "desc"):
        raise unprocessable(["direction must be one of the following values: asc, desc"])
    return str(field), first.get("direction") == "desc"
