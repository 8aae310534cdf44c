"""The OAuth server's other side: what people do with an app, and what its log tells."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from ops.simulator import oauth_people
from ops.simulator.config import BadConfig
from ops.simulator.oauth_settings import App
from ops.simulator.strict import Strict

if TYPE_CHECKING:
    from ops.simulator.standin import StandIn

Deed = Callable[[Request], Awaitable[Response]]


class Place(Strict):
    """An app at a location, or at the agency.

    Attributes:
        client_id: None: the first app.
        location: None: the agency.
        webhook: whether the INSTALL or UNINSTALL is sent, if there is an address.
    """

    client_id: str | None = None
    location: str | None = None
    webhook: bool = True


class Installation(Place):
    """Somebody installs the app.

    Attributes:
        locations: of an installation at the agency: where it goes; None: to all of them.
        scopes: what is granted; none is all that the app may have.
        future: locations that are made later get it too.
        tokens: give the tokens at once, as if the code had been exchanged.
    """

    locations: tuple[str, ...] | None = None
    scopes: tuple[str, ...] = ()
    future: bool = False
    tokens: bool = False


class Expiry(Strict):
    """Access tokens, with ``refresh`` the others too, that end before their time.

    Attributes:
        location: whose; None is everybody's.
    """

    location: str | None = None
    refresh: bool = False


class OAuthSide:
    """The functions behind the paths."""

    def __init__(self, standin: StandIn) -> None:
        self._standin = standin

    async def report(self, _: Request) -> Response:
        return _json(self._standin.watch.report())

    async def install(self, request: Request) -> Response:
        asked = Installation.model_validate_json(await request.body() or b"{}")
        app = self._app(asked)
        for location in asked.locations or ():
            self._known(location)
        code = oauth_people.installs(
            self._standin,
            app,
            asked.location,
            locations=asked.locations,
            scopes=asked.scopes,
            future=asked.future,
            webhook=asked.webhook,
        )
        found: dict[str, Any] = {"code": code, "company": self._standin.world.config.oauth.company}
        if asked.tokens:
            pair = self._standin.world.grants.spend(code)
            found |= {"code": None, "access_token": pair.access, "refresh_token": pair.refresh}
        return _json(found, 201)

    async def uninstall(self, request: Request) -> Response:
        asked = Place.model_validate_json(await request.body() or b"{}")
        app = self._app(asked)
        there = oauth_people.uninstalls(self._standin, app, asked.location, webhook=asked.webhook)
        return _json({"uninstalled": there})

    async def expire(self, request: Request) -> Response:
        asked = Expiry.model_validate_json(await request.body() or b"{}")
        ended = self._standin.world.grants.expire(asked.location, refresh=asked.refresh)
        return _json({"expired": ended})

    def _app(self, asked: Place) -> App:
        """Raises BadConfig if there is no such app or location."""
        if asked.location is not None:
            self._known(asked.location)
        apps = self._standin.world.config.oauth.apps
        found = [one for one in apps if asked.client_id in (None, one.client_id)]
        if not found:
            raise BadConfig(f"client_id: there is no app {asked.client_id}")
        return found[0]

    def _known(self, location: str) -> None:
        if location not in self._standin.world.locations:
            raise BadConfig(f"location: there is no location {location}")


def _json(found: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(found), status, media_type="application/json")


def table(standin: StandIn) -> tuple[tuple[str, str, Deed], ...]:
    """Method, path and function of each call."""
    side = OAuthSide(standin)
    return (
        ("GET", "oauth", side.report),
        ("POST", "oauth/install", side.install),
        ("POST", "oauth/uninstall", side.uninstall),
        ("POST", "oauth/expire", side.expire),
    )
