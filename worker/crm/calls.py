"""One call: request, token, answer, audit."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version as version_of
from typing import Final
from urllib.parse import quote, urlencode

import httpx
import orjson

from contacts.errors import AccessLost, CrmUnavailable, Unsendable
from contacts.jobs import Lane
from contacts.settings import V3
from worker.crm.access import PAUSE_S
from worker.crm.answers import Answer, document, failure
from worker.crm.connections import Connections
from worker.crm.masking import words
from worker.crm.operations import Operation
from worker.crm.shapes import Call, JsonObject
from worker.crm.transport import ASKED, ERRAND, Asked, Errand

_ID: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")

NOT_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
"""No byte of the request can have reached the CRM. Everything else is doubtful, also "Server
disconnected without sending a response": a kept connection that was closed in the moment of
writing looks just like a server that died after the work."""


def path_id(id: str) -> str:
    """An id for use in a path.

    Raises:
        Unsendable: it cannot be an id; the CRM is not asked what it makes of it.
    """
    if not _ID.fullmatch(id):
        raise Unsendable("an id of the CRM has a wrong form; nothing was sent", code="bad-id")
    return quote(id, safe="")


Check = Callable[[str, tuple[str, str], Mapping[str, object] | None], None]
"""Is given each call that writes, before it takes a token: the operation's name, the ids in its
path, its body. What it raises is what becomes of the call."""


class Line:
    """Whose calls these are: a location with its token, lane, audit, time limit and check."""

    __slots__ = ("authorization", "check", "lane", "location", "not_after", "record")

    def __init__(
        self,
        location: str,
        token: str,
        lane: Lane,
        record: Callable[[Call], None],
        *,
        not_after: float | None,
        check: Check | None = None,
    ) -> None:
        path_id(location)
        if not _TOKEN.fullmatch(token):
            raise AccessLost(
                "the location's token is empty or has characters that no token has",
                seconds=PAUSE_S,
                code="token",
                pause=True,
            )
        self.location = location
        self.authorization = b"Bearer " + token.encode()
        self.lane = lane
        self.record = record
        self.not_after = not_after
        self.check = check


class Calls:
    """Makes calls. One for each process."""

    def __init__(
        self,
        connections: Connections,
        *,
        url: str,
        version: str,
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._connections = connections
        self._version = version
        self.v3 = version == V3
        """Whether we speak the API's second generation: other words, and no ``GET /contacts/``."""
        self._base = httpx.URL(url)
        self._prefix = self._base.raw_path.rstrip(b"/")
        self._urls: dict[str, httpx.URL] = {}
        self._clock = clock
        self._random = random
        self._headers: list[tuple[bytes, bytes]] = [
            (b"Host", self._base.netloc),
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"gzip, deflate"),
            (b"User-Agent", b"rollbook/" + version_of("rollbook").encode()),
            (b"Version", version.encode()),
        ]

    def make(
        self,
        operation: Operation,
        line: Line,
        *,
        id: str = "",
        thing: str = "",
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> JsonObject:
        """Make one call; one :class:`Call` is recorded if anything left.

        Args:
            id: of the contact or location in the path.
            thing: of its note or task in the path.
            body: JSON; also for DELETE, which takes one for tags.

        Raises:
            SyncError: see ``worker.crm.answers``; TryLater if there was no token.
        """
        if operation.writes and line.check is not None:
            line.check(operation.name, (id, thing), body)
        errand = Errand(line.location, line.lane, line.not_after, operation.writes)
        request = self._request(operation, line, errand, ids=(id, thing), query=query, body=body)
        status, trace = 0, None
        try:
            with self._connections.one() as connection:
                response = connection.send(request)
            status = response.status_code
            if 200 <= status < 300:
                found = document(operation, response.content)
                trace = _trace(found)
                return found
            trace = _trace_of(response.content)
            raise failure(
                operation,
                Answer(status, response.headers, response.content),
                sent=words(body),
                now=self._clock(),
                jitter=self._random(),
            )
        except (httpx.RequestError, httpx.StreamError) as error:
            raise silence(operation, error) from None
        finally:
            if errand.sent_at is not None:
                ms = (time.perf_counter() - errand.began) * 1000
                call = Call(
                    errand.sent_at, line.location, operation.name, status, ms, trace, errand.quota
                )
                line.record(call)

    def _request(
        self,
        operation: Operation,
        line: Line,
        errand: Errand,
        *,
        ids: tuple[str, str],
        query: Mapping[str, str | int] | None,
        body: Mapping[str, object] | None,
    ) -> httpx.Request:
        headers = [*self._headers, (b"Authorization", line.authorization)]
        content = b""
        if body is not None:
            content = orjson.dumps(body)
            headers.append((b"Content-Type", b"application/json"))
        return httpx.Request(
            operation.method,
            self._url(operation, ids, query),
            headers=headers,
            content=content,
            extensions={ERRAND: errand, ASKED: Asked(operation, ids, body)},
        )

    def _url(
        self, operation: Operation, ids: tuple[str, str], query: Mapping[str, str | int] | None
    ) -> httpx.URL:
        path = operation.path_in(self._version)
        by_id = "{id}" in path
        if not by_id and not query:
            known = self._urls.get(path)
            if known is None:
                known = self._base.copy_with(raw_path=self._prefix + path.encode())
                self._urls[path] = known
            return known
        if by_id:
            path = path.replace("{id}", path_id(ids[0]))
        if "{thing}" in path:
            path = path.replace("{thing}", path_id(ids[1]))
        if query:
            path = f"{path}?{urlencode(query)}"
        return self._base.copy_with(raw_path=self._prefix + path.encode())


def silence(operation: Operation, error: Exception) -> CrmUnavailable:
    """No answer. What the exception says is not repeated: it may quote the request."""
    if isinstance(error, NOT_SENT):
        return CrmUnavailable(
            f"the CRM could not be reached ({operation.name})", code="no-connection"
        )
    slow = isinstance(error, httpx.TimeoutException)
    what = "did not answer in time" if slow else "broke off before its answer was there"
    return CrmUnavailable(
        f"the CRM {what} ({operation.name})", code="no-answer", doubtful=operation.writes
    )


def _trace(found: JsonObject) -> str | None:
    trace = found.get("traceId")
    return trace[:64] if isinstance(trace, str) else None


def _trace_of(body: bytes) -> str | None:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return _trace(found) if isinstance(found, dict) else None
