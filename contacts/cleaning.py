"""What a value means, whatever way it was written: one spelling for each value.

A cleaner takes a value as a file or the CRM wrote it and returns our spelling; it raises
``ValueError`` with half a sentence that finishes "phone …" when the value cannot be meant.
Cleaning is idempotent: ``clean(clean(x)) == clean(x)``.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import phonenumbers

Value = str | int | float | bool | list[str]
"""What a field can hold once it is clean (JSON)."""

Cleaner = Callable[[str, str], Value]
"""(raw text, country of the location as ISO 3166 alpha-2) -> our spelling."""

_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]"
)
_YES = frozenset(("true", "yes", "y", "1", "on"))
_NO = frozenset(("false", "no", "n", "0", "off"))
_SPACE = re.compile(r"\s+")
_EPOCH = re.compile(r"-?\d{9,14}")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,2})?")
_TIME = re.compile(
    r"[T ] ?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)? ?(?:[AaPp][Mm])? ?(?:Z|UTC|[+-]\d{2}:?\d{2})?$"
)
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


def phone(raw: str, country: str) -> str:
    """A phone number in E.164, by the location's country where it has no country code.

    A number without its area code is refused: it would be the same for people of two towns. So is
    one that our own spelling of it does not mean, such as "000000": read again it loses a zero.
    """
    try:
        number = phonenumbers.parse(raw, country)
    except phonenumbers.NumberParseException:
        raise ValueError(f"is not a phone number (read with country {country})") from None
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        raise ValueError(f"has no area code (read with country {country})")
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise ValueError(f"is not a possible phone number (read with country {country})")
    spelled = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if spelled != raw and phone(spelled, country) != spelled:
        raise ValueError(f"would be another number when read again (read with country {country})")
    return spelled


def day(raw: str, country: str) -> str:
    """A date as YYYY-MM-DD from every shape that the API takes or gives.

    Year first, or month first (``MM/DD/YYYY``, as the API reads it), with ``-``, ``/``, ``.`` or
    ``_``; a time of day after it; an epoch in milliseconds, as the search endpoint answers.
    """
    del country
    value = raw.strip()
    with contextlib.suppress(ValueError, OverflowError, OSError):  # such as the 30th of February
        if _EPOCH.fullmatch(value):
            return datetime.fromtimestamp(int(value) / 1000, UTC).date().isoformat()
        for shape, (year, month, dom) in _DATES:
            if found := shape.fullmatch(_TIME.sub("", value)):
                return date(int(found[year]), int(found[month]), int(found[dom])).isoformat()
    raise ValueError("is not a date (YYYY-MM-DD or MM/DD/YYYY)")


def country_code(raw: str, country: str) -> str:
    """A country as ISO 3166 alpha-2; ``UK``, which everybody writes, is ``GB`` there."""
    del country
    value = raw.strip().upper()
    if not re.fullmatch(r"[A-Z]{2}", value):
        raise ValueError("is not a country code of two letters")
    return "GB" if value == "UK" else value


def website(raw: str, country: str) -> str:
    """A web address, as it was written."""
    value = text(raw, country)
    if " " in value or "." not in value:
        raise ValueError("is not a web address")
    return value


def truth(raw: str, country: str) -> bool:
    """Yes or no, in the words that exports use."""
    del country
    value = str(raw).strip().lower()
    if value in _YES or value in _NO:
        return value in _YES
    raise ValueError("is neither yes nor no")


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


def same(one: Value, other: Value) -> bool:
    """Whether two values mean the same, in whatever spelling a custom field came back.

    Equal; equal as numbers (``7.50`` and 7.5, but not ``007`` and 7: a leading zero is part of a
    code); the same day (one of them without a time of day, or an epoch in milliseconds beside a
    calendar date); a list and the single text in it; lists in any order; true and ``true``.
    """
    if isinstance(one, list) or isinstance(other, list):
        return sorted(_parts(one)) == sorted(_parts(other))
    if one == other or _plain(one) == _plain(other):
        return True
    first, second = _plain(one), _plain(other)
    if _NUMBER.fullmatch(first) and _NUMBER.fullmatch(second):
        return Decimal(first) == Decimal(second)
    return _same_day(first, second)


def _parts(value: Value) -> list[str]:
    return [_plain(part) for part in value] if isinstance(value, list) else [_plain(value)]


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def _same_day(one: str, other: str) -> bool:
    if _EPOCH.fullmatch(one) and _EPOCH.fullmatch(other):
        return False  # two numbers: a phone or a code, never two dates
    if _TIME.search(one) and _TIME.search(other):
        return False  # two different times of a day
    try:
        return day(one, "") == day(other, "")
    except ValueError:
        return False
