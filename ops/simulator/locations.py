"""A location."""

from __future__ import annotations

from ops.simulator.calls import Answer, Call


def get(call: Call) -> Answer:
    """``GET /locations/{id}``."""
    one = call.location(call.id)
    return 200, {
        "location": {
            "id": one.id,
            "name": one.name,
            "country": one.country,
            "timezone": one.timezone,
            "settings": {"allowDuplicateContact": one.allow_duplicates},
        }
    }
