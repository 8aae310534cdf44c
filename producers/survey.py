"""What a look through a file shows before anything is written down: no store here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from producers.people import People
from producers.readers import Source
from producers.recurring import Recurring
from producers.rejects import Outcome, Rejects


@dataclass(slots=True)
class Tally:
    """What was read so far. Rows = people + merged + left out.

    Attributes:
        people: different people.
        merged: rows of somebody who had a row before.
        left_out: rows that were not used. ``forgotten``: those of them whose people were forgotten
            on request; no other file keeps them.
        trimmed: rows that were used without one of their values.
        new: people that were not in the roster.
        in_step: people who are owed nothing, once all is read.
        pushes, tags, notes, tasks: jobs put.
    """

    rows: int = 0
    people: int = 0
    merged: int = 0
    left_out: int = 0
    forgotten: int = 0
    trimmed: int = 0
    new: int = 0
    in_step: int = 0
    pushes: int = 0
    tags: int = 0
    notes: int = 0
    tasks: int = 0

    @property
    def jobs(self) -> int:
        """All jobs put."""
        return self.pushes + self.tags + self.notes + self.tasks

    def counts(self) -> dict[str, int]:
        """As a run keeps them."""
        return asdict(self) | {"jobs": self.jobs}


TELL_ROWS: Final = 5_000
"""How often a look through the file says how far it is: about 20 times a second."""


def check(
    source: Source,
    people: People,
    country: str,
    rejects: Rejects,
    tell: Callable[[int], None] = lambda _: None,
) -> Tally:
    """Read the file and write the rejects, and nothing else.

    Args:
        tell: called with the number of rows now and then.

    Returns:
        rows, left_out, trimmed, and in ``people`` the rows that could be used.

    Raises:
        UsageError: the file became unreadable, or the rejects cannot be written.
    """
    rejects.keep_off(source.path)
    tally = Tally()
    for row in source.rows():
        tally.rows += 1
        if tally.rows % TELL_ROWS == 0:
            tell(tally.rows)
        one = people.read(row, country)
        used = one.person is not None
        tally.people += used
        tally.left_out += not used
        if one.complaints:
            tally.trimmed += used
            outcome = Outcome.TRIMMED if used else Outcome.LEFT_OUT
            rejects.add(row.line, one.complaints, outcome, row.cells)
    return tally


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first look through the file showed."""

    rows: int
    recurring: Recurring


def survey(
    source: Source, people: People, country: str, tell: Callable[[int], None] = lambda _: None
) -> Survey:
    """Count the rows and see who has several.

    Args:
        country: of the location, for phones without a country code.
        tell: called with the number of rows now and then.

    Raises:
        UsageError: the file became unreadable.
    """
    recurring = Recurring(source.size)
    rows = 0
    for row in source.rows():
        rows += 1
        if rows % TELL_ROWS == 0:
            tell(rows)
        if not row.problem:
            recurring.look(people.identity(row.cells, country))
    return Survey(rows, recurring)
