"""What the receiver takes and answers, as an OpenAPI document: for gateways, tests and fuzzers.

It tells the paths and what a body may hold, and nothing of this installation: no secret, no
location, not even which doors are open.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from contacts import events
from contacts.platforms import Event
from producers.incoming import LARGEST
from producers.signature import OLDER, SECRET, SIGNATURE

Json = dict[str, Any]

PATH: Final = "/openapi.json"

_TEXT: Final[Json] = {"type": "string"}
_ID: Final[Json] = {"type": "string", "maxLength": 64}
_SAID: Final = {
    "400": "the body cannot be used; says why",
    "401": "not signed by the CRM, or without the secret",
    "404": "a door that is shut, or an event or location that is not known",
    "413": f"more than {LARGEST:,} bytes",
    "429": "not kept: send it again",
}


def document() -> Json:
    """The document; every path that the receiver has is in it (a test compares them)."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rollbook's receiver",
            "version": version("rollbook"),
            "description": "Webhooks of the CRM and of the course platform. An answer of 200 "
            "means that the event is in the database; no answer is 5xx.",
        },
        "paths": _paths(),
        "components": {
            "schemas": {
                "Kept": _object({"kept": {"type": "boolean"}}, "kept"),
                "Error": _object({"error": _TEXT}, "error"),
                "CrmEvent": _crm_event(),
                "WorkflowEvent": _workflow_event(),
                "PlatformEvent": _platform_event(),
            },
            "securitySchemes": {
                "signature": _header(SIGNATURE, "Ed25519 over the raw body, base64"),
                "olderSignature": _header(OLDER, "RSA with SHA-256 over the raw body, base64"),
                "secret": _header(SECRET, "a word that both sides know"),
            },
        },
    }


def _paths() -> Json:
    hook, form = "PlatformEvent", True
    event = _in_path("event", {"type": "string", "enum": list(Event)})
    secret = _in_path("secret", _TEXT)
    place = _in_path("location", _ID)
    asked = {"name": "location", "in": "query", "required": False, "schema": _ID}
    base = "/webhooks/platform/{event}"
    return {
        "/webhooks/crm": {
            "post": _door(
                "A webhook of the CRM", "CrmEvent", [{"signature": []}, {"olderSignature": []}]
            )
        },
        "/webhooks/workflow": {
            "post": _door("A workflow's custom webhook", "WorkflowEvent", [{"secret": []}])
        },
        base: {
            "post": _door("A hook of the course platform", hook, [{"secret": []}], form=form)
            | {"parameters": [event, asked]}
        },
        f"{base}/{{secret}}": {
            "post": _door("The same, the secret in its address", hook, [], form=form)
            | {"parameters": [event, secret, asked]}
        },
        f"{base}/{{secret}}/{{location}}": {
            "post": _door("The same, of that location", hook, [], form=form)
            | {"parameters": [event, secret, place]}
        },
        "/oauth/callback": {"get": _back()},
        "/health": {
            "get": _operation(
                "Whether it listens", {"200": ("alive", _object({"alive": {"type": "boolean"}}))}
            )
        },
        PATH: {"get": _operation("This document", {"200": ("it", {"type": "object"})})},
    }


def _door(what: str, body: str, security: list[Json], *, form: bool = False) -> Json:
    """A door of events."""
    kinds = ["application/json", *(["application/x-www-form-urlencoded"] if form else [])]
    schema = _ref(body)
    answers = {
        "200": ("in the database, now or before", _ref("Kept")),
        **{status: (said, _ref("Error")) for status, said in _SAID.items()},
    }
    return _operation(what, answers) | {
        "requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in kinds}},
        "security": security,
    }


def _back() -> Json:
    """Where a browser comes back to after an install; only with an app in the settings."""
    page = {"text/html": {"schema": _TEXT}}
    said = {"200": "done", "400": "no link of ours, or no code", "429": "reload in a minute"}
    return {
        "summary": "The browser's way back from an install",
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": _TEXT}
            for name in ("state", "code", "error")
        ],
        "responses": {
            status: {"description": what, "content": page} for status, what in said.items()
        },
    }


def _operation(what: str, answers: dict[str, tuple[str, Json]]) -> Json:
    return {
        "summary": what,
        "responses": {
            status: {"description": said, "content": {"application/json": {"schema": schema}}}
            for status, (said, schema) in answers.items()
        },
    }


def _crm_event() -> Json:
    """Flat, with more fields than are named here; types that are not known are only counted."""
    types = {"anyOf": [{"enum": sorted(events.HEEDED | events.COUNTED)}, _ID]}
    ids = dict.fromkeys(("locationId", "id", "contactId", "webhookId", "companyId", "appId"), _ID)
    when = {"timestamp": {"type": "string", "format": "date-time"}}
    return _object({"type": types, **ids, **when}, "type", "locationId", "id")


def _workflow_event() -> Json:
    """Whoever built the workflow chose what it holds."""
    ids = dict.fromkeys(("contact_id", "contactId", "id", "locationId"), _ID)
    custom = _object({"event": _TEXT})
    location = _object({"id": _ID})
    return _object(
        {**ids, "event": _TEXT, "customData": custom, "location": location}, "contact_id"
    )


def _platform_event() -> Json:
    """Names in any spelling; flat, or under ``data``, ``payload`` or ``body``."""
    person = dict.fromkeys(("name", "firstName", "lastName", "phone", "source"), _TEXT)
    course = dict.fromkeys(("courseId", "courseTitle", "eventId"), _TEXT)
    email = {"type": "string", "format": "email"}
    return _object({"email": email, **person, **course}, "email", "courseId")


def _object(properties: Json, *required: str) -> Json:
    found: Json = {"type": "object", "properties": properties}
    return found | ({"required": list(required)} if required else {})


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _header(name: str, what: str) -> Json:
    return {"type": "apiKey", "in": "header", "name": name, "description": what}


def _in_path(name: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema | {"minLength": 1}}
