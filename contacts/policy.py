"""Who decides over the fields of one location: the table's rules, and what it decided otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Final

from contacts.fields import BY_NAME, CUSTOM, CUSTOM_RULE, Owner, Rule, TieBreak

UNKNOWN: Final = Rule(to_crm=False, from_crm=False)
"""For a field of a newer version, after going back to this one."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one location.

    Attributes:
        own: rules that differ from the table's, by our name of the field; ``custom.<key>`` among
            them.
        custom: for custom fields without a rule of their own.
        mapped: the custom fields that a source of the location brings, ``custom.<key>``.
    """

    own: Mapping[str, Rule] = field(default_factory=lambda: MappingProxyType({}))
    custom: Rule = CUSTOM_RULE
    mapped: frozenset[str] = frozenset()

    @property
    def of_the_table(self) -> bool:
        """Whether no rule differs from the table's."""
        return not self.own and self.custom == CUSTOM_RULE

    def rule(self, name: str) -> Rule:
        """Who decides over this field; one that this version does not have stays where it is."""
        own = self.own.get(name)
        if own is not None:
            return own
        if name.startswith(CUSTOM):
            return self.custom
        return BY_NAME[name].rule if name in BY_NAME else UNKNOWN

    def names(self, name: str) -> bool:
        """Whether the field is synced without anybody here having a value of it yet.

        A location may have a hundred custom fields that are no business of the platform's: such a
        one is taken in only where a source or a rule names it.
        """
        return name in BY_NAME or name in self.own or name in self.mapped


TABLE: Final = Policy()
"""The rules of the table, as they stand."""


def to_json(policy: Policy) -> dict[str, Any]:
    """A policy as it is kept in the database: only what differs from the table."""
    kept: dict[str, Any] = {"fields": {name: asdict(rule) for name, rule in policy.own.items()}}
    if policy.custom != CUSTOM_RULE:
        kept["custom"] = asdict(policy.custom)
    if policy.mapped:
        kept["mapped"] = sorted(policy.mapped)
    return kept


def from_json(kept: Mapping[str, Any] | None) -> Policy:
    """The policy that :func:`to_json` kept; the table's where nothing was kept.

    A field that this version does not have is left out: somebody went back to an older one.
    """
    if not kept:
        return TABLE
    own = {name: _rule(found) for name, found in kept.get("fields", {}).items() if _known(name)}
    custom = _rule(kept["custom"]) if "custom" in kept else CUSTOM_RULE
    return Policy(MappingProxyType(own), custom, frozenset(kept.get("mapped", ())))


def _known(name: str) -> bool:
    return name in BY_NAME or name.startswith(CUSTOM)


def _rule(found: Mapping[str, Any]) -> Rule:
    return Rule(
        owner=Owner(found["owner"]),
        tie_break=TieBreak(found["tie_break"]),
        blank_clears=found["blank_clears"],
        to_crm=found["to_crm"],
        from_crm=found["from_crm"],
    )
