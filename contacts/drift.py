"""Does a row of a list show another contact than the one that both sides agreed on? Pure.

A row is no answer to merge from: it may leave fields out, spell names in lower case, and be older
than what we know. It only says whether a look is worth its call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from contacts import merge
from contacts.cleaning import Value
from contacts.policy import Policy
from contacts.ruling import Look, blank, rule_of

TAGS: Final = "tags"


class Grave(StrEnum):
    """What a run must not do to many contacts without being asked."""

    DELETE = "delete"
    """Ours would be called deleted."""
    BLANK = "blank"
    """A value of one side would be emptied."""
    RETAG = "retag"
    """Tags of one side would change."""


NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ours:
    """What we know of a contact.

    Attributes:
        agreed, fields, refused, unanswered: as in :func:`contacts.merge.merge`.
        tags: whether the CRM had each tag when last compared; None: never compared.
    """

    agreed: Mapping[str, Value] = field(repr=False)
    fields: Mapping[str, Value] = field(repr=False)
    refused: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    unanswered: Mapping[str, Collection[Value]] = field(default_factory=lambda: NOTHING, repr=False)
    tags: Mapping[str, bool | None] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a row shows of it.

    Attributes:
        values: cleaned, non-blank, by our field names.
        fields: the fields that it can show; of the others it says nothing.
        caseless: fields of which it does not show the case that was typed.
        tags: None: not shown.
    """

    values: Mapping[str, Value] = field(repr=False)
    fields: Collection[str]
    caseless: Collection[str] = ()
    tags: Collection[str] | None = None


def differences(ours: Ours, shown: Shown, policy: Policy) -> tuple[str, ...]:
    """The fields in which the CRM moved since both were compared; ``tags`` among them."""
    found = tuple(_fields(ours, _cased(ours, shown), shown, policy))
    return (*found, TAGS) if _retagged(ours.tags, shown.tags) else found


def gravity(ours: Ours, shown: Shown, differing: Collection[str], policy: Policy) -> Grave | None:
    """What merging these differences would do that must not happen to many at once."""
    names = {name for name in differing if name != TAGS}
    merged = merge.merge(
        ours.agreed,
        ours.fields,
        _cased(ours, shown),
        policy=policy,
        refused=ours.refused,
        unanswered=ours.unanswered,
        shown=names,
    )
    if any(blank(value) for value in (*merged.to_ours.values(), *merged.to_theirs.values())):
        return Grave.BLANK
    return Grave.RETAG if TAGS in differing else None


def _fields(ours: Ours, theirs: Mapping[str, Value], shown: Shown, policy: Policy) -> Iterator[str]:
    for name in merge.names(ours.agreed, ours.fields, theirs, policy):
        # Most are equal, and this is asked a million times a night.
        was, held = ours.agreed.get(name, ""), theirs.get(name, "")
        if name not in shown.fields or was == held or (_says_no(was) and _says_no(held)):
            continue
        rule = rule_of(policy, name, ours.fields)
        if not (rule.sends or rule.takes):
            continue
        sent = ours.unanswered.get(name, ())
        if Look.at(name, ours.agreed, ours.fields.get(name), theirs, sent).theirs_moved:
            yield name


def _says_no(value: Value) -> bool:
    """Whether it is blank or false: one list leaves out what another calls false."""
    return value is False or blank(value)


def _cased(ours: Ours, shown: Shown) -> dict[str, Value]:
    """Their values; what only differs in a case that the row does not show is as it was agreed."""
    values = dict(shown.values)
    for name in shown.caseless:
        was = ours.agreed.get(name)
        if name in values and str(was).casefold() == str(values[name]).casefold():
            values[name] = str(was)
    return values


def _retagged(known: Mapping[str, bool | None], shown: Collection[str] | None) -> bool:
    if shown is None:
        return False
    return any(had is not None and had != (tag in shown) for tag, had in known.items()) or any(
        tag not in known for tag in shown
    )
