"""``[sync]`` of ``rollbook.toml``: where a location's rules differ from the table's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from contacts.fields import CUSTOM, CUSTOM_RULE, Owner, Rule, TieBreak
from contacts.names import is_field, not_a_field, short_name
from contacts.policy import TABLE, Policy
from producers.mistakes import Check, key_of

CHOICES: Final[dict[str, type[StrEnum]]] = {"owner": Owner, "tie_break": TieBreak}
SWITCHES: Final = ("blank_clears", "to_crm", "from_crm")


def policy(check: Check, found: object) -> Policy:
    """The rules that a mapping asks for.

    Args:
        check: hears of every mistake.
        found: what stands under ``sync``.
    """
    if not isinstance(found, dict):
        check.wrong("sync", "must be a table: begin it with [sync.fields]")
        return TABLE
    check.unknown("sync", found, ("fields", "custom"))
    custom = CUSTOM_RULE
    if "custom" in found:
        custom = _rule(check, "sync.custom", found["custom"], CUSTOM_RULE)
    fields = found.get("fields", {})
    if not isinstance(fields, dict):
        check.wrong("sync.fields", "must be a table: begin it with [sync.fields]")
        return Policy(custom=custom)
    own: dict[str, Rule] = {}
    for name, keys in _flat(fields):
        key, short = f"sync.fields.{key_of(name)}", short_name(name)
        if not is_field(name):
            check.wrong(key, not_a_field(name))
        elif short in own:
            check.wrong(key, f"is the same field as sync.fields.{key_of(short)}: name it once")
        else:
            base = custom if short.startswith(CUSTOM) else TABLE.rule(short)
            own[short] = _rule(check, key, keys, base)
            _known_by(check, key, short, own[short])
    return Policy(own, custom)


def _flat(found: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Names and tables; ``custom.level = {...}`` without quotes is a table within the table."""
    for name, value in found.items():
        nested = isinstance(value, dict) and any(isinstance(one, dict) for one in value.values())
        if nested and (prefix or name == CUSTOM.rstrip(".")):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _rule(check: Check, key: str, found: object, base: Rule) -> Rule:
    """The rule, where the given keys replace those of the one that holds otherwise."""
    if not isinstance(found, dict):
        check.wrong(key, 'must be a table, such as { owner = "platform" }')
        return base
    check.unknown(key, found, (*CHOICES, *SWITCHES))
    given: dict[str, Any] = {}
    for name, choice in CHOICES.items():
        if name in found:
            given[name] = _choice(check, f"{key}.{name}", found[name], choice)
    for name in SWITCHES:
        if name in found:
            given[name] = _switch(check, f"{key}.{name}", found[name])
    rule = replace(base, **{name: value for name, value in given.items() if value is not None})
    _contradiction(check, key, found, rule)
    return rule


def _choice(check: Check, key: str, value: object, choice: type[StrEnum]) -> StrEnum | None:
    if isinstance(value, str) and value in list(choice):
        return choice(value)
    words = [f'"{one}"' for one in choice]
    check.wrong(key, f"must be {', '.join(words[:-1])} or {words[-1]}")
    return None


def _switch(check: Check, key: str, value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    check.wrong(key, "must be true or false, without quotes")
    return None


def _contradiction(check: Check, key: str, found: Mapping[str, Any], rule: Rule) -> None:
    """A key that cannot have an effect beside the owner was meant otherwise."""
    one_way = {Owner.CRM: "to_crm", Owner.PLATFORM: "from_crm"}.get(rule.owner)
    if one_way and found.get(one_way) is True:
        owner = f'owner = "{rule.owner}"'
        check.wrong(f"{key}.{one_way}", f'contradicts {owner}: use owner = "shared"')
    if one_way and "tie_break" in found:
        check.wrong(f"{key}.tie_break", f'means nothing with owner = "{rule.owner}"')


def _known_by(check: Check, key: str, name: str, rule: Rule) -> None:
    if name == "email" and rule.blank_clears:
        check.wrong(f"{key}.blank_clears", "must be false: people are known by their email")
