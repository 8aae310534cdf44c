"""Is an event news, or does it only tell what we know already? Pure; no timers.

Every answer of the CRM shows us a state of the contact and when it came into it (``dateUpdated``):
a *sighting*. An event shows the state that its contact was in, and when. So there are three cases:

* It is older than the last state we saw, and clearly so: that state holds whatever it told.
* It shows a state that we have seen, at the time when the contact came into that state: the echo
  of our own write, or of the edit that we read already. A state has one echo of each type, so a
  second one is not taken for it.
* Anything else is news, and costs one read: also a state that we know, at another time. A person
  may have put an older value back, or changed something that the event does not show.

docs/decisions/0007 tells why this is exact, and what it costs.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from contacts.cleaning import Value
from contacts.events import CONTACT

SKEW_S: Final = 5.0
"""How far two clocks may disagree: two of the CRM's, or, after a change of tags, whose answer
names no time, the CRM's and ours. Beyond it an echo costs a read; nothing is lost by it."""

LAG_S: Final = 60.0
"""How long after a write the CRM may make the event of it. Beyond it an echo costs a read."""

NOT_SHOWN: Final = frozenset({"timezone", "gender"})
"""Fields that the documented events leave out. Where one is there it counts."""

TAGS: Final = "tags"


class Cause(StrEnum):
    """What showed us a state; for our writes, the event that it has to cause."""

    CREATE = "ContactCreate"
    UPDATE = "ContactUpdate"
    TAGS = "ContactTagUpdate"
    READ = "read"


_SNAPSHOTS: Final = CONTACT - {"ContactDelete"}
"""Events that can be an echo: they show the contact, and we never delete one."""


class Verdict(StrEnum):
    """What an event is to us."""

    ECHO = "echo"
    """Of a state that we have seen in an answer."""
    OLD = "old"
    """What it told is in the state that we saw later."""
    NEWS = "news"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A state of a contact in the CRM, as an answer showed it.

    Attributes:
        id: of its row.
        at: when the contact came into it, seconds since the epoch.
        dated: whether the CRM itself said when; otherwise ``at`` is by our clock.
        marks: of its values, see :func:`marks`.
        cause: what showed it.
        sent: the fields that our own write had just told; none for a read.
        heard: events that are accounted for by this state: their time by their type.
    """

    id: int
    at: float
    dated: bool
    marks: Mapping[str, str]
    cause: Cause
    sent: frozenset[str] = frozenset()
    heard: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict; of an echo, whose."""

    verdict: Verdict
    of: Sighting | None = None


def judge(type: str, at: float, marks: Mapping[str, str], sightings: Sequence[Sighting]) -> Judged:
    """What an event is to us.

    Args:
        type: of the event.
        at: when it happened by the CRM's clock, seconds since the epoch.
        marks: of what it shows.
        sightings: of its contact, in any order.
    """
    newest = max((one.at for one in sightings if one.dated), default=None)
    if newest is not None and at < newest - SKEW_S:
        return Judged(Verdict.OLD)
    if type in _SNAPSHOTS:
        until = math.inf
        for one in sorted(sightings, key=lambda one: -one.at):
            if _fits(one, type, at, until) and _same(marks, one.marks):
                return Judged(Verdict.ECHO, one)
            until = one.at
    return Judged(Verdict.NEWS)


def _fits(one: Sighting, type: str, at: float, until: float) -> bool:
    """Whether an event of that type and time can be one that this state had to cause.

    The one that our write had to cause may be made late, after the next write even. A change may
    cause others beside it, but these at once; later ones are somebody's. An update beside our
    create or our change of tags is read: should the CRM make one for each, that costs a read each.

    Args:
        until: when the contact came into the next state that we saw.
    """
    accounted = one.heard.get(type)
    if accounted is not None:
        return accounted == at  # the same one, told again
    if at < one.at - SKEW_S:
        return False
    if type == one.cause:
        return at <= one.at + LAG_S
    # It may be somebody's edit of a field that it does not show, and no other event would tell.
    hidden = type == Cause.UPDATE and one.cause in (Cause.CREATE, Cause.TAGS)
    return not hidden and at <= min(one.at + SKEW_S, until)


def _same(shown: Mapping[str, str], seen: Mapping[str, str]) -> bool:
    return all(
        shown.get(name) == seen.get(name)
        for name in shown.keys() | seen.keys()
        if name in shown or name not in NOT_SHOWN
    )


def outdated(at: float, marks: Mapping[str, str], seen_at: float, seen: Mapping[str, str]) -> bool:
    """Whether an answer knows nothing yet of what an event told.

    Args:
        at, marks: of the event.
        seen_at, seen: of the answer: since when the contact is so, and its marks.
    """
    return at > seen_at + LAG_S and not _same(marks, seen)


@dataclass(frozen=True, slots=True)
class Overwritten:
    """Fields that our own write covered before we ever saw what a person put there.

    Attributes:
        by: what the contact was after that write.
    """

    fields: frozenset[str]
    by: Sighting


def overwritten(
    type: str, at: float, marks: Mapping[str, str], sightings: Sequence[Sighting]
) -> Overwritten | None:
    """What of an event is lost in the CRM because we wrote over it unseen; None: nothing.

    Our next write after the event sent such a field; what the event shows in it is neither what
    the contact held when we saw it before, nor what it held after our write.

    Args:
        type, at, marks: of the event.
        sightings: of its contact, in any order.
    """
    dated = sorted((one for one in sightings if one.dated), key=lambda one: one.at)
    before = [one for one in dated if one.at <= at]
    after = [one for one in dated if one.at > at]
    if type not in _SNAPSHOTS or not before or not after or after[0].heard.get(type) == at:
        return None
    fields = frozenset(
        name
        for name in after[0].sent
        if marks.get(name) not in (before[-1].marks.get(name), after[0].marks.get(name))
        and (name in marks or name not in NOT_SHOWN)
    )
    return Overwritten(fields, after[0]) if fields else None


def marks(values: Mapping[str, Value], tags: Collection[str] | None) -> dict[str, str]:
    """A fingerprint of each value that is there, short enough to keep one for each answer.

    A full name is left out: it is its parts, and events and answers put it together in their own
    ways.

    Args:
        values: cleaned, by our field names.
        tags: None: not shown.
    """
    found = {
        name: _mark(value)
        for name, value in values.items()
        if name != "name" and value is not False and value not in ("", [])
    }
    if tags is not None:
        found[TAGS] = _mark(sorted(tags))
    return found


def _mark(value: Value) -> str:
    """32 bits: a person's edit is taken for what we have seen once in four thousand million."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    parts = sorted(str(part) for part in value) if isinstance(value, list) else [str(value)]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:8]
