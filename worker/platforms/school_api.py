"""A school's own API of JSON documents, as ``[platform]`` describes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from contacts import templates
from contacts.cleaning import Value
from contacts.platforms import Call, CourseList, Feed, Platform
from worker.platforms import answers, pages, pointers
from worker.platforms.calls import Calls, Line
from worker.platforms.connector import Can, Course, Limited, Page, Row, Student

SENT: dict[str, Callable[[Student], str]] = {
    "email": lambda student: student.email,
    "name": lambda student: student.name,
    "key": lambda student: student.key,
    "password": lambda student: student.password,
}
"""The names that a path or a body may hold in braces, beside ``course`` and ``list``."""


class SchoolApi(Limited):
    """An API, for one job."""

    def __init__(self, platform: Platform, calls: Calls, line: Line) -> None:
        self._platform = platform
        self._calls = calls
        self._line = line

    @property
    def can(self) -> frozenset[Can]:
        platform = self._platform
        found = {
            Can.FEED: platform.feed,
            Can.COURSES: platform.courses,
            Can.ENROL: platform.enrol,
            Can.LISTS: platform.listing,
            Can.WRITE_BACK: platform.telling and platform.write_back,
        }
        return frozenset(what for what, how in found.items() if how)

    def changes(self, cursor: Mapping[str, Any] | None, *, now: float) -> Page:
        feed = self._platform.feed
        if feed is None:
            return super().changes(cursor, now=now)
        found = self._calls.make("platform.changes", self._line, "GET", self._page(feed, cursor))
        items = self._items(found, feed.items, "platform.changes")
        names = columns(self._platform, feed)
        rows = [
            Row(
                key=pointers.text(pointers.find(item, feed.key)),
                cells={name: pointers.text(pointers.find(item, name)) for name in names},
            )
            for item in items
        ]
        token = pointers.text(pointers.find(found, feed.next)) if feed.next else ""
        # An empty page that names another one would go round for ever.
        page = token if token and items else None
        updated = [pointers.find(item, feed.updated) for item in items]
        after = pages.since(cursor, updated, page=page, now=now, overlap_s=feed.overlap_s)
        return Page(tuple(rows), after, more=page is not None)

    def courses(self) -> list[Course]:
        where: CourseList | None = self._platform.courses
        if where is None:
            return super().courses()
        found = self._calls.make("platform.courses", self._line, "GET", self._url(where.path))
        items = self._items(found, where.items, "platform.courses")
        pairs = [
            (pointers.text(pointers.find(one, where.id)), pointers.find(one, where.title))
            for one in items
        ]
        return [Course(id, pointers.text(title) or id) for id, title in pairs if id]

    def enrol(self, student: Student, course: str) -> None:
        if self._platform.enrol is None:
            return super().enrol(student, course)
        return self._tell(self._platform.enrol, student, "platform.enrol", {"course": course})

    def put_on(self, student: Student, name: str, wanted: bool) -> None:
        call = self._platform.listing
        if call is None:
            return super().put_on(student, name, wanted)
        if not wanted:
            call = Call(call.path, "DELETE")
        return self._tell(call, student, "platform.list", {"list": name}, gone_is_fine=not wanted)

    def tell(self, student: Student, values: Mapping[str, Value]) -> None:
        call = self._platform.telling
        if call is None:
            return super().tell(student, values)
        names = self._platform.fields
        body = pointers.place({names[name]: value or None for name, value in values.items()})
        url = self._url(_filled(call.path, student, {}))
        self._calls.make("platform.push", self._line, call.method, url, body=body)
        return None

    def _tell(
        self,
        call: Call,
        student: Student,
        operation: str,
        more: Mapping[str, str],
        *,
        gone_is_fine: bool = False,
    ) -> None:
        url = self._url(_filled(call.path, student, more))
        body = None if call.body is None else _body(call.body, student, more)
        # 409: it is so already.
        fine = (409, 404) if gone_is_fine else (409,)
        self._calls.make(operation, self._line, call.method, url, body=body, fine=fine)

    def _page(self, feed: Feed, cursor: Mapping[str, Any] | None) -> str:
        page = str((cursor or {}).get("page") or "")
        if page and not feed.page:
            return self._url(page)
        query: dict[str, str] = {feed.limit: str(feed.size)} if feed.limit else {}
        since = (cursor or {}).get("since")
        if feed.since and since is not None:
            query[feed.since] = str(since)
        if page:
            query[feed.page] = page
        mark = "&" if "?" in feed.path else "?"
        return self._url(feed.path + (mark + urlencode(query) if query else ""))

    def _url(self, path: str) -> str:
        """An address of the platform; the secret is not shown to another host.

        Raises:
            TryAgain: an answer named a page of another host.
        """
        base = self._platform.url
        if path.startswith(("http://", "https://")):
            found = path
        elif path.startswith("/"):
            found = base + path
        else:
            found = urljoin(base + "/", path)
        if urlsplit(found)[:2] != urlsplit(base)[:2]:
            raise answers.bad_answer("platform.changes", "names another host", writes=False)
        return found

    def _items(self, found: Any, pointer: str, operation: str) -> list[Any]:
        items = pointers.find(found, pointer)
        if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
            where = f"has no list at {pointer}" if pointer else "is no list"
            raise answers.bad_answer(operation, where, writes=False)
        return items


def columns(platform: Platform, feed: Feed) -> list[str]:
    """Every name that a row of the feed is asked for."""
    texts = [templates.parse(text) for text in (*feed.tags, *feed.notes)]
    named = [column for one in texts for column in one.columns]
    return list(dict.fromkeys([*platform.fields.values(), *named]))


def _filled(text: str, student: Student, more: Mapping[str, str]) -> str:
    """A path with the values in it, each safe for a path."""
    found = templates.parse(text).fill(lambda name: quote(_value(name, student, more), safe=""))
    if found is None:
        raise answers.refused("platform", 0, ["missing value in path"], ())
    return found


def _body(body: Mapping[str, Any], student: Student, more: Mapping[str, str]) -> dict[str, Any]:
    found = {name: _filled_in(value, student, more) for name, value in body.items()}
    return {name: value for name, value in found.items() if value is not None}


def _filled_in(value: Any, student: Student, more: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return _body(value, student, more)
    if isinstance(value, list):
        return [_filled_in(one, student, more) for one in value]
    if isinstance(value, str):
        return templates.parse(value).fill(lambda name: _value(name, student, more))
    return value


def _value(name: str, student: Student, more: Mapping[str, str]) -> str:
    return more[name] if name in more else SENT[name](student)
