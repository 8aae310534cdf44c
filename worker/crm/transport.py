"""The only way out to the CRM: a transport that takes a token before, and gives it back after.

The limiter sits below the HTTP client, so a call without a token cannot be written: a request
that does not say whose it is (:class:`Errand`) is a defect and never leaves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import httpx

from contacts.errors import NotYet
from contacts.jobs import Lane
from contacts.settings import WRITE_TIMEOUT_S
from worker.crm.answers import WINDOW_S, count, retry_after
from worker.crm.operations import Operation
from worker.crm.shapes import Quota

ERRAND: Final = "errand"
"""The key of the :class:`Errand` in ``request.extensions``."""

ASKED: Final = "asked"
"""The key of the :class:`Asked`, for who answers in the CRM's place."""

PATIENCE_S: Final[dict[Lane, float]] = {Lane.LIVE: 10.0, Lane.BULK: 3.0, Lane.SWEEP: 3.0}
"""How long a call waits for its token. Bulk gives its worker's thread back sooner: the dispatcher
sends no more than the limit lets through, so a longer wait means that something changed."""


ASKS_TO_PAUSE: Final = (429, 503)
"""Statuses whose Retry-After is meant for everybody who calls for this location."""


class Grant(Protocol):
    """A token that was granted."""

    @property
    def token(self) -> str: ...


class Limiter(Protocol):
    """What the transport needs of ``worker.crm.limiter.Limiter``. ``done`` and ``cancel`` never
    raise: an answer that is here must not be lost because Redis is."""

    def take(
        self, location: str, lane: Lane, *, patience_s: float, sleep: Callable[[float], None]
    ) -> Grant: ...

    def done(
        self,
        location: str,
        token: str,
        *,
        status: int,
        remaining: int | None = None,
        per_window: int | None = None,
        day_left: int | None = None,
        pause_ms: int | None = None,
        day_limit: int | None = None,
    ) -> None: ...

    def cancel(self, location: str, token: str) -> None: ...


@dataclass(slots=True)
class Errand:
    """Whose call it is, and what became of it.

    Attributes:
        location, lane: whose token it needs.
        not_after: seconds since the epoch; the call is not begun after it. None: any time.
        writes: whether it changes something there; who does not say so is taken to.
        sent_at: when it was sent, seconds since the epoch; None if it never was.
        began: the same on ``time.perf_counter``, for its duration.
        quota: what the answer's headers said of the limit; None: there was no answer.
    """

    location: str
    lane: Lane
    not_after: float | None = None
    writes: bool = True
    sent_at: float | None = None
    began: float = 0.0
    quota: Quota | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, beside its bytes: the operation, the ids in its path, its body."""

    operation: Operation
    ids: tuple[str, str]
    body: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds, each > 0. ``read`` is for each piece of an answer and, with ``connect``, for all."""

    connect: float
    read: float

    def extension(self) -> dict[str, float]:
        """As httpx hands them to the connection."""
        return {
            "connect": self.connect,
            "read": self.read,
            "write": WRITE_TIMEOUT_S,
            "pool": self.connect,
        }


READ_ONLY_S: Final = 900.0
"""How long a job waits that would write while nothing may be written. The dispatcher holds such
jobs back; this is for one that is out already, or whose dispatcher has another setting."""


def read_only() -> NotYet:
    """What becomes of a job that would write."""
    return NotYet(
        "nothing is written to the CRM: ROLLBOOK_READ_ONLY is on",
        seconds=READ_ONLY_S,
        code="read-only",
    )


class LimitedTransport(httpx.BaseTransport):
    """Takes a token before every request and reports after every request, whatever happened."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        *,
        limiter: Limiter,
        timeouts: Timeouts,
        sleep: Callable[[float], None],
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.perf_counter,
        read_only: bool = False,
    ) -> None:
        self._inner = inner
        self._read_only = read_only
        self._limiter = limiter
        self._timeouts = timeouts
        self._sleep = sleep
        self._clock = clock
        self._timer = timer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request with a token.

        Raises:
            RuntimeError: the request names no errand.
            TryLater: no token, no time left, or it writes and nothing may be; nothing was sent.
            httpx.TransportError: no answer.
        """
        errand = request.extensions.get(ERRAND)
        if not isinstance(errand, Errand):
            raise RuntimeError("a call that names no location and lane must not leave")
        if self._read_only and errand.writes:
            raise read_only()
        grant = self._limiter.take(
            errand.location, errand.lane, patience_s=self._patience(errand), sleep=self._sleep
        )
        try:
            self._patience(errand)  # the wait may have used up the time
            request.extensions["timeout"] = self._timeouts.extension()
        except BaseException:
            self._limiter.cancel(errand.location, grant.token)
            raise
        return self._send(request, errand, grant.token)

    def _patience(self, errand: Errand) -> float:
        patience = PATIENCE_S[errand.lane]
        if errand.not_after is None:
            return patience
        left = errand.not_after - self._clock()
        if left < 0:
            raise NotYet(
                "too little of the job's time was left to begin a call",
                seconds=0.0,
                code="out-of-time",
            )
        return min(patience, left)

    def _send(self, request: httpx.Request, errand: Errand, token: str) -> httpx.Response:
        errand.sent_at = self._clock()
        errand.began = self._timer()
        response: httpx.Response | None = None
        try:
            response = self._inner.handle_request(request)
        finally:
            self._report(errand, token, response)
        limit = errand.began + self._timeouts.connect + self._timeouts.read
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Bounded(response.stream, request, limit=limit, timer=self._timer)
        return response

    def _report(self, errand: Errand, token: str, response: httpx.Response | None) -> None:
        if response is None:
            self._limiter.done(errand.location, token, status=0)
            return
        headers = response.headers
        errand.quota = Quota(
            remaining=count(headers, "x-ratelimit-remaining"),
            per_window=count(headers, "x-ratelimit-max"),
            window_ms=count(headers, "x-ratelimit-interval-milliseconds"),
        )
        self._limiter.done(
            errand.location,
            token,
            status=response.status_code,
            remaining=errand.quota.remaining,
            per_window=errand.quota.per_window,
            day_left=count(headers, "x-ratelimit-daily-remaining"),
            pause_ms=self._asked_pause(response),
            day_limit=count(headers, "x-ratelimit-limit-daily"),
        )

    def _asked_pause(self, response: httpx.Response) -> int | None:
        """For how long the server is not to be called, ms: the Retry-After of a 429 or 503, else
        one window after a 429."""
        status, headers = response.status_code, response.headers
        asked = retry_after(headers, self._clock()) if status in ASKS_TO_PAUSE else None
        if asked is not None:
            return round(asked * 1000)
        if status != 429:
            return None
        return count(headers, "x-ratelimit-interval-milliseconds") or round(WINDOW_S * 1000)

    def close(self) -> None:
        self._inner.close()


class _Bounded(httpx.SyncByteStream):
    """A body that must be there by a time: one that drips would outlive its job's lease."""

    def __init__(
        self,
        inner: httpx.SyncByteStream,
        request: httpx.Request,
        *,
        limit: float,
        timer: Callable[[], float],
    ) -> None:
        self._inner = inner
        self._request = request
        self._limit = limit
        self._timer = timer

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._inner:
            if self._timer() > self._limit:
                raise httpx.ReadTimeout("the answer drips", request=self._request)
            yield piece

    def close(self) -> None:
        self._inner.close()
