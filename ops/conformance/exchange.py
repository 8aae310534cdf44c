"""A request and its answer, as they went over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

OURS = "rollbook/"
"""How the User-Agent of our own client begins."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer.

    Attributes:
        path, query: of the URL, percent-encoded as they came.
        headers: of the request, with names in lower case.
        status: of the answer.
        kind: its content type.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    kind: str
    answer: bytes

    @property
    def generation(self) -> str:
        """The ``Version`` that was asked for; empty: none, as the dated ``/oauth/token`` has it."""
        return self.headers.get("version", "")

    @property
    def ours(self) -> bool:
        """Whether our own client asked."""
        return self.headers.get("user-agent", "").startswith(OURS)

    def shape(self) -> tuple[object, ...]:
        """What of it a specification can speak of: the names and types, not the values.

        Two exchanges of one operation and one shape conform both or neither, but for the values of
        an enumeration.
        """
        return (
            self.generation, self.ours, self.status,
            self.headers.get("content-type", ""), self.kind,
            tuple(sorted(pair.partition("=")[0] for pair in self.query.split("&"))),
            _shape_of(self.body), _shape_of(self.answer),
        )  # fmt: skip


def _shape_of(raw: bytes) -> object:
    try:
        return _types(orjson.loads(raw))
    except orjson.JSONDecodeError:
        return len(raw) > 0


def _types(value: object) -> object:
    if isinstance(value, dict):
        return tuple(sorted((name, _types(one)) for name, one in value.items()))
    if isinstance(value, list):
        return ("list", *sorted({repr(_types(one)) for one in value}))
    return type(value).__name__
