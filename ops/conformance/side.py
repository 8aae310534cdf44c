"""One generation's specification as openapi-core reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from ops.conformance.exchange import Exchange
from ops.conformance.specification import SERVER, Json, whole

LONGEST: Final = 200
"""Characters of a violation that are shown: a validator quotes whole bodies."""


class Side:
    """One generation. Its errors are (place in the body, what is wrong)."""

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
        """Method and path of the specification; None: it has none."""
        for pattern, path in self._patterns:
            if pattern.fullmatch(exchange.path) and exchange.method.lower() in self.paths[path]:
                return f"{exchange.method} {path}"
        return None

    def request_errors(self, exchange: Exchange, operation: str) -> Iterator[tuple[str, str]]:
        """What is wrong with a request."""
        _, _, path = operation.partition(" ")
        described = self.paths[path][exchange.method.lower()].get("parameters", ())
        known = {one["name"] for one in described if one["in"] == "query"}
        for name, _ in parse_qsl(exchange.query, keep_blank_values=True):
            if name not in known:
                yield "", f"the query has {name}, which is not described"
        for error in self._api.iter_request_errors(_request(exchange)):
            yield from _told(error)

    def answer_errors(self, exchange: Exchange) -> Iterator[tuple[str, str]]:
        """What is wrong with an answer."""
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
