"""A location's rules in words: for ``rollbook fields`` and for docs/fields.md."""

from __future__ import annotations

from dataclasses import dataclass

from contacts.fields import BY_NAME, Owner, Rule
from contacts.policy import Policy

ALL_CUSTOM = "custom.*"
"""Stands for every custom field without a rule of its own."""


@dataclass(frozen=True, slots=True)
class Line:
    """One field and who decides over it, in words.

    Attributes:
        crm: the CRM's name.
        both: what decides where both sides changed it.
        own: whether the location's rule differs from the table's.
    """

    name: str
    crm: str
    owner: str
    both: str
    blank: str
    to_crm: str
    from_crm: str
    own: bool


def lines(policy: Policy) -> list[Line]:
    """Every field of the table, then the custom ones that a rule or a source names, then all
    others."""
    custom = sorted({*policy.own, *policy.mapped} - set(BY_NAME))
    found = [_line(name, policy.rule(name), own=_differs(policy, name)) for name in BY_NAME]
    found += [_line(name, policy.rule(name), own=name in policy.own) for name in custom]
    found.append(_line(ALL_CUSTOM, policy.custom, own=policy.custom != Policy().custom))
    return found


def _differs(policy: Policy, name: str) -> bool:
    return policy.rule(name) != BY_NAME[name].rule


def _line(name: str, rule: Rule, *, own: bool) -> Line:
    row = BY_NAME.get(name)
    once = row is not None and not row.on_update
    return Line(
        name=name,
        crm=row.crm if row else "customFields",
        owner=rule.owner.value,
        both=_both(rule),
        blank="empties the other side" if rule.blank_clears else "says nothing",
        to_crm=("new contacts only" if once else "yes") if rule.sends else "no",
        from_crm="yes" if rule.takes else "no",
        own=own,
    )


def _both(rule: Rule) -> str:
    if rule.owner is not Owner.SHARED or not (rule.sends and rule.takes):
        return ""
    return rule.tie_break.value


def said_of(rule: Rule) -> str:
    """``Whoever changed it last decides; ...``: a rule as a sentence."""
    if rule.owner is Owner.PLATFORM:
        return "The platform owns it: the CRM is told, and never asked."
    if rule.owner is Owner.CRM:
        return "The CRM owns it: it is taken in, and never told."
    if not (rule.sends and rule.takes):
        way = "it is told to the CRM only" if rule.sends else "it is taken from the CRM only"
        return f"It travels one way: {way if rule.sends or rule.takes else 'it stays where it is'}."
    both = {
        "newest": "where both changed it, the later edit counts",
        "platform": "where both changed it, the platform's edit counts",
        "crm": "where both changed it, the CRM's edit counts",
    }[rule.tie_break.value]
    blank = "a blank empties the other side" if rule.blank_clears else "a blank says nothing"
    return f"Either side may change it; {both}; {blank}."
