"""How many calls a run still needs, by what is open of it and what such jobs took so far. Pure.

By calls and not by jobs: a new contact takes its tags along, its note is a call of its own, and
first all are made and then all notes are written, so the mix of jobs is not the same for long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from contacts.existence import Known
from contacts.jobs import WRITING, Kind
from contacts.store.audit import Tally
from contacts.store.ledger_view import OfKind

ENOUGH: Final = 20
"""Calls after which they tell what the next ones will take; before, one for each job."""

_PUSHES: Final = ("contact.create", "contact.update", "contact.get", "contact.find")
_WRITES: Final = ("contact.create", "contact.update")
_TAGS: Final = ("contact.tags.add", "contact.tags.remove", "contacts.bulk.tags")
_ALONE: Final = frozenset({Kind.NOTE, Kind.TASK, Kind.PAGE, Kind.PULL})
"""Kinds that take one call each."""


def calls_left(
    jobs: Sequence[OfKind],
    tallies: Sequence[Tally],
    existence: Mapping[str, Any] | None = None,
    *,
    read_only: bool = False,
) -> float:
    """The calls that the open jobs of a run will make.

    Args:
        jobs: of the run, by kind.
        tallies: its calls so far.
        existence: how it is found out who is there; see ``contacts.existence.Known``.
        read_only: what writes waits, and is not counted.
    """
    calls = {one.operation: one for one in tallies}
    known = Known.of(existence) if existence else None
    push, tag = _push(calls), _tag(calls, jobs)
    left = 0.0
    for one in jobs:
        kind = Kind(one.kind)
        if read_only and kind in WRITING:
            continue
        if kind is Kind.PUSH:
            left += one.open * push if one.linked else _first(one.open, push, known)
        elif kind is Kind.TAG:
            left += one.open * tag * one.linked  # else the contact is made with them
        elif kind in _ALONE:
            left += one.open
    return left + _besides(jobs, calls, known, tag)


def _first(jobs: int, push: float, known: Known | None) -> float:
    """Of people who are not linked: while the list is read, what is expected of both."""
    if known is None or not known.reading or not known.left or known.by_list is None:
        return jobs * push
    return jobs * known.by_list / known.left


def _besides(
    jobs: Sequence[OfKind], calls: Mapping[str, Tally], known: Known | None, tag: float
) -> float:
    """What those are owed whom the list has still to show, by what those are whom it has shown."""
    if known is None or not known.reading or not known.found or not known.expected:
        return 0.0
    owed = sum(calls[name].calls for name in (*_TAGS, "contact.update") if name in calls)
    for one in jobs:
        if one.linked and one.kind in (Kind.PUSH, Kind.TAG):
            owed += round(one.open * (tag if one.kind == Kind.TAG else 1))
    return known.expected * owed / known.found


def _push(calls: Mapping[str, Tally]) -> float:
    """Calls for each push that wrote: reads, and creates that were refused, come on top."""
    written = sum(_good(calls[name]) for name in _WRITES if name in calls)
    if written < ENOUGH:
        return 1.0
    return sum(calls[name].calls for name in _PUSHES if name in calls) / written


def _tag(calls: Mapping[str, Tally], jobs: Sequence[OfKind]) -> float:
    """Calls for each set of tags of somebody who was there: several may share one."""
    made = sum(calls[name].calls for name in _TAGS if name in calls)
    done = sum(one.done for one in jobs if one.kind == Kind.TAG)
    told = done - (_good(calls["contact.create"]) if "contact.create" in calls else 0)
    return min(made / told, 1.0) if made and told >= ENOUGH else 1.0


def _good(tally: Tally) -> int:
    return sum(n for status, n in tally.statuses.items() if 200 <= status < 300)
