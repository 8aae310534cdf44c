"""The client of the GoHighLevel API, as the rest of the worker sees it.

``Crm`` is one for each process and safe between threads; ``Desk`` is the CRM for one job: one
location, one lane, one function for each operation.
"""

from __future__ import annotations

import random as chance
import time
from collections.abc import Callable, Sequence

import httpx

from contacts.jobs import Lane
from worker.crm.calls import Calls, Check, Line
from worker.crm.connections import Connections
from worker.crm.desk import Desk
from worker.crm.paper import shown_task
from worker.crm.shapes import (
    Call,
    Cursor,
    CustomField,
    LocationFacts,
    Note,
    Page,
    Row,
    Task,
    Theirs,
)
from worker.crm.transport import LimitedTransport, Limiter, Timeouts
from worker.crm.wire import Custom, Dictionary

__all__ = [
    "Call",
    "Crm",
    "Cursor",
    "CustomField",
    "Desk",
    "LocationFacts",
    "Note",
    "Page",
    "Row",
    "Task",
    "Theirs",
    "Through",
    "shown_task",
]


Through = Callable[[httpx.BaseTransport], httpx.BaseTransport]


class Crm:
    """The CRM's API behind one address.

    Args:
        url: of the API, without a path.
        version: for the ``Version`` header.
        limiter: asked for a token before every call.
        connect_timeout, read_timeout: seconds.
        sleep: waits for a token, seconds; may raise to give the wait up.
        clock: seconds since the epoch.
        random: a number in [0, 1), to spread pauses.
        read_only: no call that changes something leaves.
        through: puts something between the calls and the limiter, which answers in its place.
    """

    def __init__(
        self,
        *,
        url: str,
        version: str,
        limiter: Limiter,
        connect_timeout: float,
        read_timeout: float,
        sleep: Callable[[float], None],
        clock: Callable[[], float] = time.time,
        random: Callable[[], float] = chance.random,
        read_only: bool = False,
        through: Through | None = None,
    ) -> None:
        timeouts = Timeouts(connect=connect_timeout, read=read_timeout)

        def wrap(inner: httpx.BaseTransport) -> httpx.BaseTransport:
            limited = LimitedTransport(
                inner,
                limiter=limiter,
                timeouts=timeouts,
                sleep=sleep,
                clock=clock,
                read_only=read_only,
            )
            return limited if through is None else through(limited)

        self._connections = Connections(secure=url.startswith("https:"), wrap=wrap)
        self._calls = Calls(self._connections, url=url, version=version, clock=clock, random=random)

    def at(
        self,
        location: str,
        token: str,
        *,
        country: str,
        lane: Lane,
        record: Callable[[Call], None],
        custom: Sequence[Custom] = (),
        not_after: float | None = None,
        check: Check | None = None,
    ) -> Desk:
        """The CRM for one location and lane.

        Args:
            location: the CRM's id of the location.
            token: bearer token for it.
            country: of the location, ISO 3166 alpha-2, for phones without a country code.
            lane: how long a call waits for its token, and from which share.
            record: is given every call that left, also one that failed.
            custom: the location's custom fields, as far as they are known.
            not_after: no call is begun after it, seconds since the epoch.
            check: is shown every call that writes, before it leaves.

        Raises:
            Unsendable: the location's id cannot be one.
            AccessLost: the token cannot be one.
        """
        line = Line(location, token, lane, record, not_after=not_after, check=check)
        return Desk(self._calls, line, country=country, dictionary=Dictionary(custom))

    def close(self) -> None:
        """Close the connections; calls in flight end first."""
        self._connections.close()
