"""``POST /contacts/bulk/tags/update/{add or remove}``: one answer, good and bad, for each id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ops.simulator import bodies, values
from ops.simulator.calls import Answer, Call
from ops.simulator.contacts import succeeded
from ops.simulator.refusals import no_route, unprocessable

UNLUCKY: Final = "contact could not be updated"
"""A sentence that no specification has: what a contact is told that is refused by chance."""

_ID: Final = re.compile(r"[A-Za-z0-9]{20}")


def tags(call: Call) -> Answer:
    """201, also if no contact was changed; ``errorCount`` tells."""
    if not call.quirks.bulk_tags_there:
        raise no_route("POST", "/contacts/bulk/tags/update")
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
    if call.quirks.bulk_tags_unknown == "refused":
        for id in body["contacts"]:
            if wrong := _wrong(call, id, location.id):
                raise unprocessable([f"contacts: {wrong}"])
    told = [_one(call, id, location.id, body) for id in body["contacts"]]
    errors = sum(one["type"] == "error" for one in told)
    answer = succeeded(call, both=True) | {"errorCount": errors}
    if call.quirks.bulk_tags_answer == "nothing":
        return 201, answer
    return 201, answer | {"responses": [one for one in told if _is_told(call, one)]}


def _one(call: Call, id: str, location: str, body: Mapping[str, Any]) -> dict[str, Any]:
    wrong = _wrong(call, id, location)
    chance = call.quirks.bulk_tags_errors
    if wrong is None and chance and call.world.random.random() < chance:
        wrong = UNLUCKY
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
    return {"contactId": id, "message": "Tags updated", "type": "success"} | _lists(
        call, old.tags, new, given
    )


def _lists(
    call: Call, old: Sequence[str], new: Sequence[str], given: Sequence[str]
) -> dict[str, Any]:
    """What the three lists mean is told by one example of the specification, which fits several."""
    added = [one for one in new if one not in old]
    removed = [one for one in old if one not in new]
    match call.quirks.bulk_tags_answer:
        case "bare":
            return {}
        case "changed":
            return {"tagsAdded": added, "tagsRemoved": removed}
        case "asked":
            added, removed = (list(given), []) if call.id == "add" else ([], list(given))
    return {"oldTags": list(old), "tagsAdded": added, "tagsRemoved": removed}


def _is_told(call: Call, one: Mapping[str, Any]) -> bool:
    unknown = one["type"] == "error" and one["message"] != UNLUCKY
    return not unknown or call.quirks.bulk_tags_unknown == "told"


def _wrong(call: Call, id: str, location: str) -> str | None:
    """The three sentences are the specification's; which of them an unknown id gets is a guess."""
    if not _ID.fullmatch(id):
        return "contact id is not a valid firebase id"
    found = call.world.find(id)
    if found is None or found.location != location:
        return "contact does not belong to location"
    return "contact is deleted" if found.deleted else None
