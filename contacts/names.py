"""Names of fields as people write them: is it one, which one is meant, what was it meant to be?"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from contacts.fields import BY_NAME, CUSTOM


def is_field(name: str) -> bool:
    """Whether this is our name of a field; of a custom one anything after ``custom.``."""
    return name in BY_NAME or (
        name.startswith(CUSTOM) and bool(short_name(name)[len(CUSTOM) :].strip())
    )


def not_a_field(name: str, known: Iterable[str] = (f"{CUSTOM}<key>",)) -> str:
    """What to say of a name that is none.

    Args:
        known: what it may have been meant to be, beside the fields of the table.
    """
    return f'is not a field{hint(name, (*BY_NAME, *known))}; a custom field is "custom.<key>"'


def short_name(name: str) -> str:
    """``custom.contact.level`` is how the CRM shows ``custom.level``."""
    return (
        CUSTOM + name[len(CUSTOM) :].removeprefix("contact.") if name.startswith(CUSTOM) else name
    )


def hint(word: str, known: Iterable[str]) -> str:
    """``; did you mean "…"?`` when one of the known words is spelled alike, else nothing."""
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f'; did you mean "{by_lower[close[0]]}"?' if close else ""
