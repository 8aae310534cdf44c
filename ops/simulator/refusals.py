"""How the CRM says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """A call that is turned away.

    Args:
        status: of HTTP.
        message: one sentence, or the list of complaints about a body.
        more: what else the answer holds.
    """

    def __init__(
        self, status: int, message: str | list[str], more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.more = more or {}

    def body(self) -> dict[str, Any]:
        """The JSON of the answer, without its trace."""
        return {"statusCode": self.status, "message": self.message, **self.more}


def bad_request(message: str, more: Mapping[str, Any] | None = None) -> Refusal:
    """400."""
    return Refusal(400, message, more)


def unauthorised(message: str) -> Refusal:
    """401 in the short form."""
    return Refusal(401, message)


def forbidden(message: str) -> Refusal:
    """403."""
    return Refusal(403, message, {"error": "Forbidden"})


def unknown_contact(id: str) -> Refusal:
    """An id that no living contact has: 400, not 404."""
    return bad_request(f"Contact with id {id} not found")


def unknown_thing(kind: str, id: str) -> Refusal:
    """An id that no note or task has. A guess: nothing is published, contacts give 400."""
    return bad_request(f"{kind} with id {id} not found")


def unprocessable(complaints: list[str]) -> Refusal:
    """422 with a list of complaints, as the CRM's checks of a body give it."""
    return Refusal(422, complaints, {"error": "Unprocessable Entity"})


def no_route(method: str, path: str) -> Refusal:
    """404 for a path that is no call."""
    return Refusal(404, f"Cannot {method} {path}", {"error": "Not Found"})
