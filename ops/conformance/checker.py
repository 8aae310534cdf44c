"""One request and its answer against the specification of its generation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from ops.conformance.deviations import Deviation, corrected
from ops.conformance.exchange import Exchange
from ops.conformance.specification import DATED, GENERATIONS, SERVER, Json, Specification, whole

LONGEST: Final = 200
"""Characters of a violation that are shown: a validator quotes whole bodies."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that the specification has otherwise.

    Attributes:
        operation: method and path of the specification, or as asked where it has none.
        side: ``request`` or ``answer``.
        where: the place in the body; empty: not in a body.
    """

    generation: str
    operation: str
    side: str
    where: str
    what: str

    def __str__(self) -> str:
        place = f" at {self.where}" if self.where else ""
        return f"{self.operation} ({self.generation}): {self.side}{place}: {self.what}"


class Checker:
    """A specification with corrections, ready to check against. Not for several threads."""

    def __init__(self, specification: Specification, deviations: Sequence[Deviation]) -> None:
        self._specification = specification
        self._deviations = deviations
        self._sides: dict[str, _Side] = {}

    def operation(self, exchange: Exchange) -> str | None:
        """Method and path of the specification that an exchange is about; None: it has none."""
        return self._side(exchange.generation).operation(exchange)

    def generation(self, exchange: Exchange) -> str:
        """Which one's specification it is checked against: one without a version, the dated."""
        return self._side(exchange.generation).generation

    def paths(self, generation: str) -> Json:
        """The paths of a generation, corrected."""
        return self._side(generation).paths

    def violations(self, exchange: Exchange) -> tuple[Violation, ...]:
        """What is wrong with an answer, and with a request of our own client."""
        side = self._side(exchange.generation)
        operation = side.operation(exchange)
        if operation is None:
            asked = f"{exchange.method} {exchange.path}"
            what = "the specification has no such call"
            return (Violation(side.generation, asked, "request", "", what),)
        found = [("answer", *one) for one in side.answer_errors(exchange)]
        if exchange.ours:
            found += [("request", *one) for one in side.request_errors(exchange, operation)]
        return tuple(Violation(side.generation, operation, *one) for one in found)

    def _side(self, version: str) -> _Side:
        generation = version if version in GENERATIONS else DATED
        if generation not in self._sides:
            paths, schemes = corrected(self._specification, generation, self._deviations)
            self._sides[generation] = _Side(generation, paths, schemes)
        return self._sides[generation]


class _Side:
    """One generation."""

    def __init__(self, generation: str, paths: Json, schemes: Json) -> None:
        self.generation = generation
        self.paths = paths
        # None: the specification itself is taken as it is, flaws and all.
        config = Config(
            spec_validator_cls=None,  # type: ignore[arg-type]
            additional_properties_default_policy="forbid",
        )
        self._api = OpenAPI.from_dict(whole(paths, schemes), config=config)
        # Names before placeholders: /contacts/search is no contact's id.
        self._patterns = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path)
            for path in sorted(paths, key=lambda path: (path.count("{"), path))
        ]

    def operation(self, exchange: Exchange) -> str | None:
        for pattern, path in self._patterns:
            if pattern.fullmatch(exchange.path) and exchange.method.lower() in self.paths[path]:
                return f"{exchange.method} {path}"
        return None

    def request_errors(self, exchange: Exchange, operation: str) -> Iterator[tuple[str, str]]:
        _, _, path = operation.partition(" ")
        described = self.paths[path][exchange.method.lower()].get("parameters", ())
        known = {one["name"] for one in described if one["in"] == "query"}
        for name, _ in parse_qsl(exchange.query, keep_blank_values=True):
            if name not in known:
                yield "", f"the query has {name}, which is not described"
        for error in self._api.iter_request_errors(_request(exchange)):
            yield from _told(error)

    def answer_errors(self, exchange: Exchange) -> Iterator[tuple[str, str]]:
        response = MockResponse(
            exchange.answer, exchange.status, content_type=exchange.kind.partition(";")[0]
        )
        for error in self._api.iter_response_errors(_request(exchange), response):
            for where, what in _told(error):
                yield where, f"{exchange.status}: {what}"


def _request(exchange: Exchange) -> MockRequest:
    return MockRequest(
        SERVER,
        exchange.method,
        unquote(exchange.path),
        args=dict(parse_qsl(exchange.query, keep_blank_values=True)),
        headers=dict(exchange.headers),
        data=exchange.body,
        content_type=exchange.headers.get("content-type", "application/json").partition(";")[0],
    )


def _told(error: Exception) -> Iterator[tuple[str, str]]:
    """Where and what, once for each thing that a schema has against a value."""
    causes: Mapping[str, Any] = vars(error.__cause__) if error.__cause__ else {}
    for one in causes.get("schema_errors", ()):
        where = "/".join("*" if isinstance(step, int) else step for step in one.absolute_path)
        yield where, _short(one.message)
    if not causes.get("schema_errors"):
        yield "", _short(f"{error.__cause__ or error}")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
