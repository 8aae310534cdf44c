"""The catalogue says what the official specification says, but for what is listed here."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contacts.catalogue import OPERATIONS, Field, Operation, Shape
from contacts.settings import V3

V2 = "2021-07-28"
FILES = {
    ("apps/contacts.json", V2),
    ("apps/v3/contacts-v3.json", V3),
    ("apps/oauth.json", V2),
    ("apps/v3/oauth-v3.json", V3),
    ("apps/locations.json", V2),
}
BESIDE = Path(__file__).parents[4] / "shared" / "ghl" / "openapi"

NOT_SPECIFIED = {
    "contacts.lookup": "newer than the published specification: page lookup-contact of the docs",
    "oauth.reconnect": "help page on lost tokens (155000003717)",
}
SCOPES = {
    "contacts.bulk.tags": "the specification names none; the scope of every other write",
    "contacts.bulk.business": "the specification names none; the scope of every other write",
    "location.tag.get": "empty in the specification; page of scopes, locations/tags.*",
    "location.tag.update": "empty in the specification; page of scopes, locations/tags.*",
    "location.tag.delete": "empty in the specification; page of scopes, locations/tags.*",
    "location.custom_field.get": "empty; page of scopes, locations/customFields.*",
    "location.custom_field.update": "empty; page of scopes, locations/customFields.*",
    "location.custom_field.delete": "empty; page of scopes, locations/customFields.*",
}
FURTHER_CODES = {
    "contact.workflow.add": (201, "measured live by integrators, 2026-08"),
    "oauth.location_token": (201, "measured live by integrators, 2026-08"),
    "location.tag.create": (201, "as its neighbours that make something; either is a success"),
}
BODIES = {"contacts.search": "empty in the specification; help page of the search"}
SHAPES = {
    ("contact.create", "dateOfBirth"): "an object in the specification, a text in its examples",
    ("contact.update", "dateOfBirth"): "an object in the specification, a text in its examples",
    ("contact.upsert", "dateOfBirth"): "an object in the specification, a text in its examples",
}
TYPES = {
    Shape.TEXT: "string",
    Shape.NUMBER: "number",
    Shape.BOOLEAN: "boolean",
    Shape.TEXTS: "array",
    Shape.LIST: "array",
    Shape.OBJECT: "object",
}

Entry = dict[str, Any]


def folder() -> Path | None:
    """The specification beside the project, else the one that is named; CI must have what it
    names."""
    if BESIDE.is_dir():
        return BESIDE
    named = os.environ.get("ROLLBOOK_SPEC")
    if named and Path(named).is_dir():
        return Path(named)
    if named and os.environ.get("CI"):
        pytest.fail(f"ROLLBOOK_SPEC names {named}, which is not there")
    return None


def entries() -> Iterator[tuple[str, str, str, Entry, Entry]]:
    """(version, method, path, operation, schemas) of everything that is specified."""
    found = folder()
    if found is None:
        pytest.skip("no specification: it lies beside the project or where ROLLBOOK_SPEC says")
    for name, version in sorted(FILES):
        document = json.loads((found / name).read_text())
        for path, methods in document["paths"].items():
            for method, entry in methods.items():
                yield version, method.upper(), path, entry, document["components"]["schemas"]


def pairs() -> Iterator[tuple[str, Operation, Entry, Entry]]:
    """(version, row, operation, schemas) of each row that is specified."""
    rows = {
        (version, one.method, one.shown_path(version)): one
        for one in OPERATIONS
        for version in (V2, V3)
        if one.is_in(version)
    }
    for version, method, path, entry, schemas in entries():
        row = rows.get((version, method, path))
        if row is not None:
            yield version, row, entry, schemas


def body_of(entry: Entry, schemas: Entry) -> Entry:
    content = entry.get("requestBody", {}).get("content", {})
    for kind in content.values():
        schema = kind["schema"]
        return dict(schemas[schema["$ref"].split("/")[-1]] if "$ref" in schema else schema)
    return {}


def shape_of(schema: Entry) -> str:
    return str(schema.get("type", "object"))


def test_every_operation_on_contacts_and_access_has_a_row() -> None:
    specified = [
        (version, method, path)
        for version, method, path, _, _ in entries()
        if path.startswith(("/contacts", "/oauth"))
    ]
    rows = {
        (version, one.method, one.shown_path(version))
        for one in OPERATIONS
        for version in (V2, V3)
        if one.is_in(version)
    }

    assert [one for one in specified if one not in rows] == []
    contacts = [version for version, _, path in specified if path.startswith("/contacts")]
    assert (contacts.count(V2), contacts.count(V3)) == (32, 31)


def test_every_row_is_specified_or_listed_with_its_source() -> None:
    specified = {(version, row.name) for version, row, _, _ in pairs()}
    missing = {
        (version, one.name)
        for one in OPERATIONS
        for version in (V2, V3)
        # v3's page of locations is not among the files
        if one.is_in(version) and not (version == V3 and one.path.startswith("/locations"))
    } - specified

    assert {name for _, name in missing} == set(NOT_SPECIFIED)


def test_the_queries_take_what_the_specification_says() -> None:
    for version, row, entry, _ in pairs():
        asked = {
            one["name"]: one.get("required", False)
            for one in entry.get("parameters", [])
            if one["in"] == "query"
        }
        assert {one.name: one.needed for one in row.query_in(version)} == asked, (version, row.name)


def test_the_bodies_take_what_the_specification_says() -> None:
    for version, row, entry, schemas in pairs():
        if row.name in BODIES:
            continue
        schema = body_of(entry, schemas)
        needed = set(schema.get("required", ()))
        asked = {name: name in needed for name in schema.get("properties", {})}
        fields = {one.name_in(version): one.needed for one in row.body_in(version)}
        if row.name == "contact.workflow.remove":
            asked = asked or fields
        assert fields == asked, (version, row.name)


@pytest.mark.parametrize("what", ["shape", "null", "choices"])
def test_the_values_are_of_the_shape_that_the_specification_says(what: str) -> None:
    for version, row, entry, schemas in pairs():
        properties = body_of(entry, schemas).get("properties", {})
        for field in row.body_in(version):
            schema = properties.get(field.name_in(version))
            if schema is None or (row.name, field.name) in SHAPES:
                continue
            assert said(field, what) == specified(schema, what), (version, row.name, field.name)


def said(field: Field, what: str) -> object:
    if what == "shape":
        return TYPES[field.shape]
    return field.null if what == "null" else set(field.choices)


def specified(schema: Entry, what: str) -> object:
    if what == "shape":
        return shape_of(schema)
    return schema.get("nullable", False) if what == "null" else set(schema.get("enum", ()))


def test_the_names_within_an_object_are_those_of_the_specification() -> None:
    for version, row, entry, schemas in pairs():
        properties = body_of(entry, schemas).get("properties", {})
        for field in row.body_in(version):
            names = {new if version == V3 else old for old, new in field.inside}
            if names:
                assert names <= within(properties[field.name], schemas), (version, row.name)


def within(schema: Entry, schemas: Entry) -> set[str]:
    """Every name that an object, or one of a list, may have, one level deep."""
    if "$ref" in schema:
        return within(schemas[schema["$ref"].split("/")[-1]], schemas)
    parts = [*schema.get("allOf", ()), *schema.get("anyOf", ())]
    parts += [schema["items"]] if "items" in schema else []
    return set(schema.get("properties", ())).union(*(within(one, schemas) for one in parts))


def test_the_codes_of_success_are_those_of_the_specification() -> None:
    for version, row, entry, _ in pairs():
        codes = {int(code) for code in entry["responses"] if code.startswith("2")}
        further = {FURTHER_CODES[row.name][0]} if row.name in FURTHER_CODES else set()
        assert set(row.codes) == codes | further, (version, row.name)


def test_the_answers_have_the_keys_of_the_specification() -> None:
    for version, row, entry, schemas in pairs():
        for code, answer in entry["responses"].items():
            for kind in answer.get("content", {}).values() if code.startswith("2") else ():
                name = kind["schema"].get("$ref", "").split("/")[-1]
                known = set(schemas.get(name, {}).get("properties", {}))
                if known:
                    assert set(row.answer_in(version)) <= known, (version, row.name)


def test_the_scopes_are_those_of_the_specification() -> None:
    for version, row, entry, _ in pairs():
        named = {
            scope
            for one in entry.get("security", [])
            for scopes in one.values()
            for scope in scopes
        }
        if row.name in SCOPES:
            assert named == set(), (version, row.name)
        else:
            assert named == ({row.scope} - {""}), (version, row.name)
