"""Tokens from the CRM's OAuth server: for a code, for a refresh token, for an agency's token.

Each function makes one call, through the same transport and limiter as all others. ``/oauth/*``
is no resource of a location: its calls stand in a bucket of their own, :data:`contacts.jobs.OAUTH`.
PKCE is not in the specification, so none is sent; what protects the code is the client's secret.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version as version_of
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import orjson

from contacts.catalogue import BY_NAME, Operation
from contacts.errors import UsageError
from contacts.events import app_id
from contacts.jobs import OAUTH, Lane
from contacts.settings import V3, Settings, require
from contacts.store.grants import Of, Tokens
from worker.crm.answers import Answer, bad_answer, document, failure
from worker.crm.calls import silence
from worker.crm.connections import Connections
from worker.crm.oauth_answers import CLASSES, next_page, read_tokens, refused
from worker.crm.shapes import Call, JsonObject
from worker.crm.transport import ERRAND, Errand

TOKEN: Final = BY_NAME["oauth.token"]
LOCATION_TOKEN: Final = BY_NAME["oauth.location_token"]
INSTALLED: Final = BY_NAME["oauth.installed_locations"]
RECONNECT: Final = BY_NAME["oauth.reconnect"]

PAGE: Final = 100
"""Locations of a page: the most that v3 gives (specification)."""


@dataclass(frozen=True, slots=True)
class App:
    """Our app of the marketplace."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect: str | None

    @classmethod
    def of(cls, settings: Settings) -> App:
        """The one in the settings.

        Raises:
            UsageError: something of it is missing.
        """
        require(settings, "oauth_client_id", "oauth_client_secret")
        if settings.oauth_client_id is None or settings.oauth_client_secret is None:
            raise UsageError("no app")  # told by the line above
        secret = settings.oauth_client_secret.get_secret_value()
        return cls(settings.oauth_client_id, secret, settings.oauth_redirect_url)

    @property
    def id(self) -> str:
        """What webhooks and the list of locations call it (measured by integrators)."""
        return app_id(self.client_id)


@dataclass(frozen=True, slots=True)
class Installed:
    """A page of the locations in which the app is installed.

    Attributes:
        locations: (id, name).
        cursor: where the next page begins; None: this is the last one.
    """

    locations: tuple[tuple[str, str | None], ...]
    cursor: str | None


class OAuth:
    """The OAuth server behind the API's address. One for each process."""

    def __init__(
        self,
        app: App,
        connections: Connections,
        *,
        url: str,
        version: str,
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self.app = app
        self.version = version
        self._connections = connections
        self._url = httpx.URL(url)
        self._clock = clock
        self._random = random

    def at(self, lane: Lane, record: Callable[[Call], None], not_after: float | None) -> OAuthDesk:
        """The server for one job.

        Args:
            record: is given every call that left.
            not_after: no call is begun after it, seconds since the epoch.
        """
        return OAuthDesk(self, lane, record, not_after)

    def send(
        self,
        operation: Operation,
        request: Mapping[str, Any],
        errand: Errand,
        record: Callable[[Call], None],
    ) -> JsonObject:
        """Make one call.

        Args:
            request: headers and body, or query, as httpx takes them.

        Raises:
            SyncError: see ``worker.crm.answers`` and ``worker.crm.oauth_answers``.
        """
        query = request.get("query")
        path = operation.path_in(self.version) + (f"?{urlencode(query)}" if query else "")
        prefix = self._url.raw_path.rstrip(b"/")
        made = httpx.Request(
            operation.method,
            self._url.copy_with(raw_path=prefix + path.encode()),
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": f"rollbook/{version_of('rollbook')}",
                "Version": self.version,
                **request.get("headers", {}),
            },
            content=request.get("content", b""),
            extensions={ERRAND: errand},
        )
        status = 0
        try:
            with self._connections.one() as connection:
                response = connection.send(made)
            status = response.status_code
            if 200 <= status < 300:
                return document(operation, response.content)
            answer = Answer(status, response.headers, response.content)
            raise refused(operation, answer) or failure(
                operation, answer, now=self._clock(), jitter=self._random()
            )
        except (httpx.RequestError, httpx.StreamError) as error:
            raise silence(operation, error) from None
        finally:
            if errand.sent_at is not None:
                ms = (time.perf_counter() - errand.began) * 1000
                record(Call(errand.sent_at, OAUTH, operation.name, status, ms, None))

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()


