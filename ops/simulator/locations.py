"""A location and its custom fields."""

from __future__ import annotations

from typing import Any

from ops.simulator.calls import Answer, Call
from ops.simulator.config import CustomField


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


def custom_fields(call: Call) -> Answer:
    """``GET /locations/{id}/customFields``; ``model=opportunity`` has none here."""
    one = call.location(call.id)
    fields = () if call.query.get("model") == "opportunity" else one.custom_fields
    return 200, {"customFields": [_field(one.id, at, field) for at, field in enumerate(fields)]}


def _field(location: str, position: int, field: CustomField) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": field.id,
        "name": field.name or field.key,
        "fieldKey": "contact." + field.key.removeprefix("contact."),
        "placeholder": "",
        "dataType": field.data_type,
        "position": position,
        "model": "contact",
        "locationId": location,
    }
    if field.options:
        found["picklistOptions"] = list(field.options)
    return found
