"""Which path is which call: one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ops.simulator import (
    contacts,
    lists,
    locations,
    notes,
    oauth,
    oauth_places,
    search,
    tasks,
)
from ops.simulator.calls import Answer, Call

_READ: Final = "contacts.readonly"
_WRITE: Final = "contacts.write"


@dataclass(frozen=True, slots=True)
class Route:
    """A call of the API.

    Attributes:
        operation: as a report names it.
        agency: whether an agency's token may make it.
        open: needs neither token nor Version, and counts for no limit.
        v3: whether older versions answer 404.
    """

    operation: str
    scope: str
    deed: Callable[[Call], Answer]
    agency: bool = False
    open: bool = False
    v3: bool = False


_ALL: Final = (
    Route("POST /contacts/", _WRITE, contacts.create),
    Route("POST /contacts/upsert", _WRITE, contacts.upsert),
    Route("GET /contacts/", _READ, lists.contacts),
    Route("GET /contacts/search/duplicate", _READ, contacts.find),
    Route("POST /contacts/search", _READ, search.contacts),
    Route("GET /contacts/{id}", _READ, contacts.get),
    Route("PUT /contacts/{id}", _WRITE, contacts.update),
    Route("DELETE /contacts/{id}", _WRITE, contacts.delete),
    Route("POST /contacts/{id}/tags", _WRITE, contacts.add_tags),
    Route("DELETE /contacts/{id}/tags", _WRITE, contacts.remove_tags),
    Route("GET /contacts/{id}/notes", _READ, notes.listed),
    Route("POST /contacts/{id}/notes", _WRITE, notes.create),
    Route("GET /contacts/{id}/notes/{thing}", _READ, notes.get),
    Route("PUT /contacts/{id}/notes/{thing}", _WRITE, notes.update),
    Route("DELETE /contacts/{id}/notes/{thing}", _WRITE, notes.delete),
    Route("GET /contacts/{id}/tasks", _READ, tasks.listed),
    Route("POST /contacts/{id}/tasks", _WRITE, tasks.create),
    Route("GET /contacts/{id}/tasks/{thing}", _READ, tasks.get),
    Route("PUT /contacts/{id}/tasks/{thing}", _WRITE, tasks.update),
    Route("PUT /contacts/{id}/tasks/{thing}/completed", _WRITE, tasks.complete),
    Route("DELETE /contacts/{id}/tasks/{thing}", _WRITE, tasks.delete),
    Route("POST /locations/{id}/tasks/search", "locations/tasks.readonly", tasks.search),
    Route("GET /locations/{id}", "locations.readonly", locations.get, agency=True),
    Route(
        "GET /locations/{id}/customFields",
        "locations/customFields.readonly",
        locations.custom_fields,
    ),
    Route("POST /oauth/token", "", oauth.token, open=True),
    Route("POST /oauth/reconnect", "", oauth.reconnect, open=True),
    Route(
        "POST /oauth/locationToken",
        "oauth.write",
        oauth.old_location_token,
        agency=True,
    ),
    Route(
        "POST /oauth/location-token",
        "oauth.write",
        oauth.location_token,
        agency=True,
        v3=True,
    ),
    Route("GET /oauth/installedLocations", "oauth.readonly", oauth_places.old, agency=True),
    Route(
        "GET /oauth/installed-locations",
        "oauth.readonly",
        oauth_places.new,
        agency=True,
        v3=True,
    ),
)
_BY_PATTERN: Final = {route.operation.rstrip("/"): route for route in _ALL}
OPERATIONS: Final = tuple(route.operation for route in _ALL)
OTHER: Final = "other"
"""How a report names a path that is no call."""


def find(method: str, path: str) -> tuple[Route, str, str] | None:
    """The call that a path means, and the ids in it; None if it is none.

    Whether the real paths want their trailing slash is not known: both forms are taken.
    """
    first, _, rest = path.strip("/").partition("/")
    exact = _BY_PATTERN.get(f"{method} /{first}/{rest}" if rest else f"{method} /{first}")
    if exact is not None:
        return exact, "", ""
    id, _, tail = rest.partition("/")
    found = _BY_PATTERN.get(
        f"{method} /{first}/{{id}}/{tail}" if tail else f"{method} /{first}/{{id}}"
    )
    if found is not None:
        return (found, id, "") if id else None
    kind, _, more = tail.partition("/")
    thing, _, last = more.partition("/")
    end = f"/{last}" if last else ""
    found = _BY_PATTERN.get(f"{method} /{first}/{{id}}/{kind}/{{thing}}{end}")
    return (found, id, thing) if found is not None and id and thing else None
