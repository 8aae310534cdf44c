"""A machine whose clock is wrong: Python imports this by itself where its folder is on the path.

``ROLLBOOK_PROOF_SKEW_S`` seconds are added to whatever tells the time of day; the monotonic clock
of such a machine is right, and so it stays.
"""

from __future__ import annotations

import copyreg
import datetime
import os
import time
from typing import Any

_time, _time_ns, _datetime = time.time, time.time_ns, datetime.datetime


class _AnyDatetime(type):
    """What C code makes is one as well."""

    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, _datetime)

    def __subclasscheck__(cls, one: type) -> bool:
        return issubclass(one, _datetime)


class _Skewed(datetime.datetime, metaclass=_AnyDatetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return _datetime.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return _datetime.fromtimestamp(time.time(), datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return _datetime.fromtimestamp(time.time())


def anew(*words: Any) -> datetime.datetime:
    """Unpickle one: pickle finds no class of C's under the name that is ours now."""
    return _datetime(*words)


def skew_s() -> float:
    """How far this machine's clock is ahead."""
    return float(os.environ.get("ROLLBOOK_PROOF_SKEW_S", "0"))


def taken_apart(one: datetime.datetime) -> tuple[Any, ...]:
    """Pickle one."""
    return (anew, tuple(one.__reduce_ex__(2)[1]))


if SKEW_S := skew_s():
    copyreg.pickle(_datetime, taken_apart)
    time.time = lambda: _time() + SKEW_S
    time.time_ns = lambda: _time_ns() + int(SKEW_S * 1e9)
    datetime.datetime = _Skewed  # type: ignore[misc]
