"""Which path is which call: one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ops.simulator import (
    appointments,
    bodies,
    bulk,
    businesses,
    campaigns,
    contacts,
    custom_fields,
    followers,
    lists,
    locations,
    lookup,
    notes,
    oauth,
    oauth_places,
    search,
    tagnames,
    tasks,
)
from ops.simulator.bodies import Shape
from ops.simulator.calls import Answer, Call

_READ: Final = "contacts.readonly"
_WRITE: Final = "contacts.write"
_TAGS: Final = "locations/tags."
_FIELDS: Final = "locations/customFields."


@dataclass(frozen=True, slots=True)
class Route:
    """A call of the API.

    Attributes:
        operation: as a report names it.
        body: what it may hold; None: it has none.
        query: the parameters that it reads; ``*`` after those that must be there.
        agency: whether an agency's token may make it.
        unscoped: the specification names no scope for it (bulk calls).
        v3: there is no such path in older versions.
        old: the v3 specification has it no more, but it is alive.
        open: it needs no token, and is not counted.
    """

    operation: str
    scope: str
    deed: Callable[[Call], Answer]
    body: Shape | None = None
    query: tuple[str, ...] = ()
    agency: bool = False
    unscoped: bool = False
    v3: bool = False
    old: bool = False
    open: bool = False


_PAGE: Final = ("locationId*", "limit", "query", "startAfter", "startAfterId")

_CONTACTS: Final = (
    Route("POST /contacts/", _WRITE, contacts.create, bodies.CREATE),
    Route("POST /contacts/upsert", _WRITE, contacts.upsert, bodies.UPSERT),
    Route("GET /contacts/", _READ, lists.contacts, query=_PAGE, old=True),
    Route(
        "GET /contacts/search/duplicate", _READ, contacts.find,
        query=("locationId*", "email", "number"),
    ),
    Route("POST /contacts/search", _READ, search.contacts, bodies.CONTACT_SEARCH),
    Route(
        "GET /contacts/lookup", _READ, lookup.contacts,
        query=("locationId", "email", "phone", "limit", "cursor"), v3=True,
    ),
    Route(
        "GET /contacts/business/{id}", _READ, businesses.contacts,
        query=("locationId*", "limit", "skip", "query", "startAfter"),
    ),
    Route(
        "POST /contacts/bulk/business", _WRITE, businesses.bulk, bodies.BULK_BUSINESS,
        unscoped=True,
    ),
    Route(
        "POST /contacts/bulk/tags/update/{id}", _WRITE, bulk.tags, bodies.BULK_TAGS, unscoped=True
    ),
    Route("GET /contacts/{id}", _READ, contacts.get),
    Route("PUT /contacts/{id}", _WRITE, contacts.update, bodies.UPDATE),
    Route("DELETE /contacts/{id}", _WRITE, contacts.delete),
    Route("POST /contacts/{id}/tags", _WRITE, contacts.add_tags, bodies.TAGS),
    Route("DELETE /contacts/{id}/tags", _WRITE, contacts.remove_tags, bodies.TAGS),
    Route("GET /contacts/{id}/notes", _READ, notes.listed),
    Route("POST /contacts/{id}/notes", _WRITE, notes.create, bodies.NOTE),
    Route("GET /contacts/{id}/notes/{thing}", _READ, notes.get),
    Route("PUT /contacts/{id}/notes/{thing}", _WRITE, notes.update, bodies.CHANGED_NOTE),
    Route("DELETE /contacts/{id}/notes/{thing}", _WRITE, notes.delete),
    Route("GET /contacts/{id}/tasks", _READ, tasks.listed),
    Route("POST /contacts/{id}/tasks", _WRITE, tasks.create, bodies.TASK),
    Route("GET /contacts/{id}/tasks/{thing}", _READ, tasks.get),
    Route("PUT /contacts/{id}/tasks/{thing}", _WRITE, tasks.update, bodies.CHANGED_TASK),
    Route("PUT /contacts/{id}/tasks/{thing}/completed", _WRITE, tasks.complete, bodies.COMPLETED),
    Route("DELETE /contacts/{id}/tasks/{thing}", _WRITE, tasks.delete),
    Route("GET /contacts/{id}/appointments", _READ, appointments.listed),
    Route("POST /contacts/{id}/followers", _WRITE, followers.add, bodies.FOLLOWERS),
    Route("DELETE /contacts/{id}/followers", _WRITE, followers.remove, bodies.FOLLOWERS),
    Route("POST /contacts/{id}/campaigns/{thing}", _WRITE, campaigns.add, bodies.NOTHING),
    Route("DELETE /contacts/{id}/campaigns/{thing}", _WRITE, campaigns.remove),
    Route("DELETE /contacts/{id}/campaigns/removeAll", _WRITE, campaigns.remove_all, old=True),
    Route("DELETE /contacts/{id}/campaigns/remove-all", _WRITE, campaigns.remove_all, v3=True),
    Route("POST /contacts/{id}/workflow/{thing}", _WRITE, campaigns.start, bodies.WORKFLOW),
    Route("DELETE /contacts/{id}/workflow/{thing}", _WRITE, campaigns.end, bodies.WORKFLOW),
)  # fmt: skip
_LOCATIONS: Final = (
    Route(
        "POST /locations/{id}/tasks/search", "locations/tasks.readonly", tasks.search,
        bodies.TASK_SEARCH,
    ),
    Route("GET /locations/{id}", "locations.readonly", locations.get, agency=True),
    Route("GET /locations/{id}/tags", f"{_TAGS}readonly", tagnames.listed),
    Route("POST /locations/{id}/tags", f"{_TAGS}write", tagnames.create, bodies.TAG_NAME),
    Route("GET /locations/{id}/tags/{thing}", f"{_TAGS}readonly", tagnames.get),
    Route("PUT /locations/{id}/tags/{thing}", f"{_TAGS}write", tagnames.update, bodies.TAG_NAME),
    Route("DELETE /locations/{id}/tags/{thing}", f"{_TAGS}write", tagnames.delete),
    Route(
        "GET /locations/{id}/customFields", f"{_FIELDS}readonly", custom_fields.listed,
        query=("model",),
    ),
    Route(
        "POST /locations/{id}/customFields", f"{_FIELDS}write", custom_fields.create,
        bodies.CUSTOM_FIELD,
    ),
    Route("GET /locations/{id}/customFields/{thing}", f"{_FIELDS}readonly", custom_fields.get),
    Route(
        "PUT /locations/{id}/customFields/{thing}", f"{_FIELDS}write", custom_fields.update,
        bodies.CHANGED_CUSTOM_FIELD,
    ),
    Route("DELETE /locations/{id}/customFields/{thing}", f"{_FIELDS}write", custom_fields.delete),
)  # fmt: skip
_OAUTH: Final = (
    Route("POST /oauth/token", "", oauth.token, open=True),
    Route("POST /oauth/reconnect", "", oauth.reconnect, open=True),
    Route("POST /oauth/locationToken", "oauth.write", oauth.old_location_token, agency=True),
    Route("POST /oauth/location-token", "oauth.write", oauth.location_token, agency=True, v3=True),
    Route(
        "GET /oauth/installedLocations", "oauth.readonly", oauth_places.old,
        query=("companyId*", "appId*", "skip", "limit"), agency=True,
    ),
    Route(
        "GET /oauth/installed-locations", "oauth.readonly", oauth_places.new,
        query=("companyId*", "appId*", "pageSize", "pageToken"), agency=True, v3=True,
    ),
)  # fmt: skip
ALL: Final = (*_CONTACTS, *_LOCATIONS, *_OAUTH)
_BY_PATTERN: Final = {route.operation.rstrip("/"): route for route in ALL}
OPERATIONS: Final = tuple(route.operation for route in ALL)
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
    before, _, end = rest.rpartition("/")
    found = _BY_PATTERN.get(f"{method} /{first}/{before}/{{id}}")
    if found is not None:
        return (found, end, "") if end else None
    kind, _, more = tail.partition("/")
    thing, _, last = more.partition("/")
    end = f"/{last}" if last else ""
    found = _BY_PATTERN.get(f"{method} /{first}/{{id}}/{kind}/{{thing}}{end}")
    return (found, id, thing) if found is not None and id and thing else None
