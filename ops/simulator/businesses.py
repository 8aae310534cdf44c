"""Contacts of a company: their list, and who belongs to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ops.simulator import bodies, lists, shapes
from ops.simulator.calls import Answer, Call
from ops.simulator.refusals import unprocessable

USUAL: Final = 25
LARGEST: Final = 100
"""Rows of a page at most: a guess, as in the list of contacts."""

MOST: Final = 50
"""Contacts of one bulk call; the v3 specification's text."""


def contacts(call: Call) -> Answer:
    """``GET /contacts/business/{id}``: newest first (a guess), with the number of all of them."""
    query = call.query
    complaints = [] if query.get("locationId") else ["locationId should not be empty"]
    for name in ("limit", "skip"):
        if name in query and not bodies.whole(query[name]):
            complaints.append(f"{name} must be a number string")
    if complaints:
        raise unprocessable(complaints)
    location = call.location(query["locationId"])
    words = query.get("query", "").lower()
    found = [
        one
        for one in call.book(location.id).newest(None)
        if one.ties.business == call.id and words in lists.text(one)
    ]
    skip = int(query.get("skip", 0))
    limit = min(int(query.get("limit", USUAL)), LARGEST)
    page = [shapes.row(one, call.quirks) for one in found[skip : skip + limit]]
    return 200, {"contacts": page, "count": len(found)}


def bulk(call: Call) -> Answer:
    """``POST /contacts/bulk/business``: null takes them out; ids of nobody are left out."""
    body = bodies.parse(call.raw, bodies.BULK_BUSINESS)
    if len(body["ids"]) > MOST:
        raise unprocessable([f"ids must contain no more than {MOST} elements"])
    location = call.location(body["locationId"])
    done = []
    for id in dict.fromkeys(body["ids"]):
        old = call.world.find(id)
        if old is None or old.deleted or old.location != location.id:
            continue
        ties = replace(old.ties, business=body["businessId"])
        call.world.put(replace(old, ties=ties, updated_ms=call.world.now_ms()))
        done.append(id)
    return 200, {"success": True, "ids": done}
