"""Campaigns and workflows that a contact is in. Nothing runs in them: they are ids."""

from __future__ import annotations

from dataclasses import replace

from ops.simulator import bodies
from ops.simulator.calls import Answer, Call
from ops.simulator.contacts import succeeded
from ops.simulator.world import Ties


def add(call: Call) -> Answer:
    """``POST /contacts/{id}/campaigns/{thing}``: 201; once more changes nothing."""
    bodies.parse(call.raw, bodies.NOTHING)
    ties = call.contact().ties
    if call.thing not in ties.campaigns:
        _put(call, replace(ties, campaigns=(*ties.campaigns, call.thing)))
    return 201, succeeded(call, both=True)


def remove(call: Call) -> Answer:
    """``DELETE /contacts/{id}/campaigns/{thing}``: 200, also for one that it is not in."""
    ties = call.contact().ties
    left = tuple(one for one in ties.campaigns if one != call.thing)
    _put(call, replace(ties, campaigns=left))
    return 200, succeeded(call, both=True)


def remove_all(call: Call) -> Answer:
    """``DELETE /contacts/{id}/campaigns/removeAll``; v3 spells it ``remove-all``."""
    _put(call, replace(call.contact().ties, campaigns=()))
    return 200, succeeded(call, both=True)


def start(call: Call) -> Answer:
    """``POST /contacts/{id}/workflow/{thing}``: the specification says 200, the API said 201."""
    body = bodies.parse(call.raw, bodies.WORKFLOW)
    ties = call.contact().ties
    begins = body.get("eventStartTime")
    _put(call, replace(ties, workflows={**ties.workflows, call.thing: begins}))
    return call.quirks.workflow_add_status, succeeded(call, both=True)


def end(call: Call) -> Answer:
    """``DELETE /contacts/{id}/workflow/{thing}``: 200, also for one that it is not in."""
    bodies.parse(call.raw, bodies.WORKFLOW)
    ties = call.contact().ties
    left = {id: begins for id, begins in ties.workflows.items() if id != call.thing}
    _put(call, replace(ties, workflows=left))
    return 200, succeeded(call, both=True)


def _put(call: Call, ties: Ties) -> None:
    old = call.contact()
    if ties != old.ties:
        call.world.put(replace(old, ties=ties))
