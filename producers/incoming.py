"""The body of a request that comes in, and a refusal of it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

LARGEST: Final = 1 << 20
"""Bytes of a body; the CRM's are a few kilobytes."""


class Refused(Exception):
    """An answer other than 200, with its reason. The reason repeats nothing of the body."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


async def whole_body(request: Request) -> bytes:
    """The raw bytes.

    Raises:
        Refused: too many.
    """
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > LARGEST:
        raise Refused(413, "the body is larger than 1 MiB")
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > LARGEST:
            raise Refused(413, "the body is larger than 1 MiB")
    return bytes(found)
