"""What a value means, whatever way it was written: one spelling for each value.

A cleaner takes a value as a file or the CRM wrote it and returns our spelling; it raises
``ValueError`` with half a sentence that finishes "phone …" when the value cannot be meant.
Cleaning is idempotent: ``clean(clean(x)) == clean(x)``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache

import phonenumbers

Value = str | int | float | bool | list[str]
"""What a field can hold once it is clean (JSON)."""

Cleaner = Callable[[str, str], str]
"""(raw text, country of the location as ISO 3166 alpha-2) -> our spelling."""

_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]"
)
_SPACE = re.compile(r"\s+")
_DATES = (
    (re.compile(r"(\d{4})[-/._](\d{1,2})[-/._](\d{1,2})"), (1, 2, 3)),
    (re.compile(r"(\d{1,2})[-/._](\d{1,2})[-/._](\d{4})"), (3, 1, 2)),
)


def text(raw: str, country: str) -> str:
    """Free text of one line: outer and doubled blanks removed."""
    del country
    return _SPACE.sub(" ", raw).strip()


def email(raw: str, country: str) -> str:
    """An email address in lower case (the CRM matches without case)."""
    del country
    value = raw.strip().lower()
    if len(value) > 254 or not _EMAIL.fullmatch(value):
        raise ValueError("is not an email address")
    return value


@lru_cache(maxsize=65536)
def phone(raw: str, country: str) -> str:
    """A phone number in E.164, by the location's country where it has no country code.

    Cached: parsing takes about 0.1 ms, and a backfill meets each number several times.
    """
    try:
        number = phonenumbers.parse(raw, country)
    except phonenumbers.NumberParseException:
        raise ValueError("is not a phone number") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"is not a possible phone number (read with country {country})")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def day(raw: str, country: str) -> str:
    """A date as YYYY-MM-DD from every shape that the API takes or gives.

    Year first, or month first (``MM/DD/YYYY``, as the API reads it), with ``-``, ``/``, ``.`` or
    ``_``; an ISO time; an epoch in milliseconds, as the search endpoint answers.
    """
    del country
    value = raw.strip()
    if re.fullmatch(r"-?\d{9,14}", value):
        return datetime.fromtimestamp(int(value) / 1000, UTC).date().isoformat()
    for shape, (year, month, dom) in _DATES:
        found = shape.fullmatch(value.split("T")[0])
        if found:
            try:
                return date(int(found[year]), int(found[month]), int(found[dom])).isoformat()
            except ValueError:
                break
    raise ValueError("is not a date (YYYY-MM-DD or MM/DD/YYYY)")


def country_code(raw: str, country: str) -> str:
    """A country as ISO 3166 alpha-2."""
    del country
    value = raw.strip().upper()
    if value not in phonenumbers.SUPPORTED_REGIONS and not re.fullmatch(r"[A-Z]{2}", value):
        raise ValueError("is not a country code of two letters")
    return value


def website(raw: str, country: str) -> str:
    """A web address, as it was written."""
    value = text(raw, country)
    if " " in value or "." not in value:
        raise ValueError("is not a web address")
    return value


def gender(raw: str, country: str) -> str:
    """``male``, ``female`` or another word, in lower case."""
    return text(raw, country).lower()


def tag(raw: str) -> str:
    """A tag as the CRM stores it: lower case, outer and doubled blanks removed.

    Raises:
        ValueError: nothing is left.
    """
    value = _SPACE.sub(" ", raw).strip().lower()
    if not value:
        raise ValueError("is empty")
    return value
