"""How tokens are got and kept: an agency installs the app, and everything that may follow."""

from __future__ import annotations

from contextlib import suppress

from contacts.errors import SyncError
from contacts.store.grants import Of
from ops.conformance.place import HERE
from ops.simulator.control import Control
from worker.crm.oauth import OAuthDesk


def access(server: OAuthDesk, control: Control) -> str:
    """Make each call to the OAuth server, two of them refused.

    Returns:
        an access token of the location.
    """
    installed = control.install(webhook=False)
    agency = server.for_code(installed["code"])
    server.installed(agency.access, agency.owner, None)
    place = server.of_location(agency.access, agency.owner, HERE)
    if place.refresh:
        place = server.refreshed(place.refresh, Of.LOCATION)
    server.for_code(server.code(Of.LOCATION, HERE))
    for refused in (
        lambda: server.for_code("no-code"),
        lambda: server.refreshed("no-token", Of.LOCATION),
        lambda: server.code(Of.LOCATION, "nobody00000000000001"),
        lambda: server.installed(place.access, agency.owner, None),
    ):
        with suppress(SyncError):
            refused()
    return place.access
