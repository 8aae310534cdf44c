"""Numbers and times as a person says them. Pure."""

from __future__ import annotations

from datetime import datetime

from producers import moments


def number(value: float) -> str:
    """``12,345``; a fraction keeps one digit."""
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def count(value: int, one: str, many: str | None = None) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def span(seconds: float) -> str:
    """``45 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 days 4 h``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two(whole // 60, "min", whole % 60, "s")
    if whole < 86_400:
        return _two(whole // 3600, "h", whole % 3600 // 60, "min")
    days = whole // 86_400
    return _two(days, "day" if days == 1 else "days", whole % 86_400 // 3600, "h")


def _two(first: int, name: str, second: int, other: str) -> str:
    return f"{first} {name} {second} {other}" if second else f"{first} {name}"


def ago(then: float, now: float) -> str:
    """``3 min 20 s ago``."""
    return f"{span(now - then)} ago" if now - then >= 1 else "just now"


def clock(at: float, now: float) -> str:
    """The local time: ``14:05:10``, with the day when it is another one."""
    moment, today = (
        datetime.fromtimestamp(at).astimezone(),
        datetime.fromtimestamp(now).astimezone(),
    )
    if moment.date() == today.date():
        return f"{moment:%H:%M:%S}"
    return f"{moment:%d %b %H:%M}"


def until_when(end: float, now: float) -> str:
    """``until 07:30:00 (2 h 5 min)``, or ``until somebody ends it``."""
    if not moments.lasts(end, now):
        return "until somebody ends it"
    return f"until {clock(end, now)} ({span(end - now)})"
