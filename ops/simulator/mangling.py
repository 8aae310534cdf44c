"""What becomes of values that the CRM accepts with a 200 and then does not keep as they were sent.

Reported of the real API: fields that are ignored without a word (highlevel-api-docs#313, #124), and
values that are tidied up; that long ones are cut is a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final

from ops.simulator.config import Mangling

TEXTS: Final = ("address1", "city", "state", "website", "postalCode")
"""Properties that are mangled: none by which a person is known, none with a form of its own."""

SHORTEST: Final = 4
"""Characters of a text that can be cut or tidied up."""


def mangled(
    old: Mapping[str, Any], new: Mapping[str, Any], switches: Mangling, random: Random
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values as they are kept, and what was made of which: dropped, cut or tidied."""
    kept, made = dict(new), dict[str, str]()
    for name in TEXTS:
        value = new.get(name)
        if not isinstance(value, str) or value == old.get(name) or len(value) < SHORTEST:
            continue
        what = _drawn(switches, random)
        if what == "dropped":
            kept.pop(name)
            if name in old:
                kept[name] = old[name]
        elif what == "cut":
            kept[name] = value[: len(value) // 2].rstrip()
        elif what == "tidied":
            kept[name] = _tidied(name, value)
        if what and kept.get(name) != value:
            made[name] = what
    return kept, made


def _drawn(switches: Mangling, random: Random) -> str | None:
    chance = random.random()
    for what, share in (
        ("dropped", switches.drop_chance),
        ("cut", switches.cut_chance),
        ("tidied", switches.tidy_chance),
    ):
        if chance < share:
            return what
        chance -= share
    return None


def _tidied(name: str, value: str) -> str:
    if name == "website":
        return value if value.startswith("http") else f"https://{value}"
    if name == "postalCode":
        return value.upper()
    return " ".join(value.split()).title()
