"""How many calls a run still needs, by what is open of it and what such jobs took so far. Pure.

By calls and not by jobs: a new contact takes its tags along, its note is a call of its own, and
first all are made and then all notes are written, so the mix of jobs is not the same for long.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from contacts.existence import Known, State, thinks_again
from contacts.jobs import WRITING, Kind
from contacts.store.audit import MANY, Tally
from contacts.store.ledger_view import OfKind

ENOUGH: Final = 20
"""Calls after which they tell what the next ones will take; before, one for each job."""

_PUSHES: Final = ("contact.create", "contact.update", "contact.get", "contact.find")
_WRITES: Final = ("contact.create", "contact.update")
_ALONE_TAGS: Final = ("contact.tags.add", "contact.tags.remove")
_TAGS: Final = (*_ALONE_TAGS, MANY)
_ALONE: Final = frozenset({Kind.NOTE, Kind.TASK, Kind.PAGE, Kind.PULL})
"""Kinds that take one call each."""


def calls_left(
    jobs: Sequence[OfKind],
    tallies: Sequence[Tally],
    existence: Mapping[str, Any] | None = None,
    *,
    alike: Sequence[int] = (),
    batch: int = 1,
    read_only: bool = False,
) -> float:
    """The calls that the open jobs of a run will make.

    Args:
        jobs: of the run, by kind.
        tallies: its calls so far.
        existence: how it is found out who is there; see ``contacts.existence.Known``.
        alike: of its open changes of tags of people who are there, how many say the same, for each
            that is said.
        batch: for so many people one call of tags may be.
        read_only: what writes waits, and is not counted.
    """
    calls = {one.operation: one for one in tallies}
    known = Known.of(existence) if existence else None
    push, more = _push(calls), _more(known)
    left = 0.0 if read_only else _tags(alike, more, _batch(calls, jobs, batch))
    for one in jobs:
        kind = Kind(one.kind)
        if read_only and kind in WRITING:
            continue
        if kind is Kind.PUSH:
            left += one.open * push if one.linked else _first(one.open, push, known, calls)
        elif kind in _ALONE:
            left += one.open
    return left + more * _besides(jobs, calls)


def _more(known: Known | None) -> float:
    """People whom the list has still to show, for each whom it has shown."""
    if known is None or not known.reading or not known.found or not known.expected:
        return 0.0
    return known.expected / known.found


def _first(jobs: int, push: float, known: Known | None, calls: Mapping[str, Tally]) -> float:
    """Of people who are not linked: while the list is read, or will be again, what is expected of
    both ways; when it was read to its end nobody is there but those whom it showed in part."""
    if known is None:
        return jobs * push
    if known.state is State.OVER:
        read = calls["contact.get"].calls if "contact.get" in calls else 0
        return jobs + min(max(known.found - known.sure - read, 0), jobs)
    known = _thought_over(known, calls)
    if not known.reading or not known.left or known.by_list is None:
        return jobs * push
    return jobs * known.by_list / known.left


def _thought_over(known: Known, calls: Mapping[str, Tally]) -> Known:
    """As a list that was given up will be judged after the creates that were refused since."""
    creates = calls.get("contact.create")
    if creates is None or creates.calls < ENOUGH:
        return known
    refused = creates.calls - _good(creates)
    return thinks_again(replace(known, each=creates.calls, refused=refused))


def _besides(jobs: Sequence[OfKind], calls: Mapping[str, Tally]) -> float:
    """What those were and are owed whom the list has shown; tags that wait are reckoned together
    with those that will come."""
    owed = sum(calls[name].calls for name in (*_TAGS, "contact.update") if name in calls)
    return owed + sum(one.open for one in jobs if one.linked and one.kind == Kind.PUSH)


def _push(calls: Mapping[str, Tally]) -> float:
    """Calls for each push that wrote: reads, and creates that were refused, come on top."""
    written = sum(_good(calls[name]) for name in _WRITES if name in calls)
    if written < ENOUGH:
        return 1.0
    return sum(calls[name].calls for name in _PUSHES if name in calls) / written


def _tags(alike: Sequence[int], more: float, batch: float) -> float:
    """They are told after all else, so those that say the same are together by then."""
    return sum(math.ceil(number * (1 + more) / batch) for number in alike)


def _batch(calls: Mapping[str, Tally], jobs: Sequence[OfKind], batch: int) -> float:
    """For how many people a call of tags is: as many as may be, or where the CRM has refused such
    calls as many as those had that it took."""
    many = calls.get(MANY)
    if many is None or _good(many) == many.calls:
        return batch
    made = sum(_good(calls[name]) for name in ("contact.create", *_ALONE_TAGS) if name in calls)
    told = sum(one.done for one in jobs if one.kind == Kind.TAG) - made
    return min(max(1.0, told / max(_good(many), 1)), batch)


def _good(tally: Tally) -> int:
    return sum(n for status, n in tally.statuses.items() if 200 <= status < 300)
