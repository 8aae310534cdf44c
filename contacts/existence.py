"""Who of a file is in the CRM already: is it cheaper to read its list, or to ask for each? Pure.

Somebody without a link is made by a create, which the CRM refuses where there is somebody; that
one is read. A page of its list tells of a hundred contacts by one call. Which of both is cheaper
hangs on a number that nobody knows before: how many of the file are there. So the list is begun,
its pages are the sample, and after each one it is asked again whether to go on. What is read in
vain is bounded: see :data:`TRIED`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final

ROWS: Final = 100
"""Contacts on a page of ``GET /contacts/``."""

LEAST: Final = 5
"""So few people are asked for one by one: a page could not save more than a few calls."""

TRIED: Final = 0.005
"""Pages that have paid nothing back may cost this share of one call for each person, and one page.
The bound on all calls is 1.02 of the least possible; this leaves three quarters of it to others."""


SURE: Final = 5
"""After so many who turned out to be there although the list was given up it is thought over
again, and after each five more."""

CLEAR: Final = 0.9
"""It is begun again where it costs less than this share of the other way."""


class Existence(StrEnum):
    """How it is found out."""

    AUTO = "auto"
    """By what is cheaper."""
    WALK = "walk"
    """By the pages of the CRM's list."""
    EACH = "each"
    """One by one."""


class State(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    """The first page was not read yet."""
    WALKING = "walking"
    """Page after page is read; who was found goes on, the others wait."""
    OVER = "over"
    """The list was read, or everybody was found."""
    STOPPED = "stopped"
    """It does not pay: the rest is found out one by one."""
    FAILED = "failed"
    """The list could not be read: the rest is found out one by one."""
    EACH = "each"
    """It was not begun."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the choice, after some pages; kept with the run.

    Attributes:
        asked: what a person asked for.
        people: of the file, who are not linked.
        found: of them, on a page.
        sure: of the found, those of whom the row told enough: they need no read.
        each: of the people, those asked for one by one since the list was given up; ``refused`` of
            them were there.
        hoped: how many more are there, by what was seen of those; 0: nothing was.
        total: contacts of the CRM, as it says; None: not known.
        pages, rows: read so far.
        a_page: contacts on a full page.
        refuses: the CRM itself refuses doubles; else each create takes a look before.
        state: how far it is.
        why: in a few words, why it ended or was not begun.
        over_at: when it ended, seconds since the epoch; None: it did not yet, or was not begun.
    """

    asked: Existence
    people: int
    found: int = 0
    sure: int = 0
    each: int = 0
    refused: int = 0
    hoped: int = 0
    total: int | None = None
    pages: int = 0
    rows: int = 0
    a_page: int = ROWS
    refuses: bool = True
    state: State = State.WAITING
    why: str = ""
    over_at: float | None = None

    @property
    def reading(self) -> bool:
        """Whether people wait for the list."""
        return self.state in (State.WAITING, State.WALKING)

    @property
    def left(self) -> int:
        """People of whom it is not known."""
        return max(self.people - self.found - self.each, 0)

    @property
    def whole(self) -> bool:
        """Whether the list was read to its end: who was not on it is not there."""
        return self.state is State.OVER and self.pages_left == 0

    @property
    def pages_left(self) -> int | None:
        """Pages that were not read; None: nobody knows."""
        if self.total is None:
            return None
        return -(-max(self.total - self.rows, 0) // self.a_page)

    @property
    def expected(self) -> float | None:
        """How many of the people left are there: as many a row as on the rows so far, or as many
        as among those who were asked for one by one; None: no row was seen."""
        if self.total is None or not self.rows:
            return None
        by_rows = self.found / self.rows * max(self.total - self.rows, 0)
        return min(self.left, max(by_rows, self.hoped))

    @property
    def saves(self) -> float:
        """Calls that one who is found on a page saves.

        One by one that is two: a create that is refused, or a look; and a read. A row that does
        not tell enough leaves the read.
        """
        return 1 + (self.sure / self.found if self.found else 1.0)

    @property
    def by_list(self) -> int | None:
        """Calls for the rest by the list, without what people are owed besides."""
        if self.pages_left is None or self.expected is None:
            return None
        unsure = (2 - self.saves) * self.expected
        return round(self.pages_left + unsure + (self.left - self.expected))

    @property
    def by_each(self) -> int | None:
        """Calls for the rest one by one; where the CRM allows doubles, the look for each new one
        too."""
        if self.expected is None:
            return None
        new = 1 if self.refuses else 2
        return round(2 * self.expected + new * (self.left - self.expected))

    def as_json(self) -> dict[str, Any]:
        """As a run keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Known:
        """As a run kept it."""
        return cls(
            **{**kept, "asked": Existence(kept["asked"]), "state": State(kept["state"])},
        )


def goes_on(known: Known) -> tuple[bool, str]:
    """Whether the next page is read, and why not.

    With what is asked for by a person, only the end of the list ends it.
    """
    if not known.left:
        return False, "everybody was found"
    pages_left = known.pages_left
    if pages_left == 0:
        return False, "the whole list was read"
    if known.asked is Existence.WALK or pages_left is None:
        return True, ""
    by_list, by_each = known.by_list, known.by_each
    if by_list is None or by_each is None or by_list <= by_each:
        return True, ""
    in_vain = known.pages + 1 - known.found * known.saves
    if in_vain <= max(1.0, TRIED * known.people):
        return True, ""
    return False, "it costs more calls than it saves"


def thinks_again(known: Known) -> Known:
    """Whether a list that was given up is gone on with, after one more who was there.

    The list shows who was added last; a file may be about those who came first.

    Args:
        known: with ``each`` and ``refused`` as they are now.
    """
    if known.asked is Existence.EACH or known.state is not State.STOPPED or not known.each:
        return known
    hoping = replace(known, hoped=round(known.refused / known.each * known.left))
    by_list, by_each = hoping.by_list, hoping.by_each
    if by_list is None or by_each is None or by_list >= CLEAR * by_each:
        return known
    return replace(hoping, state=State.WALKING, why="", over_at=None)


def begins(asked: Existence, people: int) -> tuple[bool, str]:
    """Whether a page is read at all, and why not."""
    if asked is Existence.EACH:
        return False, "asked for"
    if not people:
        return False, "everybody is linked"
    if asked is Existence.AUTO and people < LEAST:
        return False, "few people"
    return True, ""
