"""The small language of conditions: ``custom.score >= 80 and not tags contains "honours"``. Pure.

What a condition asks is here; how it is read from a text is in ``contacts.condition_words``.
Nothing of it is ever run as code.

A blank field fulfils nothing but ``is blank``. A value that is no number is neither above nor below
one; the same holds for days.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from contacts import cleaning
from contacts.cleaning import Value

SETS: Final = ("tags", "courses", "lists", "stages")
"""What else may be asked of a contact: the names of sets, which know ``contains`` and blanks."""

_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")

Literal = str | float | bool | date


@dataclass(frozen=True, slots=True)
class Test:
    """One question about one field.

    Attributes:
        op: ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``contains``, ``in`` or ``blank``.
        values: what it is compared with; one but for ``in``, none for ``blank``.
    """

    __test__ = False  # no test of pytest's

    name: str
    op: str
    values: tuple[Literal, ...] = ()

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Whether it is so."""
        found = values.get(self.name)
        if found is None or found in ("", []):
            return self.op == "blank"
        if self.op == "contains":
            return _contains(found, str(self.values[0]))
        if self.op in ("=", "in"):
            return any(_equal(found, one) for one in self.values)
        if self.op == "!=":
            return not _equal(found, self.values[0])
        return self.op != "blank" and _ordered(found, self.op, self.values[0])


@dataclass(frozen=True, slots=True)
class Not:
    """It is not so."""

    inner: Condition

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Whether it is so."""
        return not self.inner.holds(values)


@dataclass(frozen=True, slots=True)
class Every:
    """All of them are so."""

    parts: tuple[Condition, ...]

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Whether it is so."""
        return all(part.holds(values) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Either:
    """One of them is so."""

    parts: tuple[Condition, ...]

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Whether it is so."""
        return any(part.holds(values) for part in self.parts)


Condition = Test | Not | Every | Either


def names(condition: Condition) -> frozenset[str]:
    """The fields and sets that a condition asks for."""
    if isinstance(condition, Test):
        return frozenset((condition.name,))
    if isinstance(condition, Not):
        return names(condition.inner)
    return frozenset(name for part in condition.parts for name in names(part))


def tests(condition: Condition) -> list[Test]:
    """The questions that it consists of, in the order in which they were written."""
    if isinstance(condition, Test):
        return [condition]
    if isinstance(condition, Not):
        return tests(condition.inner)
    return [one for part in condition.parts for one in tests(part)]


# ---------------------------------------------------------------- comparing


def _contains(found: Value, wanted: str) -> bool:
    if isinstance(found, list):
        return any(str(part).casefold() == wanted.casefold() for part in found)
    return wanted.casefold() in str(found).casefold()


def _equal(found: Value, wanted: Literal) -> bool:
    if isinstance(wanted, date):
        return _day(found) == wanted
    if isinstance(wanted, str):
        parts = found if isinstance(found, list) else [str(found)]
        return [part.casefold() for part in parts] == [wanted.casefold()]
    if isinstance(wanted, bool):
        return cleaning.same(found, wanted)
    return _number(found) == wanted


def _ordered(found: Value, op: str, wanted: Literal) -> bool:
    if isinstance(wanted, date):
        day = _day(found)
        return day is not None and _compare(day.toordinal(), op, wanted.toordinal())
    number = _number(found)
    return number is not None and _compare(number, op, float(wanted))


def _compare(one: float, op: str, other: float) -> bool:
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[op]


def _number(found: Value) -> float | None:
    if isinstance(found, bool | list):
        return None
    return float(found) if _NUMBER.fullmatch(str(found).strip()) else None


def _day(found: Value) -> date | None:
    try:
        return date.fromisoformat(cleaning.day(str(found), ""))
    except ValueError:
        return None
