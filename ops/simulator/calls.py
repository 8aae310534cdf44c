"""One call of the API as a deed sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops.simulator import access
from ops.simulator.config import Location, Token
from ops.simulator.quirks import Quirks
from ops.simulator.refusals import unknown_contact
from ops.simulator.world import Book, Contact, World

Answer = tuple[int, dict[str, Any]]
"""Status and JSON."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that passed the gates.

    Attributes:
        version: of the ``Version`` header.
        id: from the path; empty if the path has none.
        thing: the second id of the path, of a note or task.
        kind: the body's content type; empty if none was sent.
    """

    world: World
    token: Token
    version: str
    id: str
    query: Mapping[str, str]
    raw: bytes
    thing: str = ""
    kind: str = ""

    @property
    def quirks(self) -> Quirks:
        return self.world.config.quirks

    @property
    def v3(self) -> bool:
        return self.version == "v3"

    def location(self, id: str) -> Location:
        """The location that the call is about.

        Raises:
            Refusal: 403 if it is not the token's, or there is none.
        """
        known = self.world.locations.get(id)
        access.check_location(self.token, id, known=known is not None)
        assert known is not None
        return known

    def book(self, id: str) -> Book:
        """The contacts of a location that is there."""
        return self.world.books[id]

    def contact(self, *, deleted: bool = False) -> Contact:
        """The contact of the path.

        Args:
            deleted: take a deleted one as well.

        Raises:
            Refusal: 400 if nobody living has this id, 403 if it is another location's.
        """
        found = self.world.find(self.id)
        if found is None or found.location not in self.world.locations:
            raise unknown_contact(self.id)
        access.check_location(self.token, found.location)
        if found.deleted and not deleted:
            raise unknown_contact(self.id)
        return found
