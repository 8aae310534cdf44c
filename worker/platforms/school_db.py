"""A table of a school's own database. The SQL is in ``contacts.store.school``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from contacts.cleaning import Value
from contacts.platforms import Platform
from contacts.store.school import School
from worker.crm.shapes import Call
from worker.platforms import pages, pointers
from worker.platforms.calls import Line
from worker.platforms.connector import Can, Limited, Page, Row, Student
from worker.platforms.school_api import columns


class SchoolDb(Limited):
    """A table, for one job.

    Args:
        school: the open database.
        platform: with a feed, for that names the table.
        line: hears of each query, as of a call.
    """

    def __init__(
        self,
        platform: Platform,
        school: School,
        line: Line,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._platform = platform
        self._school = school
        self._line = line
        self._clock = clock

    @property
    def can(self) -> frozenset[Can]:
        platform = self._platform
        found = {
            Can.FEED: platform.feed,
            Can.WRITE_BACK: platform.feed and platform.write_back,
            Can.LISTS: platform.feed and platform.lists,
        }
        return frozenset(what for what, how in found.items() if how)

    def changes(self, cursor: Mapping[str, Any] | None, *, now: float) -> Page:
        feed = self._platform.feed
        if feed is None:
            return super().changes(cursor, now=now)
        names = columns(self._platform, feed)
        with self._recorded("platform.changes"):
            found = self._school.changes(feed, names, after=pages.start(cursor))
        full = len(found) == feed.size
        places = [(row[feed.updated], row[feed.key]) for row in found]
        after = pages.after(cursor, places, full=full, now=now, overlap_s=feed.overlap_s)
        rows = tuple(
            Row(
                key=pointers.text(row[feed.key]),
                cells={name: pointers.text(row[name]) for name in names},
            )
            for row in found
        )
        return Page(rows, after, more=full)

    def put_on(self, student: Student, name: str, wanted: bool) -> None:
        feed, column = self._platform.feed, self._platform.lists.get(name)
        email = self._platform.fields.get("email")
        if feed is None or column is None or not (student.key or email):
            return super().put_on(student, name, wanted)
        by, who = feed.key, student.key
        if not who and email:
            by, who = email, student.email
        with self._recorded("platform.list"):
            self._school.write(feed, by, who, {column: wanted})
        return None

    def tell(self, student: Student, values: Mapping[str, Value]) -> None:
        feed = self._platform.feed
        if feed is None or not self._platform.write_back:
            return super().tell(student, values)
        names = self._platform.fields
        written = {names[name]: value or None for name, value in values.items()}
        with self._recorded("platform.push"):
            self._school.write(feed, feed.key, student.key, written)
        return None

    @contextmanager
    def _recorded(self, operation: str) -> Iterator[None]:
        """One row of the audit; a query has no status, so a good one has that of a good call."""
        at, began, status = self._clock(), time.perf_counter(), 0
        try:
            yield
            status = 200
        finally:
            ms = (time.perf_counter() - began) * 1000
            self._line.record(Call(at, self._line.location, operation, status, ms, None))
