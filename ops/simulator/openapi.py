"""What the stand-in takes and answers, as an OpenAPI document: made of its routes and its bodies.

It is no copy of the official specification: it tells what *this* server does, so that a fuzzer can
look for calls that it does not survive.
"""

from __future__ import annotations

from typing import Any, Final

from ops.simulator import bodies, routes
from ops.simulator.answers import ANSWERS, SCHEMAS
from ops.simulator.bodies import Check, Shape
from ops.simulator.routes import Route
from ops.simulator.world import World

Json = dict[str, Any]

_TEXTS: Final[Json] = {"type": "array", "items": {"type": "string"}}
_CHECKED: Final[dict[Check, Json]] = {
    bodies.text: {"type": "string"},
    bodies.truth: {"type": "boolean"},
    bodies.some: {"type": "array", "items": {}},
    bodies.texts: _TEXTS,
    bodies.email: {"type": "string", "format": "email"},
    bodies.day: {"type": "string", "example": "1970-01-31"},
    bodies.instant: {"type": "string", "format": "date-time"},
    bodies.number: {"type": "number"},
    bodies.count: {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
    bodies.needed: {"type": "string", "minLength": 1},
    bodies.model: {"type": "string", "enum": ["contact", "opportunity"]},
}
_STATES: Final = {
    bodies.dnd: (tuple(bodies.DND_CHANNELS.values()), ["active", "inactive", "permanent"]),
    bodies.dnd_v3: (tuple(bodies.DND_CHANNELS), ["active", "inactive", "permanent"]),
    bodies.inbound: (("all",), ["active", "inactive"]),
}
_REFUSALS: Final = {
    "400": "no JSON, a version or contact that is none, somebody's email or phone",
    "401": "the token, its kind or its scope; no Version",
    "403": "another location's",
    "404": "no such path in this version",
    "422": "a list of all that is wrong with the body or the query",
    "429": "one call too many",
}


_SOME: Final = 10
"""Ids of each kind that a document names."""


def document(version: str, world: World | None = None) -> Json:
    """The document of a version.

    Args:
        version: one of ``access.VERSIONS``.
        world: name ids that are there, so that a fuzzer comes beyond "there is no contact x".
    """
    v3 = version == "v3"
    ids = _known(world) if world is not None else {}
    paths: Json = {}
    for route in routes.ALL:
        if route.v3 <= v3 and not (route.old and v3):
            method, _, path = route.operation.partition(" ")
            paths.setdefault(path, {})[method.lower()] = _operation(route, version, ids)
    return {
        "openapi": "3.0.3",
        "info": {"title": "The stand-in of the CRM", "version": version},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": SCHEMAS,
        },
    }


def _known(world: World) -> dict[str, list[str]]:
    """Some ids of the world by what is said of them in a path or body."""
    books = [one for book in world.books.values() for one in book.contacts.values()][:_SOME]
    return {
        "contacts": [one.id for one in books],
        "notes": [note.id for one in books for note in one.notes][:_SOME],
        "tasks": [task.id for one in books for task in one.tasks][:_SOME],
        "locations": list(world.locations)[:_SOME],
        "tags": [id for book in world.tagbooks.values() for id in book.names][:_SOME],
        "customFields": [
            field.id for one in world.locations.values() for field in one.custom_fields
        ][:_SOME],
    }


def _operation(route: Route, version: str, ids: dict[str, list[str]]) -> Json:
    status, properties = ANSWERS[route.operation]
    told: Json = {
        "operationId": route.operation,
        "parameters": _parameters(route, version, ids),
        "responses": {
            str(status): _json("done", {"type": "object", "properties": properties}),
            **{code: _json(why, SCHEMAS["Refusal"]) for code, why in _REFUSALS.items()},
        },
        "security": [] if route.open else [{"bearer": []}],
    }
    if route.body is not None:
        schema = shape(route.body.of(v3=version == "v3"))
        if ids.get("locations") and "locationId" in schema["properties"]:
            schema["properties"]["locationId"] = {"type": "string", "enum": ids["locations"]}
        if ids.get("contacts") and "contacts" in schema["properties"]:
            some = {"type": "string", "enum": ids["contacts"]}
            schema["properties"]["contacts"] = {"type": "array", "items": some}
        content: Json = {"application/json": {"schema": schema}}
    elif "/oauth/" in route.operation and route.operation.startswith("POST"):
        free = {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}
        content = {"application/json": free, "application/x-www-form-urlencoded": free}
    else:
        return told
    return told | {"requestBody": {"required": True, "content": content}}


def _parameters(route: Route, version: str, ids: dict[str, list[str]]) -> list[Json]:
    header = {"type": "string", "enum": [version]}
    found = [_parameter("Version", "header", header, needed=not route.open)]
    _, kind, *rest = route.operation.partition(" ")[2].split("/")
    if "{id}" in rest:
        named = {"bulk": ["add", "remove"], "business": []}.get(rest[0], ids.get(kind, []))
        found.append(_parameter("id", "path", _text(named), needed=True))
    if "{thing}" in rest:
        found.append(_parameter("thing", "path", _text(ids.get(rest[1], [])), needed=True))
    for name in route.query:
        named = ids.get("locations", []) if name.startswith("locationId") else []
        needed = name.endswith("*")
        found.append(_parameter(name.removesuffix("*"), "query", _text(named), needed=needed))
    return found


def _parameter(name: str, where: str, schema: Json, *, needed: bool) -> Json:
    return {"name": name, "in": where, "required": needed, "schema": schema}


def _text(named: list[str]) -> Json:
    return {"type": "string", "enum": named} if named else {"type": "string", "minLength": 1}


def shape(one: Shape) -> Json:
    """What a body may hold, as a schema."""
    properties = {
        name: _checked(check) | ({"nullable": True} if name in one.nullable else {})
        for name, check in one.allowed.items()
    }
    found: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": list(one.required)} if one.required else {})


def _checked(check: Check) -> Json:
    if check in _STATES:
        channels, states = _STATES[check]
        texts = {name: {"type": "string"} for name in ("message", "code")}
        channel = {
            "type": "object",
            "properties": {"status": {"type": "string", "enum": states}, **texts},
            "required": ["status"],
            "additionalProperties": False,
        }
        return {
            "type": "object",
            "properties": dict.fromkeys(channels, channel),
            "additionalProperties": False,
        }
    return dict(_CHECKED[check])


def _json(why: str, schema: Json) -> Json:
    return {"description": why, "content": {"application/json": {"schema": schema}}}
