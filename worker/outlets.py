"""Which connector speaks for a location's course platform: built from what is in the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from contacts.errors import NotYet, TryLater, UsageError
from contacts.platforms import Kind, Platform
from contacts.store import platforms
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.store.school import School
from worker.coursehost.client import TOKEN, CourseHost
from worker.crm.limits import Limits
from worker.platforms.answers import MEND_S, access_lost
from worker.platforms.calls import BUCKET, Calls, Line, limits
from worker.platforms.connector import Connector
from worker.platforms.school_api import SchoolApi
from worker.platforms.school_db import SchoolDb

FRESH_S = 5.0
"""A location's platform is read again after this long, as its CRM's token is."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """One location's platform, read at ``read_at``."""

    platform: Platform
    secret: str | None = field(repr=False)
    read_at: float


@dataclass(slots=True)
class Outlets:
    """The platforms of this process. Thread-safe; nothing is opened before it is needed."""

    _known: dict[str, Outlet] = field(default_factory=dict)
    _schools: dict[tuple[str, str | None], School] = field(default_factory=dict)
    _calls: Calls | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def outlet(self, store: Store, cipher: Cipher, location: str, now: float) -> Outlet:
        """A location's platform, at most 5 s old.

        Raises:
            TryLater: none is connected, or its secret cannot be read.
        """
        known = self._known.get(location)
        if known is not None and now - known.read_at <= FRESH_S:
            return known
        with store.read() as tx:
            platform = platforms.of(tx, location)
            if platform is None:
                raise NotYet(
                    "no course platform is connected: `rollbook platform connect`",
                    seconds=MEND_S,
                    code="no-platform",
                )
            try:
                secret = platforms.secret(tx, location, cipher)
            except UsageError:
                raise access_lost("has a token that was encrypted with another key") from None
        self._known[location] = Outlet(platform, secret, now)
        return self._known[location]

    def calls(self, build: Callable[[], Calls]) -> Calls:
        """The way out, one for the process."""
        with self._lock:
            if self._calls is None:
                self._calls = build()
            return self._calls

    def school(self, outlet: Outlet) -> School:
        """The school's database; one pool of connections for each."""
        key = (outlet.platform.url, outlet.secret)
        with self._lock:
            if key not in self._schools:
                self._schools[key] = School(*key)
            return self._schools[key]

    def limits(self, bucket: str) -> Limits | None:
        """The limit of a platform's bucket; None: the bucket is not a platform's."""
        if not bucket.startswith(BUCKET):
            return None
        known = self._known.get(bucket.removeprefix(BUCKET))
        return limits(known.platform.per_minute if known else 1)

    def close(self) -> None:
        """Close what was opened."""
        with self._lock:
            schools, calls = list(self._schools.values()), self._calls
            self._schools, self._calls = {}, None
        for school in schools:
            school.close()
        if calls is not None:
            calls.close()


def connector(
    outlet: Outlet,
    *,
    calls: Callable[[], Calls],
    school: Callable[[Outlet], School],
    line: Callable[[dict[str, str]], Line],
) -> Connector:
    """The connector of a platform. A further one is a line here.

    Args:
        line: made of the headers that hold the secret.

    Raises:
        TryLater: it needs a secret and has none.
    """
    platform, secret = outlet.platform, outlet.secret
    if platform.kind is Kind.SQL:
        return SchoolDb(platform, school(outlet), line({}))
    if platform.kind is Kind.COURSEHOST:
        if not secret:
            raise _no_secret()
        return CourseHost(platform, calls(), line({TOKEN: secret}))
    headers = {platform.header: platform.prefix + secret} if secret else {}
    return SchoolApi(platform, calls(), line(headers))


def _no_secret() -> TryLater:
    return access_lost("has no token yet")
