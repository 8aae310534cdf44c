"""Of one field: whose value counts, and can it be told?

The one place where this is decided. ``contacts.merge`` asks it for every field, once it has seen
what the CRM holds, or while all it knows is what was agreed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from contacts.cleaning import Value, same
from contacts.contact import fingerprint
from contacts.fields import BY_NAME, Owner, Rule, TieBreak
from contacts.policy import Policy


class Side(StrEnum):
    """One of the two."""

    OURS = "ours"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class Times:
    """When values changed, seconds since the epoch; for ``newest``.

    Attributes:
        ours: by field; one that is absent is not known.
        theirs: of the whole contact, for the CRM tells no other (``dateUpdated``).
    """

    ours: Mapping[str, float] = field(default_factory=dict)
    theirs: float | None = None

    def newer(self, name: str) -> Side:
        """Who changed the field last: they, if it is certain."""
        at = self.ours.get(name)
        later = at is not None and self.theirs is not None and self.theirs > at
        return Side.THEIRS if later else Side.OURS


TIMELESS: Final = Times()

OWNER: Final = "owner"
ONE_WAY: Final = "one-way"
"""What decided, where it was no tie-break: the field's owner, or a direction that is switched off:
the value that can travel counts."""


def blank(value: Value | None) -> bool:
    """Whether a value says that there is none."""
    return value is None or value in ("", [])


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """One field, as all three have it.

    Attributes:
        ours: None where we say nothing.
        ours_moved: it is another value than was agreed, or the same in another spelling.
        theirs_moved: it means something else than was agreed, and than what we wrote since without
            seeing an answer.
        alike: both mean the same.
        respelled: both mean what was agreed, and ours is spelled in a third way.
    """

    name: str
    ours: Value | None
    theirs: Value
    ours_moved: bool
    theirs_moved: bool
    alike: bool
    respelled: bool

    @property
    def value(self) -> Value:
        """Ours, as a value."""
        return "" if self.ours is None else self.ours

    @classmethod
    def at(
        cls,
        name: str,
        agreed: Mapping[str, Value],
        ours: Value | None,
        theirs: Mapping[str, Value],
        unanswered: Collection[Value] = (),
    ) -> Look:
        """Compare the three."""
        was, held = agreed.get(name, ""), theirs.get(name, "")
        moved = ours is not None and ours != was and not (blank(ours) and blank(was))
        as_agreed = holds(theirs, name, was)
        alike = holds(theirs, name, "" if ours is None else ours)
        return cls(
            name,
            ours,
            held,
            ours_moved=moved,
            theirs_moved=not (as_agreed or any(holds(theirs, name, v) for v in unanswered)),
            alike=alike,
            respelled=alike and as_agreed and moved and ours != held,
        )


def ruling(look: Look, rule: Rule, times: Times) -> tuple[Side | None, str | None]:
    """Whose value counts (None: both mean the same), and what overruled the other side's edit."""
    if look.alike and not look.respelled:
        return None, None
    ours_says = look.ours is not None and (rule.blank_clears or not blank(look.ours))
    theirs_says = rule.blank_clears or not blank(look.theirs)
    if not (ours_says and theirs_says):
        return (Side.OURS if ours_says else Side.THEIRS), None
    if rule.owner is Owner.PLATFORM:
        return Side.OURS, OWNER if look.theirs_moved else None
    if rule.owner is Owner.CRM:
        return Side.THEIRS, OWNER if look.ours_moved else None
    if not (look.ours_moved and look.theirs_moved):
        return (Side.THEIRS if look.theirs_moved else Side.OURS), None
    return _of_both(look.name, rule, times)


def _of_both(name: str, rule: Rule, times: Times) -> tuple[Side, str]:
    """Both sides moved a shared field."""
    if not (rule.sends and rule.takes):
        return (Side.OURS if rule.sends else Side.THEIRS), ONE_WAY
    if rule.tie_break is TieBreak.NEWEST:
        return times.newer(name), rule.tie_break.value
    return (Side.OURS if rule.tie_break is TieBreak.PLATFORM else Side.THEIRS), rule.tie_break.value


def tellable(look: Look, rule: Rule, mark: str | None, *, linked: bool) -> bool:
    """Whether there is a way to tell the CRM our value."""
    if not rule.sends or is_mark(mark, look.value):
        return False
    row = BY_NAME.get(look.name)
    return not linked or row is None or (row.on_update and (row.nullable or not blank(look.value)))


def rule_of(policy: Policy, name: str, ours: Mapping[str, Value]) -> Rule:
    """Who decides. What a person is known by is not emptied: the email, or the phone without it."""
    rule = policy.rule(name)
    known_by = name == "email" or (name == "phone" and blank(ours.get("email")))
    return replace(rule, blank_clears=False) if known_by and rule.blank_clears else rule


def holds(theirs: Mapping[str, Value], name: str, value: Value) -> bool:
    """Whether they hold this value, in whatever spelling; a blank: whether they hold none.

    A full name may come back in parts, and in lower case.
    """
    row = BY_NAME.get(name)
    if row is None or not row.parts:
        held = theirs.get(name, "")
        return blank(held) if blank(value) else not blank(held) and same(value, held)
    parts = [str(theirs[part]) for part in row.parts if part in theirs]
    spellings = {" ".join(parts).casefold(), str(theirs.get(name, "")).casefold()}
    return str(value).casefold() in spellings


# ---------------------------------------------------------------- what an answer made of a value


class Made(StrEnum):
    """What the CRM made of a value that was sent, where that is not the value."""

    DROPPED = "dropped"
    """It holds what it held before, or nothing, or something else."""
    CUT = "cut short"
    """It holds the beginning of it."""
    RESPELLED = "spelled otherwise"
    """It holds the same, tidied up: nothing is lost."""


_SIGN: Final = {Made.DROPPED: "", Made.CUT: "<", Made.RESPELLED: "~"}
_NAMES: Final = frozenset({"name", "first_name", "last_name"})
_NEITHER: Final = re.compile(r"[\W_]+")
_SCHEME: Final = re.compile(r"^https?://(www\.)?")


def made_of(name: str, value: Value, held: Value | None, *, before: Value | None = None) -> Made:
    """What the CRM made of a value, of which it shows another one now.

    A name of a person in small letters is not tidied up: some answers show it so, and nobody wants
    it so.

    Args:
        name: of the field.
        value: as it was sent.
        held: what the CRM shows; None: nothing.
        before: what it held before, as far as we know.

    Letters and digits are what a text says: capitals, blanks, punctuation, accents put together
    in another way, and the beginning of an address of a page are its spelling.
    """
    if held == before or blank("" if held is None else held) or not isinstance(value, str):
        return Made.DROPPED
    sent, shown = _letters(value), _letters(str(held))
    small = name in _NAMES and held == value.lower()
    if sent and sent == shown and not small:
        return Made.RESPELLED
    cut = bool(shown) and sent.startswith(shown)
    return Made.CUT if cut else Made.DROPPED


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    return _NEITHER.sub("", _SCHEME.sub("", plain))


def mark_of(value: Value, made: Made) -> str:
    """What is kept of a value that the CRM did not take as it is."""
    return f"{_SIGN[made]}{fingerprint(value)}"


def is_mark(mark: str | None, value: Value) -> bool:
    """Whether that was kept of this value."""
    return mark is not None and mark.lstrip("<~") == fingerprint(value)


def made(mark: str) -> Made:
    """What was made of the value of which that was kept."""
    return next(one for one in reversed(Made) if mark.startswith(_SIGN[one]))