class OAuthDesk:
    """The OAuth server for one job. Every function makes exactly one call."""

    def __init__(
        self,
        server: OAuth,
        lane: Lane,
        record: Callable[[Call], None],
        not_after: float | None,
    ) -> None:
        self._server = server
        self._lane = lane
        self._record = record
        self._not_after = not_after

    def for_code(self, code: str) -> Tokens:
        """The tokens of an install.

        Raises:
            Refused: the code is spent, over, or another app's.
        """
        app = self._server.app
        given = {"grant_type": "authorization_code", "code": code}
        if app.redirect:
            given["redirect_uri"] = app.redirect
        return self._tokens(TOKEN, self._client(given), None)

    def refreshed(self, refresh: str, kind: Of) -> Tokens:
        """The next pair; the one before is over, but for the CRM's 30 s of grace.

        Raises:
            Refused: the refresh token is used, over, or its location not active.
        """
        named = {of: name for name, of in CLASSES.items()}[kind]
        given = {"grant_type": "refresh_token", "refresh_token": refresh, "user_type": named}
        return self._tokens(TOKEN, self._client(given), kind)

    def of_location(self, access: str, company: str, location: str) -> Tokens:
        """A location's tokens, by the access token of its agency."""
        body = urlencode({"companyId": company, "locationId": location}).encode()
        headers = {"Authorization": f"Bearer {access}", "Content-Type": _FORM}
        found = self._send(LOCATION_TOKEN, {"headers": headers, "content": body})
        return read_tokens(LOCATION_TOKEN, {**found, "companyId": company}, Of.LOCATION)

    def installed(self, access: str, company: str, cursor: str | None) -> Installed:
        """A page of the locations in which the app is installed."""
        query = {"companyId": company, "appId": self._server.app.id, "isInstalled": "true"}
        if self._server.version == V3:
            query |= {"pageSize": str(PAGE)} | ({"pageToken": cursor} if cursor else {})
        else:
            query |= {"skip": cursor or "0", "limit": str(PAGE)}
        headers = {"Authorization": f"Bearer {access}"}
        found = self._send(INSTALLED, {"headers": headers, "query": query})
        rows = found.get("items", found.get("locations"))
        if not isinstance(rows, list):
            raise bad_answer(INSTALLED, "lists no locations")
        there = tuple(
            (str(row["_id"]), str(row["name"]) if row.get("name") else None)
            for row in rows
            if isinstance(row, dict) and row.get("_id") and row.get("isInstalled") is not False
        )
        return Installed(there, next_page(found, cursor, len(rows)))

    def code(self, kind: Of, owner: str) -> str:
        """A new code where the tokens were lost; the app must still be installed."""
        app = self._server.app
        asked = {
            "clientKey": app.client_id,
            "clientSecret": app.client_secret,
            "companyId" if kind is Of.COMPANY else "locationId": owner,
        }
        headers = {"Content-Type": "application/json"}
        found = self._send(RECONNECT, {"headers": headers, "content": orjson.dumps(asked)})
        code = found.get("authorizationCode")
        if not isinstance(code, str) or not code:
            raise bad_answer(RECONNECT, "has no code")
        return code

    def _client(self, given: dict[str, str]) -> dict[str, str]:
        app = self._server.app
        return {"client_id": app.client_id, "client_secret": app.client_secret, **given}

    def _tokens(self, operation: Operation, given: dict[str, str], kind: Of | None) -> Tokens:
        names = {one.name: one.name_in(self._server.version) for one in operation.body}
        body = urlencode({names[name]: value for name, value in given.items()}).encode()
        found = self._send(operation, {"headers": {"Content-Type": _FORM}, "content": body})
        return read_tokens(operation, found, kind)

    def _send(self, operation: Operation, request: Mapping[str, Any]) -> JsonObject:
        errand = Errand(OAUTH, self._lane, self._not_after)
        return self._server.send(operation, request, errand, self._record)


_FORM: Final = "application/x-www-form-urlencoded"
