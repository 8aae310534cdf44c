"""Times as a person types them: since when, until when. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from contacts.errors import UsageError
from contacts.tempo import DAY_S

FOR_GOOD_S: Final = 10 * 365 * DAY_S
"""A pause without an end holds until somebody ends it: ten years, for a column of times."""

_SECONDS: Final = {"m": 60.0, "h": 3600.0, "d": DAY_S}


def since(text: str, now: float) -> float:
    """``2h``, ``3d``, ``2026-11-24`` or ``2026-11-24T10:00`` (UTC) as seconds since the epoch.

    Raises:
        UsageError: it is none of these, or in the future.
    """
    ago = _length(text)
    at = now - ago if ago is not None else _date(text)
    if at is None:
        raise UsageError(
            f"--since {text} is no time: 30m, 2h, 3d, 2026-11-24 or 2026-11-24T10:00 (UTC)"
        )
    if at > now:
        raise UsageError(f"--since {text} is in the future")
    return at


def until(text: str | None, now: float) -> float:
    """``90m``, ``2h``, ``1d``, ``07:30`` (the next one), ``2026-11-24`` or ``2026-11-24T10:00``
    (all UTC) as seconds since the epoch; None: until somebody ends it.

    Raises:
        UsageError: it is none of these, or is over already.
    """
    if text is None:
        return now + FOR_GOOD_S
    ahead = _length(text)
    if ahead is not None:
        return now + ahead
    today = datetime.fromtimestamp(now, UTC)
    if hour := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip()):
        at = today.replace(hour=int(hour[1]), minute=int(hour[2]), second=0, microsecond=0)
        return (at if at > today else at + timedelta(days=1)).timestamp()
    end = _date(text)
    if end is None:
        raise UsageError(
            f"--until {text} is no time: 90m, 2h, 1d, 07:30, 2026-11-24 or 2026-11-24T10:00 (UTC)"
        )
    if end <= now:
        raise UsageError(f"--until {text} is over already (times are UTC)")
    return end


def lasts(end: float, now: float) -> bool:
    """Whether a pause has an end that somebody named."""
    return end - now < FOR_GOOD_S - 400 * DAY_S


def _length(text: str) -> float | None:
    """``90m`` in seconds; None: it is no length."""
    found = re.fullmatch(r"(\d{1,5})\s*([mhd])", text.strip())
    return int(found[1]) * _SECONDS[found[2]] if found else None


def _date(text: str) -> float | None:
    """A date, or a date and a time, in seconds since the epoch; None: it is neither."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
