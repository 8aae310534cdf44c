"""``POST /contacts/bulk/tags/update/{add or remove}``: one answer, good and bad, for each id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ops.simulator import bodies, values
from ops.simulator.calls import Answer, Call
from ops.simulator.contacts import succeeded
from ops.simulator.refusals import unprocessable

_ID: Final = re.compile(r"[A-Za-z0-9]{20}")


def tags(call: Call) -> Answer:
    """201, also if no contact was changed; ``errorCount`` tells."""
    kind = call.id
    if kind not in ("add", "remove"):
        raise unprocessable(["type must be one of the following values: add, remove"])
    body = bodies.parse(call.raw, bodies.BULK_TAGS)
    most = call.quirks.bulk_tags_most
    if most is not None and len(body["contacts"]) > most:
        raise unprocessable([f"contacts must contain no more than {most} elements"])
    if body.get("removeAllTags") and kind == "add":
        raise unprocessable(["removeAllTags can only be used with remove"])
    location = call.location(body["locationId"])
    responses = [_one(call, id, location.id, body) for id in body["contacts"]]
    errors = sum(one["type"] == "error" for one in responses)
    return 201, succeeded(call, both=True) | {"errorCount": errors, "responses": responses}


def _one(call: Call, id: str, location: str, body: Mapping[str, Any]) -> dict[str, Any]:
    wrong = _wrong(call, id, location)
    if wrong:
        return {"contactId": id, "message": wrong, "type": "error"}
    old = call.world.find(id)
    assert old is not None
    given = values.tags(body["tags"], call.quirks)
    if call.id == "add":
        new = tuple(dict.fromkeys((*old.tags, *given)))
    elif body.get("removeAllTags"):
        new = ()
    else:
        new = tuple(one for one in old.tags if one not in given)
    if new != old.tags:
        call.world.put(replace(old, tags=new, updated_ms=call.world.now_ms()))
    return {
        "contactId": id,
        "message": "Tags updated",
        "type": "success",
        "oldTags": list(old.tags),
        "tagsAdded": [one for one in new if one not in old.tags],
        "tagsRemoved": [one for one in old.tags if one not in new],
    }


def _wrong(call: Call, id: str, location: str) -> str | None:
    """The three sentences are the specification's; which of them an unknown id gets is a guess."""
    if not _ID.fullmatch(id):
        return "contact id is not a valid firebase id"
    found = call.world.find(id)
    if found is None or found.location != location:
        return "contact does not belong to location"
    return "contact is deleted" if found.deleted else None
