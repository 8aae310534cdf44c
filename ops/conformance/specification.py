"""The published specification: its files, and what they say of one generation as one document.

It is https://github.com/GoHighLevel/highlevel-api-docs; a folder of it has ``apps/*.json`` (dated)
and ``apps/v3/*-v3.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contacts.errors import UsageError
from contacts.settings import V3

Json = dict[str, Any]

DATED: Final = "2021-07-28"
GENERATIONS: Final = (DATED, V3)
APPS: Final = ("contacts", "locations", "oauth")
SERVER: Final = "https://services.leadconnectorhq.com"


@dataclass(frozen=True, slots=True)
class Specification:
    """What was read.

    Attributes:
        folder: where from.
        files: the documents of each generation by the name of their app, references in them as
            they were published.
        borrowed: (generation, app) of which no file is there: the dated one stands in.
    """

    folder: Path
    files: Mapping[str, Mapping[str, Json]]
    common: Mapping[str, Json]
    borrowed: frozenset[tuple[str, str]]


def read(folder: Path) -> Specification:
    """Read the files of both generations.

    Raises:
        UsageError: the folder is not the specification.
    """
    files: dict[str, dict[str, Json]] = {generation: {} for generation in GENERATIONS}
    borrowed = set()
    for app in APPS:
        files[DATED][app] = _document(folder, f"apps/{app}.json")
        if (folder / f"apps/v3/{app}-v3.json").exists():
            files[V3][app] = _document(folder, f"apps/v3/{app}-v3.json")
        else:
            files[V3][app] = files[DATED][app]
            borrowed.add((V3, app))
    common = {
        DATED: _document(folder, "common/common-schemas.json"),
        # The files of v3 say "../common/", but theirs lies in apps/v3/common.
        V3: _document(folder, "apps/v3/common/common-schemas.json"),
    }
    return Specification(folder, files, common, frozenset(borrowed))


def _document(folder: Path, name: str) -> Json:
    file = folder / name
    try:
        found = json.loads(file.read_text())
    except FileNotFoundError:
        raise UsageError(
            f"{folder} is not the CRM's specification: {name} is not in it. Take the folder of "
            "https://github.com/GoHighLevel/highlevel-api-docs"
        ) from None
    except ValueError:
        raise UsageError(f"{file} is not JSON") from None
    if not isinstance(found, dict) or "components" not in found:
        raise UsageError(f"{file} is no OpenAPI document")
    return found


def inlined(node: Any, document: Json, common: Json) -> Any:
    """A part of a document without references; nothing in the specification refers to itself.

    An ``allOf`` of one schema, which v3 writes around each reference, is that schema.
    """
    if isinstance(node, list):
        return [inlined(one, document, common) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        file, _, place = str(node["$ref"]).partition("#/")
        source = common if file else document
        return inlined(_at(source, place), source, common)
    if len(node.get("allOf", ())) == 1:
        rest = {name: one for name, one in node.items() if name != "allOf"}
        return inlined({**node["allOf"][0]}, document, common) | inlined(rest, document, common)
    return {name: inlined(one, document, common) for name, one in node.items()}


def _at(document: Json, place: str) -> Any:
    found: Any = document
    for name in place.split("/"):
        found = found[name]
    return found


def whole(paths: Json, schemes: Json) -> Json:
    """The document that a validator reads."""
    return {
        "openapi": "3.0.0",
        "info": {"title": "GoHighLevel", "version": "1"},
        "servers": [{"url": SERVER}],
        "paths": paths,
        "components": {"securitySchemes": schemes},
    }


def demanding(paths: Json) -> Json:
    """The same, with what an answer has on top required, where nothing else is.

    The specification requires next to nothing of an answer: ``{}`` would do for a contact.
    """
    for operations in paths.values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {}).get("application/json", {})
                schema = content.get("schema", {})
                if status.startswith("2") and "properties" in schema and "required" not in schema:
                    schema["required"] = [
                        name
                        for name, one in schema["properties"].items()
                        if not one.get("deprecated")
                    ]
    return paths
