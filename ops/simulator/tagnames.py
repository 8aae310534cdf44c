"""The dictionary of tags of a location. What a contact has is not looked up in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ops.simulator import bodies
from ops.simulator.calls import Answer, Call
from ops.simulator.refusals import bad_request, unknown_thing
from ops.simulator.tagbook import TagBook


def listed(call: Call) -> Answer:
    """``GET /locations/{id}/tags``: all of them, in the order in which they came."""
    book = _book(call)
    return 200, {"tags": [_tag(call, id, book) for id in book.names]}


def create(call: Call) -> Answer:
    """``POST /locations/{id}/tags``: 200, as the specification has it."""
    name = bodies.parse(call.raw, bodies.TAG_NAME)["name"]
    book = _book(call)
    _refuse_double(call, book, name)
    id = book.new_id()
    book.put(id, name)
    return 200, {"tag": _tag(call, id, book)}


def get(call: Call) -> Answer:
    """``GET /locations/{id}/tags/{thing}``."""
    book = _book(call)
    _known(call, book)
    return 200, {"tag": _tag(call, call.thing, book)}


def update(call: Call) -> Answer:
    """``PUT /locations/{id}/tags/{thing}``: another name."""
    name = bodies.parse(call.raw, bodies.TAG_NAME)["name"]
    book = _book(call)
    old = _known(call, book)
    if name != old:
        _refuse_double(call, book, name)
    book.put(call.thing, name)
    _in_contacts(call, old, name.lower())
    return 200, {"tag": _tag(call, call.thing, book)}


def delete(call: Call) -> Answer:
    """``DELETE /locations/{id}/tags/{thing}``."""
    book = _book(call)
    old = _known(call, book)
    book.remove(call.thing)
    _in_contacts(call, old, None)
    # The official SDK of v3 has the old spelling alone here.
    return 200, {"succeded": True}


def _book(call: Call) -> TagBook:
    return call.world.tagbooks[call.location(call.id).id]


def _known(call: Call, book: TagBook) -> str:
    if call.thing not in book.names:
        raise unknown_thing("Tag", call.thing)
    return book.names[call.thing]


def _tag(call: Call, id: str, book: TagBook) -> dict[str, Any]:
    return {"id": id, "name": book.names[id], "locationId": call.id}


def _refuse_double(call: Call, book: TagBook, name: str) -> None:
    """Spelled the same, letter by letter: other cases are tags of their own (reported)."""
    if call.quirks.double_names == "refused" and book.has(name):
        raise bad_request(f"Tag {name} already exists", {"error": "Bad Request"})


def _in_contacts(call: Call, old: str, new: str | None) -> None:
    """Give contacts the other name, or take the tag away, where the switch says so."""
    old = old.lower()
    if call.quirks.tag_changes_reach_contacts is False or old == new:
        return
    for contact in list(call.book(call.id).contacts.values()):
        if old in contact.tags and not contact.deleted:
            moved = (new if one == old else one for one in contact.tags)
            tags = tuple(dict.fromkeys(one for one in moved if one is not None))
            call.world.put(replace(contact, tags=tags, updated_ms=call.world.now_ms()))
