"""The connections to a CRM or platform: one for each call in flight, kept and used again."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import httpx

KEEPALIVE_S: Final = 20.0
"""An idle connection is dropped by us after this long, before the usual servers and balancers do
it (60 s and more); what they close earlier is seen before a request is written, or in a race."""


class Connection:
    """One way out, for one call at a time.

    It does what ``httpx.Client`` would do of use here. The cookies, redirects, sign-ins and log
    lines of it, which nobody wants, cost 0.4 ms a call at ten calls a second.
    """

    __slots__ = ("_transport", "is_closed")

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport
        self.is_closed = False

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send one request, with a token, and read the whole answer.

        Raises:
            httpx.TransportError, httpx.DecodingError: no answer, or not a whole one.
        """
        response = self._transport.handle_request(request)
        response.request = request
        try:
            response.read()
        except BaseException:
            response.close()
            raise
        return response

    def close(self) -> None:
        """Close the connection."""
        self.is_closed = True
        self._transport.close()


class Connections:
    """A free list of connections: one for each call in flight.

    One client shared by all threads costs time in proportion to its connections; one for each call
    costs a connection each. The environment's proxies are not used: a token is not shown to a
    proxy that nobody configured here. ``SSL_CERT_FILE`` is honoured.
    """

    def __init__(self, *, secure: bool, wrap: Callable[[httpx.BaseTransport], httpx.BaseTransport]):
        # Made once: reading the certificates takes about 20 ms.
        self._verify: ssl.SSLContext | bool = httpx.create_ssl_context() if secure else False
        self._wrap = wrap
        self._free: list[Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """A connection that nobody else uses; it goes back to the list afterwards."""
        try:
            connection = self._free.pop()
        except IndexError:
            connection = self._open()
        try:
            yield connection
        finally:
            with self._lock:
                keep = not self._closed
                if keep:
                    self._free.append(connection)
            if not keep:
                connection.close()

    def _open(self) -> Connection:
        inner = httpx.HTTPTransport(
            verify=self._verify,
            trust_env=False,
            http2=False,
            retries=0,
            limits=httpx.Limits(
                max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEPALIVE_S
            ),
        )
        return Connection(self._wrap(inner))

    def close(self) -> None:
        """Close what is free now, and what is in use as soon as it comes back."""
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
        for connection in free:
            connection.close()
