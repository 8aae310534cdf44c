"""Users who follow a contact. There are no users here: any id is one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ops.simulator import bodies
from ops.simulator.calls import Answer, Call


def add(call: Call) -> Answer:
    """``POST /contacts/{id}/followers``: 201 with all followers, and those that are new."""
    given = _given(call)
    old = call.contact()
    new = [one for one in given if one not in old.ties.followers]
    return 201, _put(call, (*old.ties.followers, *new)) | {"followersAdded": new}


def remove(call: Call) -> Answer:
    """``DELETE /contacts/{id}/followers``: 200 with those that are left, and those that went."""
    given = _given(call)
    old = call.contact()
    gone = [one for one in given if one in old.ties.followers]
    left = tuple(one for one in old.ties.followers if one not in gone)
    return 200, _put(call, left) | {"followersRemoved": gone}


def _given(call: Call) -> list[str]:
    body = bodies.parse(call.raw, bodies.FOLLOWERS)
    return list(dict.fromkeys(body["followers"]))


def _put(call: Call, followers: tuple[str, ...]) -> dict[str, Any]:
    old = call.contact()
    if followers != old.ties.followers:
        ties = replace(old.ties, followers=followers)
        call.world.put(replace(old, ties=ties, updated_ms=call.world.now_ms()))
    return {"followers": list(followers)}
