"""What an answer of a course platform means for the job that asked. Pure.

    2xx                 the document
    429, 503            it is busy: later, by its Retry-After
    401, 403, redirect  it refuses access: later, for a person to mend
    other 5xx, 408      tried again; doubtful after a write
    other 4xx           parked, with its sentence and every value masked

None of these pauses the location: its calls to the CRM go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from contacts.errors import GiveUp, SyncError, TryAgain, TryLater
from worker.crm.masking import masked

MEND_S: Final = 900.0
"""Without access, come back after a quarter of an hour."""

BUSY_S: Final = 60.0
"""What a 429 without a Retry-After means; OnlineCourseHost counts by the minute."""

LONGEST_S: Final = 3600.0


def document(operation: str, body: bytes, *, writes: bool) -> Any:
    """The JSON of a successful answer; None where it has no body.

    Raises:
        TryAgain: it is not JSON.
    """
    if not body.strip():
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_answer(operation, "is not JSON", writes=writes) from None


def bad_answer(operation: str, what: str, *, writes: bool) -> TryAgain:
    """It said yes, in words that cannot be used."""
    return TryAgain(
        f"the course platform's answer {what} ({operation})",
        code="platform-answer",
        doubtful=writes,
    )


def failure(
    operation: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    writes: bool,
    sent: Iterable[str] = (),
) -> SyncError:
    """The error that an answer other than 2xx means.

    Args:
        sent: words of the values that were sent, which are masked in the platform's sentence.
    """
    if status == 429 or (status == 503 and "retry-after" in headers):
        return busy(f"{status}, {operation}", _wait(headers))
    if status in (401, 403) or 300 <= status < 400:
        return access_lost(f"refuses access ({status}, {operation})")
    if status >= 500 or status in (408, 425):
        return TryAgain(
            f"the course platform answered {status} ({operation})",
            code="platform-unavailable",
            doubtful=writes,
        )
    return refused(operation, status, said(body), sent)


def busy(what: str, seconds: float) -> TryLater:
    """It asked not to be called for a while."""
    return TryLater(f"the course platform is busy ({what})", seconds=seconds, code="platform-busy")


def refused(operation: str, status: int, sentences: Iterable[str], sent: Iterable[str]) -> GiveUp:
    """It does not want what we sent."""
    sentence = masked(sentences, sent)
    told = f": {sentence}" if sentence else ""
    return GiveUp(
        f"the course platform refused ({status}, {operation}){told}", code="platform-refused"
    )


def access_lost(what: str) -> TryLater:
    """A person has to connect it anew; the job waits."""
    return TryLater(
        f"the course platform {what}: `rollbook platform connect` asks for its token",
        seconds=MEND_S,
        code="platform-access",
    )


def said(body: bytes) -> list[str]:
    """The sentences of a refusal."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(found, dict):
        return []
    values = [found.get(name) for name in ("message", "error", "errors", "detail")]
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in flat if isinstance(one, str)]


def _wait(headers: Mapping[str, str]) -> float:
    text = headers.get("retry-after", "").strip()
    return min(float(text), LONGEST_S) if text.isdecimal() else BUSY_S
