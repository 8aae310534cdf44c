"""What a course platform may be asked and told: the protocol that every connector keeps.

A connector is made for one job. It makes one call (or one query) for each function, commits nothing
of ours, and raises the errors of ``contacts.errors``. ``can`` says which functions it has; the
others raise ``Unsendable``. ``tests/worker/platforms`` tries all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from contacts.cleaning import Value
from contacts.errors import Unsendable
from contacts.store.platforms import Course

__all__ = ["Can", "Connector", "Course", "Limited", "Page", "Row", "Student"]


class Can(StrEnum):
    """What a connector may be able to do."""

    FEED = "feed"
    """Tell what changed."""
    COURSES = "courses"
    """List its courses."""
    ENROL = "enrol"
    """Enrol somebody in a course."""
    LISTS = "lists"
    """Put somebody on a list, or take her off."""
    WRITE_BACK = "write-back"
    """Be told what changed in the CRM."""


@dataclass(frozen=True, slots=True)
class Student:
    """Somebody, as the platform needs her.

    Attributes:
        key: by which the platform knows her; "" where it does not yet.
        password: for an account that has to be made; the same each time it is asked for.
    """

    email: str = field(repr=False)
    name: str = field(default="", repr=False)
    key: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the feed.

    Attributes:
        cells: texts by the names that the configuration uses for columns; a blank says nothing.
    """

    key: str
    cells: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what changed.

    Attributes:
        cursor: JSON; where to go on, once the rows are kept.
        more: there is another page now.
    """

    rows: tuple[Row, ...]
    cursor: Mapping[str, Any]
    more: bool


class Connector(Protocol):
    """A course platform, for one job."""

    @property
    def can(self) -> frozenset[Can]:
        """Which of the functions it has."""

    def changes(self, cursor: Mapping[str, Any] | None, *, now: float) -> Page:
        """Who changed since a cursor, the oldest change first. To ask again costs nothing but time.

        Args:
            cursor: of the page before; None: from the beginning.
            now: seconds since the epoch.
        """

    def courses(self) -> list[Course]:
        """Every course."""

    def enrol(self, student: Student, course: str) -> None:
        """Enrol somebody, who may have no account yet. Safe to repeat."""

    def put_on(self, student: Student, name: str, wanted: bool) -> None:
        """Put somebody on a list, or take her off. Safe to repeat."""

    def tell(self, student: Student, values: Mapping[str, Value]) -> None:
        """Write values of the CRM's back; a blank empties. Safe to repeat.

        Args:
            values: by our names of the fields.
        """


class Limited:
    """A connector that can do nothing: the others override what they can."""

    @property
    def can(self) -> frozenset[Can]:
        return frozenset()

    def changes(self, cursor: Mapping[str, Any] | None, *, now: float) -> Page:  # noqa: ARG002
        raise _cannot("tell what changed")

    def courses(self) -> list[Course]:
        raise _cannot("list its courses")

    def enrol(self, student: Student, course: str) -> None:  # noqa: ARG002
        raise _cannot("enrol anybody")

    def put_on(self, student: Student, name: str, wanted: bool) -> None:  # noqa: ARG002
        raise _cannot("be told of that list")

    def tell(self, student: Student, values: Mapping[str, Value]) -> None:  # noqa: ARG002
        raise _cannot("be told what changed in the CRM")


def _cannot(what: str) -> Unsendable:
    return Unsendable(f"this course platform cannot {what}", code="platform-cannot")
