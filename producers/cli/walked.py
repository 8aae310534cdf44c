"""The figures of a reconciliation or scan, as a person reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from producers.cli.words import count, number

KINDS: Final = frozenset({"reconcile", "scan"})
"""Kinds of run that this page is about."""

_GRAVE: Final = {
    "delete": "would count as deleted",
    "blank": "would lose a value",
    "retag": "would get other tags",
}


def figures(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """(number, what it is) for each figure worth a line."""
    rows = [
        (counts.get("scans", 0), "scans"),
        (counts.get("pages", 0), "pages of the CRM's contacts"),
        (counts.get("rows", 0), "contacts seen"),
        (counts.get("unchanged", 0), "as agreed: no call"),
        (counts.get("differ", 0), f"changed there{_by_field(counts)}"),
        (counts.get("adopted", 0), "not known here: taken in"),
        (counts.get("strangers", 0), "not known here: left alone (ROLLBOOK_ADOPT)"),
        (counts.get("doubles", 0), "doubles of somebody who is linked: merge them in the CRM"),
        (counts.get("late_rows", 0), "rows older than our own last call"),
        (counts.get("missing", 0), "linked here, and not seen there"),
        (counts.get("left_to_the_night", 0), "too many changes at once: left to the night"),
    ]
    owed = {name: n for name, n in counts.items() if name.startswith("owed:")}
    rows.append((sum(owed.values()), f"jobs for what we owed{_named(owed)}"))
    always = ("pages of the CRM's contacts", "contacts seen")
    return [(number(n), what) for n, what in rows if n or what in always]


def remarks(run: int, state: str, counts: Mapping[str, int]) -> list[str]:
    """Sentences on what is not as usual."""
    found = []
    if counts.get("incomplete"):
        found.append(
            f"The CRM says it has {count(counts['incomplete'], 'contact')} more than its pages "
            "showed: deletions were not looked for."
        )
    guarded = counts.get("guarded", 0)
    if guarded:
        parts = [
            f"{number(counts[f'guarded:{what}'])} {words}"
            for what, words in _GRAVE.items()
            if counts.get(f"guarded:{what}")
        ]
        what = f"{count(guarded, 'contact')}, {', '.join(parts)}"
        if state == "asking":
            found.append(f"It asks first: {what}. `rollbook reconcile --confirm {run}` goes on.")
        else:
            found.append(f"It asked first: {what}.")
    return found


def _by_field(counts: Mapping[str, int]) -> str:
    return _named({name: n for name, n in counts.items() if name.startswith("field:")})


def _named(some: Mapping[str, int]) -> str:
    parts = [
        f"{name.partition(':')[2]} {number(n)}"
        for name, n in sorted(some.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    return f": {', '.join(parts)}" if parts else ""
