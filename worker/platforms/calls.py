"""One call to a course platform: token of its own limit, answer, audit."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version as version_of
from typing import Any, Final

import httpx
import orjson

from contacts.errors import NotYet, SyncError, TryAgain
from contacts.jobs import Lane
from worker.crm.calls import NOT_SENT
from worker.crm.connections import Connections
from worker.crm.limits import Limits
from worker.crm.masking import words
from worker.crm.shapes import Call
from worker.crm.transport import ERRAND, Errand, LimitedTransport, Limiter, Timeouts
from worker.platforms import answers

BUCKET: Final = "platform:"
"""Before the location's id: its platform has a bucket of its own in the limiter."""

WINDOW_MS: Final = 10_000
"""The limiter's window. Platforms name a limit a minute, but a bucket whose memory is lost stays
shut for a whole window when no header tells it more: a minute would be long for an enrolment."""

NO_DAY: Final = 1_000_000_000
"""Calls a day, more than any minute's limit lets through: the day's shares must not bind."""

_HEADER: Final = re.compile(r"[\x21-\x7e][\x20-\x7e]*")


def limits(per_minute: int) -> Limits:
    """The limit of a platform as the limiter takes it; it knows of no day.

    Never more than ``per_minute`` in any minute: a share that is no whole call is rounded down.
    Below two calls in a window the window is a minute.
    """
    share = per_minute * WINDOW_MS // 60_000
    if share < 2:
        return Limits(per_window=per_minute, window_ms=60_000, per_day=NO_DAY)
    return Limits(per_window=share, window_ms=WINDOW_MS, per_day=NO_DAY)


@dataclass(frozen=True, slots=True)
class Line:
    """Whose calls these are.

    Attributes:
        headers: of every call; they hold the secret.
        record: is given every call that left.
        not_after: no call is begun after it, seconds since the epoch.
    """

    location: str
    lane: Lane
    headers: Mapping[str, str]
    record: Callable[[Call], None]
    not_after: float | None = None

    def __repr__(self) -> str:
        return f"Line({self.location!r})"


class Calls:
    """Makes calls to course platforms. One for each process, safe between threads."""

    def __init__(
        self,
        *,
        limiter: Limiter,
        connect_timeout: float,
        read_timeout: float,
        sleep: Callable[[float], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        timeouts = Timeouts(connect=connect_timeout, read=read_timeout)

        def wrap(inner: httpx.BaseTransport) -> LimitedTransport:
            return LimitedTransport(
                inner, limiter=limiter, timeouts=timeouts, sleep=sleep, clock=clock
            )

        self._plain = Connections(secure=False, wrap=wrap)
        self._secure = Connections(secure=True, wrap=wrap)
        self._agent = "rollbook/" + version_of("rollbook")

    def make(
        self,
        operation: str,
        line: Line,
        method: str,
        url: str,
        *,
        body: Mapping[str, Any] | None = None,
        fine: tuple[int, ...] = (),
    ) -> Any:
        """Make one call.

        Args:
            operation: its name, for the audit.
            body: JSON.
            fine: statuses of refusals that are none, e.g. because it is so already.

        Returns:
            the JSON of the answer; None where it has none.

        Raises:
            SyncError: see ``worker.platforms.answers``; TryLater if there was no token.
        """
        writes = method != "GET"
        errand = Errand(BUCKET + line.location, line.lane, line.not_after)
        request = self._request(line, method, url, body, errand)
        connections = self._secure if request.url.scheme == "https" else self._plain
        status = 0
        try:
            with connections.one() as client:
                response = client.send(request)
            status = response.status_code
            return _read(operation, response, fine, writes=writes, sent=body)
        except (httpx.RequestError, httpx.StreamError) as error:
            raise _silence(operation, error, writes=writes) from None
        except NotYet as held:  # it said so a moment ago, to this process or to another
            if held.code != "paused":
                raise
            raise answers.busy(operation, held.seconds) from None
        finally:
            if errand.sent_at is not None:
                ms = (time.perf_counter() - errand.began) * 1000
                line.record(Call(errand.sent_at, line.location, operation, status, ms, None))

    def _request(
        self, line: Line, method: str, url: str, body: Mapping[str, Any] | None, errand: Errand
    ) -> httpx.Request:
        headers = {"Accept": "application/json", "User-Agent": self._agent}
        for name, value in line.headers.items():
            if not _HEADER.fullmatch(value):
                raise answers.access_lost("has a token with characters that no token has")
            headers[name] = value
        content = None
        if body is not None:
            content = orjson.dumps(body)
            headers["Content-Type"] = "application/json"
        try:
            return httpx.Request(
                method, url, headers=headers, content=content, extensions={ERRAND: errand}
            )
        except httpx.InvalidURL:
            raise answers.refused(operation_of(method), 0, ["invalid url"], ()) from None

    def close(self) -> None:
        """Close the connections; calls in flight end first."""
        self._plain.close()
        self._secure.close()


def _read(
    operation: str,
    response: httpx.Response,
    fine: tuple[int, ...],
    *,
    writes: bool,
    sent: Mapping[str, Any] | None,
) -> Any:
    status = response.status_code
    if 200 <= status < 300:
        return answers.document(operation, response.content, writes=writes)
    if status in fine:
        return None
    raise answers.failure(
        operation, status, response.headers, response.content, writes=writes, sent=words(sent)
    )


def operation_of(method: str) -> str:
    """How a call is named whose address cannot be one."""
    return f"platform.{method.lower()}"


def _silence(operation: str, error: Exception, *, writes: bool) -> SyncError:
    """No answer. What the exception says is not repeated: it may quote the request."""
    if isinstance(error, NOT_SENT):
        return TryAgain(
            f"the course platform could not be reached ({operation})", code="platform-unavailable"
        )
    slow = isinstance(error, httpx.TimeoutException)
    what = "did not answer in time" if slow else "broke off before its answer was there"
    return TryAgain(
        f"the course platform {what} ({operation})", code="platform-unavailable", doubtful=writes
    )
