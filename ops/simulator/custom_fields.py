"""The dictionary of custom fields of a location."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ops.simulator import bodies
from ops.simulator.calls import Answer, Call
from ops.simulator.config import CustomField
from ops.simulator.refusals import bad_request, unknown_thing, unprocessable

MODELS: Final = ("contact", "opportunity", "all")
LONGEST: Final = 100
"""Characters of a key that is made of a name: a guess."""


def listed(call: Call) -> Answer:
    """``GET /locations/{id}/customFields``: those of contacts, unless ``model`` says otherwise."""
    one = call.location(call.id)
    model = call.query.get("model", "contact")
    if model not in MODELS:
        raise unprocessable([f"model must be one of the following values: {', '.join(MODELS)}"])
    return 200, {
        "customFields": [
            _shown(one.id, at, field)
            for at, field in enumerate(one.custom_fields)
            if model in ("all", field.model)
        ]
    }


def create(call: Call) -> Answer:
    """``POST /locations/{id}/customFields``: 201; its key is made of the name."""
    body = bodies.parse(call.raw, bodies.CUSTOM_FIELD)
    location = call.location(call.id)
    model = body.get("model", "contact")
    key = f"{model}." + (re.sub(r"[^a-z0-9]+", "_", body["name"].lower()).strip("_") or "field")
    key = key[:LONGEST]
    taken = {_key(one) for one in location.custom_fields}
    if key in taken:
        if call.quirks.double_names == "refused":
            raise bad_request(f"Field key {key} already exists", {"error": "Bad Request"})
        key = next(f"{key}_{n}" for n in range(2, len(taken) + 3) if f"{key}_{n}" not in taken)
    id = call.world.tagbooks[location.id].new_id()
    made = CustomField(
        id=id,
        key=key,
        name=body["name"],
        data_type=body["dataType"],
        model=model,
        **_given(body),
    )
    call.world.keep_field(location.id, id, made)
    return 201, {"customField": _found(call, id)}


def get(call: Call) -> Answer:
    """``GET /locations/{id}/customFields/{thing}``."""
    return 200, {"customField": _found(call, call.thing)}


def update(call: Call) -> Answer:
    """``PUT /locations/{id}/customFields/{thing}``: its name is needed; the key stays."""
    body = bodies.parse(call.raw, bodies.CHANGED_CUSTOM_FIELD)
    location = call.location(call.id)
    for one in location.custom_fields:
        if one.id == call.thing:
            new = one.model_copy(update={"name": body["name"], **_given(body)})
            call.world.keep_field(location.id, one.id, new)
    return 200, {"customField": _found(call, call.thing)}


def delete(call: Call) -> Answer:
    """``DELETE /locations/{id}/customFields/{thing}``: its values stay with the contacts."""
    _found(call, call.thing)
    call.world.keep_field(call.id, call.thing, None)
    # The official SDK of v3 has the old spelling alone here.
    return 200, {"succeded": True}


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    """The properties beside name and type. Options may be texts, or objects with a label."""
    found: dict[str, Any] = {}
    if "placeholder" in body:
        found["placeholder"] = body["placeholder"]
    if "position" in body:
        found["position"] = int(body["position"])
    if "textBoxListOptions" in body:
        found["options"] = tuple(
            str(one.get("label", "")) if isinstance(one, dict) else str(one)
            for one in body["textBoxListOptions"]
        )
    return found


def _found(call: Call, id: str) -> dict[str, Any]:
    location = call.location(call.id)
    for at, field in enumerate(location.custom_fields):
        if field.id == id:
            return _shown(location.id, at, field)
    raise unknown_thing("Custom field", id)


def _key(field: CustomField) -> str:
    return f"{field.model}." + field.key.removeprefix(f"{field.model}.")


def _shown(location: str, at: int, field: CustomField) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": field.id,
        "name": field.name or field.key,
        "fieldKey": _key(field),
        "placeholder": field.placeholder,
        "dataType": field.data_type,
        "position": at if field.position is None else field.position,
        "model": field.model,
        "locationId": location,
    }
    if field.options:
        found["picklistOptions"] = list(field.options)
    return found
