"""Ours, theirs, and what was agreed: what does each side have to change, and who was overruled?

Pure: no clock, no store, no log. Values are cleaned ones by our field names; ``""`` and ``[]`` are
blank. Of every field one question is asked, ``ruling``: whose value counts? What the CRM is owed
(:func:`unsent`) and what both sides have to change (:func:`merge`) follow from its answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from contacts.cleaning import Value
from contacts.fields import BY_NAME, WHOLE_OF
from contacts.policy import TABLE, Policy
from contacts.ruling import (
    TIMELESS,
    Look,
    Made,
    Side,
    Times,
    blank,
    holds,
    made_of,
    mark_of,
    rule_of,
    ruling,
    tellable,
)

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Conflict:
    """An edit that did not get through, because the other side's value counts.

    Attributes:
        ours, theirs: both values; ``""`` where there is none.
        winner: whose value it is from now on.
        by: what decided: ``owner``, ``one-way``, or the tie-break: ``newest``, ``platform`` or
            ``crm``.
    """

    name: str
    ours: Value = field(repr=False)
    theirs: Value = field(repr=False)
    winner: Side
    by: str

    @property
    def lost(self) -> Value:
        """The value that was overruled."""
        return self.theirs if self.winner is Side.OURS else self.ours


@dataclass(frozen=True, slots=True)
class Merged:
    """What follows from comparing a contact.

    Attributes:
        to_ours: what we have to change; a blank empties the field.
        to_theirs: what the CRM has to be told, the same way: what :func:`unsent` will say once the
            rest of this is kept.
        agreed: to be kept together with ``to_ours``.
        refused: as in :func:`unsent`; to be kept too.
        conflicts: edits that were overruled. Each is told once.
    """

    to_ours: dict[str, Value] = field(repr=False)
    to_theirs: dict[str, Value] = field(repr=False)
    agreed: dict[str, Value] = field(repr=False)
    refused: dict[str, str]
    conflicts: tuple[Conflict, ...]


def merge(
    agreed: Mapping[str, Value],
    ours: Mapping[str, Value],
    theirs: Mapping[str, Value],
    *,
    policy: Policy = TABLE,
    refused: Mapping[str, str] = NOTHING,
    times: Times = TIMELESS,
    unanswered: Mapping[str, Collection[Value]] = NOTHING,
    shown: Collection[str] | None = None,
) -> Merged:
    """Compare a contact that both sides have, field by field.

    An echo of what we wrote has not moved since it was agreed, so nothing follows from it.

    Args:
        agreed: what both sides held when last compared, in our spelling.
        ours: our values; a field that is absent says nothing, a blank one was emptied.
        theirs: all that the CRM holds; a field that is absent is blank there.
        policy: who decides.
        refused: as in :func:`unsent`.
        times: for ``newest``.
        unanswered: values that we sent since, whose answer never came, by field. Where the CRM
            holds one of them it is our own write, not somebody's edit. Known no more once this was
            kept.
        shown: the fields that ``theirs`` can show, where it is a row that leaves some out: those
            stay as they are. None: it shows all.
    """
    to_ours: dict[str, Value] = {}
    to_theirs: dict[str, Value] = {}
    now, marks = dict(agreed), dict(refused)
    conflicts: list[Conflict] = []
    for name in names(agreed, ours, theirs, policy):
        rule = rule_of(policy, name, ours)
        if (shown is not None and name not in shown) or not (rule.sends or rule.takes):
            continue
        look = Look.at(name, agreed, ours.get(name), theirs, unanswered.get(name, ()))
        winner, by = ruling(look, rule, times)
        if winner is not None and by is not None:
            conflicts.append(Conflict(name, look.value, look.theirs, winner, by))
        if winner is Side.OURS and tellable(look, rule, refused.get(name), linked=True):
            to_theirs[name] = look.value
        if winner is Side.THEIRS and rule.takes:
            to_ours[name] = look.theirs
        if winner is None or name in to_ours:
            marks.pop(name, None)
        # Agreed is the value of the side that stays as it is for now. The other one's then counts
        # as moved: what could not be told or taken is neither forgotten nor told of twice.
        ours_stays = winner is None or (winner is Side.THEIRS and not rule.takes)
        _keep(now, name, look.value if ours_stays else look.theirs)
    return Merged(to_ours, to_theirs, now, marks, tuple(conflicts))


def unsent(
    ours: Mapping[str, Value],
    agreed: Mapping[str, Value],
    refused: Mapping[str, str],
    *,
    linked: bool = False,
    policy: Policy = TABLE,
) -> dict[str, Value]:
    """The fields that the CRM has to be told, as far as we know: if it holds what was agreed.

    What is agreed is compared exactly, not by meaning: ``1.1`` that becomes ``1.10`` may be a
    number that did not change or a text that did, and one call too many is the smaller harm.

    Args:
        ours: our values; a field that is absent is not ours to say.
        agreed: what both sides held when last compared, in our spelling.
        refused: fingerprint of the value that the CRM silently dropped, by field: the same value
            is not sent again, another one is.
        linked: the contact is in the CRM already. Then the fields that an update does not take
            (``Field.on_update``) are not owed: there is no call by which they could be told.
        policy: who decides.
    """
    owed: dict[str, Value] = {}
    for name, value in ours.items():
        if agreed.get(name) == value:
            continue
        look = Look.at(name, agreed, value, agreed)
        rule = rule_of(policy, name, ours)
        winner, _ = ruling(look, rule, TIMELESS)
        if winner is Side.OURS and tellable(look, rule, refused.get(name), linked=linked):
            owed[name] = value
    return owed


@dataclass(frozen=True, slots=True)
class Settled:
    """What is agreed after an answer.

    Attributes:
        agreed: values that both sides now hold; of a dropped field what the CRM holds instead.
        refused: as in :func:`unsent`.
        dropped: names of the fields that were sent just now and did not come back, or not whole.
        respelled: of those that came back in another spelling.
    """

    agreed: dict[str, Value]
    refused: dict[str, str]
    dropped: tuple[str, ...]
    respelled: tuple[str, ...] = ()


def settle(
    sent: Mapping[str, Value],
    theirs: Mapping[str, Value],
    agreed: Mapping[str, Value],
    refused: Mapping[str, str],
) -> Settled:
    """Compare what was sent with what the CRM answered. Every write is also a read.

    A field that was sent and did not come back with the same meaning is not agreed: its name is
    kept, with a fingerprint of the value, so that it is neither forgotten nor sent for ever. What
    the CRM holds in its place is where its next edit begins, or a value that it cut short would
    come back as somebody's edit. What is agreed is kept in the spelling that was sent: one that the
    CRM tidied up is the CRM's edit then, which the field's rule takes in, or leaves where it is.
    """
    other = {
        name: made_of(name, value, theirs.get(name), before=agreed.get(name))
        for name, value in sent.items()
        if not holds(theirs, name, value)
    }
    respelled = tuple(sorted(name for name, made in other.items() if made is Made.RESPELLED))
    dropped = tuple(sorted(set(other) - set(respelled)))
    now = {name: value for name, value in agreed.items() if name not in sent}
    now |= {n: v for n, v in sent.items() if n not in dropped and not blank(v)}
    now |= {name: theirs[name] for name in dropped if name in theirs}
    now_refused = {n: mark for n, mark in refused.items() if n not in sent or n in other}
    now_refused |= {name: mark_of(sent[name], made) for name, made in other.items()}
    return Settled(now, now_refused, dropped, respelled)


@dataclass(frozen=True, slots=True)
class MergedTags:
    """What follows from comparing the tags of a contact.

    Attributes:
        to_ours: tags that we have to take on (True) or off (False).
        add, remove: what the CRM has to be told.
        agreed: whether the CRM has the tag, of every tag that we know from now on; to be kept
            together with ``to_ours``.
    """

    to_ours: dict[str, bool]
    add: frozenset[str]
    remove: frozenset[str]
    agreed: dict[str, bool]


def merge_tags(
    wanted: Mapping[str, bool], agreed: Mapping[str, bool], theirs: Collection[str]
) -> MergedTags:
    """Tags as sets: what either side added is in, what either removed is out.

    There are no conflicts: two sides that both moved a tag moved it the same way. A tag that
    nobody here has said a word about is taken on here, and never touched there.

    Args:
        wanted: whether we want it, of every tag that we know.
        agreed: whether the CRM had it when last compared; a tag that is absent was never compared,
            and then our word counts.
        theirs: all tags of the contact in the CRM.
    """
    has = {tag: tag in theirs for tag in (*wanted, *theirs)}
    to_ours = {
        tag: there
        for tag, there in has.items()
        if wanted.get(tag) is not there and wanted.get(tag) is agreed.get(tag)
    }
    after = {**wanted, **to_ours}
    return MergedTags(
        to_ours,
        add=frozenset(tag for tag, want in after.items() if want and not has[tag]),
        remove=frozenset(tag for tag, want in after.items() if has[tag] and not want),
        agreed=has,
    )


def names(
    agreed: Mapping[str, Value],
    ours: Mapping[str, Value],
    theirs: Mapping[str, Value],
    policy: Policy,
) -> Iterator[str]:
    """The fields to compare: those we have a word of, and those of theirs that are ours to have."""
    yield from ours
    yield from (name for name in agreed if name not in ours)
    for name in theirs:
        unheard = name not in ours and name not in agreed
        if unheard and policy.names(name) and not _said_otherwise(name, ours):
            yield name


def _said_otherwise(name: str, ours: Mapping[str, Value]) -> bool:
    """A full name and its parts say the same: we go on in the way in which we began."""
    row, whole = BY_NAME.get(name), WHOLE_OF.get(name)
    if whole is not None:
        return whole.name in ours and not any(part in ours for part in whole.parts)
    return row is not None and bool(row.parts)


def _keep(agreed: dict[str, Value], name: str, value: Value) -> None:
    if blank(value):
        agreed.pop(name, None)
    else:
        agreed[name] = value
