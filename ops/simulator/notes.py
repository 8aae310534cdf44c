"""Notes: there is no key that would make a repeated create harmless."""

from __future__ import annotations

from dataclasses import replace

from ops.simulator import bodies, shapes
from ops.simulator.calls import Answer, Call
from ops.simulator.contacts import succeeded
from ops.simulator.refusals import unknown_thing
from ops.simulator.world import Contact, Note


def listed(call: Call) -> Answer:
    """``GET /contacts/{id}/notes``: all of them, newest first."""
    contact = call.contact()
    return 200, {"notes": [shapes.note(one, contact.id) for one in reversed(contact.notes)]}


def create(call: Call) -> Answer:
    """``POST /contacts/{id}/notes``: 201, and one more note each time."""
    body = bodies.parse(call.raw, bodies.NOTE)
    contact = call.contact()
    text = body.pop("body")
    made = Note(call.world.new_id(), text, call.world.now_ms(), body)
    call.world.put(replace(contact, notes=(*contact.notes, made)))
    return 201, {"note": shapes.note(made, contact.id)}


def get(call: Call) -> Answer:
    """``GET /contacts/{id}/notes/{thing}``."""
    contact = call.contact()
    return 200, {"note": shapes.note(_this(call, contact), contact.id)}


def update(call: Call) -> Answer:
    """``PUT /contacts/{id}/notes/{thing}``: what is not named stays."""
    body = bodies.parse(call.raw, bodies.CHANGED_NOTE)
    contact = call.contact()
    old = _this(call, contact)
    new = replace(old, body=body.pop("body", old.body), more={**old.more, **body})
    notes = tuple(new if one is old else one for one in contact.notes)
    call.world.put(replace(contact, notes=notes))
    return 200, {"note": shapes.note(new, contact.id)}


def delete(call: Call) -> Answer:
    """``DELETE /contacts/{id}/notes/{thing}``."""
    contact = call.contact()
    gone = _this(call, contact)
    call.world.put(replace(contact, notes=tuple(one for one in contact.notes if one is not gone)))
    return 200, succeeded(call, both=True)


def _this(call: Call, contact: Contact) -> Note:
    for one in contact.notes:
        if one.id == call.thing:
            return one
    raise unknown_thing("Note", call.thing)
