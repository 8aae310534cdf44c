"""The course platform's door: its hooks know an address at most, so a secret proves them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request

from contacts import platform_events
from contacts.platform_events import PlatformEvent
from contacts.platforms import Event
from contacts.store import accounts
from contacts.store.database import Store
from producers.incoming import Refused, whole_body
from producers.signature import SECRET, same_secret

PLATFORM: Final = "/webhooks/platform/{event}"
"""Without the secret, which is in the header, or is the next part of the path; the id of the
location may follow it, or be in the query."""


@dataclass(frozen=True, slots=True)
class PlatformDoor:
    """The door and what it needs.

    Attributes:
        secret: None: the door is shut.
        location: where the address names none; "": the only one there is.
        known: locations that were found in the database.
    """

    secret: str | None
    location: str
    store: Store
    known: set[str] = field(default_factory=set)

    async def hook(self, request: Request) -> tuple[PlatformEvent, ...]:
        """A hook of the course platform, which nobody signs and which may know an address only."""
        if self.secret is None:
            raise Refused(404, "not taken: ROLLBOOK_PLATFORM_SECRET is not set")
        given = request.path_params.get("secret") or request.headers.get(SECRET)
        if not same_secret(given, self.secret):
            raise Refused(401, f"no or a wrong secret, in {SECRET} or in the address")
        name = request.path_params["event"]
        if name not in list(Event):
            raise Refused(404, f"no such event: {', '.join(Event)}")
        location = await self._location(request)
        body = await whole_body(request)
        kind = request.headers.get("content-type", "")
        return tuple(
            platform_events.read(
                body, content_type=kind, type=Event(name), location=location, now=self.store.clock()
            )
        )

    async def _location(self, request: Request) -> str:
        """The location that a hook belongs to.

        Raises:
            Refused: none is named and there is not exactly one, or it is not known.
            DatabaseDown: nobody knows.
        """
        named = request.path_params.get("location") or request.query_params.get("location")
        location = str(named or self.location)
        if location not in self.known:
            found = await asyncio.to_thread(accounts.locations, self.store)
            self.known.update(one.id for one in found)
        if location in self.known:
            return location
        if location:
            raise Refused(404, "the location is not known: `rollbook locations add`")
        if len(self.known) == 1:
            return next(iter(self.known))
        raise Refused(400, "the address names no location, and there is not exactly one")
