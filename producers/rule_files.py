"""``[[rules]]`` of ``rollbook.toml``: what is done when something happens to a contact."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from contacts.rule_words import Anything, Reading
from contacts.rules import Rule
from producers.mistakes import Check


def rules(
    check: Check, found: object, custom: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """The rules of a mapping, as they are written.

    Args:
        check: hears what is wrong with them.
        found: what stands under ``rules``.
        custom: keys and ids of the location's custom fields; None: not known.
    """
    tables: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for key, table in check.tables("rules", found):
        reading = Reading(custom)
        rule = reading.rule(table)
        for inner, what in reading.mistakes:
            check.wrong(f"{key}.{inner}", what)
        if rule is None:
            continue
        if rule.name in names:
            check.wrong(f"{key}.name", f"is that of {names[rule.name]} too: give each its own")
        names[rule.name] = key
        tables.append(dict(table))
    return tables


def compiled(written: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """Rules that were checked before."""
    found = (Reading(Anything()).rule(one) for one in written)
    return [rule for rule in found if rule is not None]
