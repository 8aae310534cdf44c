"""Where the real API is not what its specification says: the rows of ``deviations.toml``.

A deviation is a correction of the specification, at one place of it, with the source that says so.
One that nothing needs is an error: the file says what is, not what might be.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from ops.conformance.specification import GENERATIONS, Json, Specification, demanding, inlined

FILE: Final = "deviations.toml"


@dataclass(frozen=True, slots=True)
class Deviation:
    """One correction.

    Attributes:
        name: how a report calls it.
        says: what the specification says.
        really: what the real API does.
        source: who says so.
        generations: to which it applies.
        app: whose file; ``common`` is the file that all share, ``every`` each app.
        at: the place in the document, a name for each step; ``*`` is each one.
        put: what stands there instead.
        like: a neighbour of the place, of which there stands a copy; "": ``put``.
        fills: the specification says nothing there, and what others found is checked.
        borrowed: only where the generation has no file of this app.
    """

    name: str
    says: str
    really: str
    source: str
    generations: tuple[str, ...]
    app: str
    at: tuple[str, ...]
    put: Any
    like: str = ""
    fills: bool = False
    borrowed: bool = False


def load() -> tuple[Deviation, ...]:
    """All rows of the file.

    Raises:
        ValueError: a row is incomplete.
    """
    rows = tomllib.loads((files(__package__) / FILE).read_text())["deviation"]
    return tuple(_deviation(row) for row in rows)


def _deviation(row: Json) -> Deviation:
    missing = {"name", "says", "really", "source", "at"} - row.keys()
    if missing:
        raise ValueError(f"{FILE}: {row.get('name', row)} lacks {', '.join(sorted(missing))}")
    if ("put" in row) == ("like" in row):
        raise ValueError(f"{FILE}: {row['name']} has to say either put or like")
    return Deviation(
        name=row["name"],
        says=row["says"],
        really=row["really"],
        source=row["source"],
        generations=tuple(row.get("generations", GENERATIONS)),
        app=row.get("app", "contacts"),
        at=tuple(row["at"]),
        put=row.get("put"),
        like=row.get("like", ""),
        fills=row.get("fills", False),
        borrowed=row.get("borrowed", False),
    )


def applying(
    deviations: Iterable[Deviation], specification: Specification
) -> tuple[Deviation, ...]:
    """Those that have a place in this specification."""
    return tuple(
        one
        for one in deviations
        if not one.borrowed
        or any((generation, one.app) in specification.borrowed for generation in one.generations)
    )


def corrected(
    specification: Specification, generation: str, deviations: Sequence[Deviation]
) -> tuple[Json, Json]:
    """The paths of a generation without references, as the real API has them; security schemes.

    Raises:
        ValueError: a deviation corrects a place that is not there.
    """
    own = [one for one in deviations if generation in one.generations]
    paths: Json = {}
    schemes: Json = {}
    common = _with_components(specification.common[generation], own, "common")
    for app, published in specification.files[generation].items():
        document = _with_components(published, own, app)
        found = inlined(document["paths"], document, common)
        for one in own:
            if one.at[0] == "paths" and one.app in (app, "every"):
                _put(one, {"paths": found})
        paths |= found
        schemes |= document["components"].get("securitySchemes", {})
    return demanding(paths), schemes


def _with_components(document: Json, own: Sequence[Deviation], app: str) -> Json:
    """A document whose components are corrected; it is copied only where one is."""
    found = [one for one in own if one.at[0] == "components" and one.app == app]
    if found:
        document = document | {"components": copy.deepcopy(document["components"])}
    for one in found:
        _put(one, document)
    return document


def _put(deviation: Deviation, document: Json) -> None:
    holders = [one for one in _places(document, deviation.at[:-1]) if isinstance(one, dict)]
    if not holders:
        raise ValueError(f"{FILE}: {deviation.name} corrects a place that is not there")
    for holder in holders:
        put = holder[deviation.like] if deviation.like else deviation.put
        holder[deviation.at[-1]] = copy.deepcopy(put)


def _places(node: Any, at: Sequence[str]) -> Iterator[Any]:
    if not at:
        yield node
    elif isinstance(node, dict):
        for name in node if at[0] == "*" else [at[0]]:
            if name in node:
                yield from _places(node[name], at[1:])
    elif isinstance(node, list) and at[0].isdecimal() and int(at[0]) < len(node):
        yield from _places(node[int(at[0])], at[1:])
