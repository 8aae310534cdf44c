"""Rules that may set each other off for ever: a warning when they are loaded. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contacts.rules import DEEPEST, Do, Rule, When, matches


def circles(rules: Sequence[Rule]) -> list[tuple[str, ...]]:
    """Rules that may set each other off for ever, each circle once: names, the first one twice.

    Only what a rule does to tags, courses and lists is looked at, and only names without ``{}``:
    a warning, no proof. What really goes in a circle is found when it does.
    """
    after = {one.name: [two.name for two in rules if _feeds(one, two)] for one in rules}
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for start in after:
        _walk(start, (start,), after, found)
    return list(found.values())


def _walk(
    start: str,
    way: tuple[str, ...],
    after: Mapping[str, Sequence[str]],
    found: dict[frozenset[str], tuple[str, ...]],
) -> None:
    for name in after[way[-1]]:
        if name == start:
            found.setdefault(frozenset(way), (*way, start))
        elif name not in way and len(way) < DEEPEST:
            _walk(start, (*way, name), after, found)


def _feeds(one: Rule, two: Rule) -> bool:
    """Whether what one rule does is what the other one waits for."""
    waits = {When.TAG_ADDED: Do.ADD_TAG, When.TAG_REMOVED: Do.REMOVE_TAG, When.ENROLLED: Do.ENROL}
    wanted = waits.get(two.trigger.when)
    return any(
        action.do is wanted and matches(two.trigger.pattern, action.text.text)
        for action in one.actions
        if not action.text.columns
    )
