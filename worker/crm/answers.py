"""What an answer of the CRM means for the job that asked: the errors of ``contacts.errors``.

    2xx                     the document, if it is one
    429                     CrmBusy, the location pauses; RateLimited when the day is used up
    503 with Retry-After    CrmBusy, the location pauses
    other 5xx, 408, no answer, HTML, half an answer    CrmUnavailable, doubtful after a write
    401, 403, a redirect    AccessLost, the location waits for a person
    400, 404 of a contact   ContactGone
    other 4xx               CrmRefused, with the CRM's sentence and every value masked

Pure: an answer, the time and a random number in, an error or a document out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import orjson

from contacts.errors import (
    DAY_OVER,
    ContactGone,
    CrmBusy,
    CrmRefused,
    CrmUnavailable,
    RateLimited,
    SyncError,
    TryLater,
)
from contacts.identity import IDENTITY
from worker.crm.access import access_lost
from worker.crm.masking import masked
from worker.crm.operations import Operation
from worker.crm.shapes import JsonObject

WINDOW_S: Final = 10.0
"""The documented window of the limit; used when the answer names none."""

JITTER: Final = 0.2
"""Up to this part of a window is added, so that many locations do not come back together."""

DAY_GONE_S: Final = 60.0
"""With the day's quota used up, the next job asks the limiter so much later: it has seen it in the
header, and knows when to ask the CRM again."""

LONGEST_PAUSE_S: Final = 86_400.0
"""A Retry-After beyond a day is taken for a mistake."""

_GONE = re.compile(
    r"contact(?:s)?(?: with (?:the )?id:? \S+)? (?:was |is |has been )?"
    r"(?:not found|deleted|does not exist)\.?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came. Header names are looked up without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def document(operation: Operation, body: bytes) -> JsonObject:
    """The JSON object of a successful answer.

    Raises:
        CrmUnavailable: it is not one: half an answer, or a page of something in between.
    """
    if not body and operation.method == "DELETE":
        return {}
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise bad_answer(operation, "is not JSON")
    return found


def bad_answer(operation: Operation, what: str) -> CrmUnavailable:
    """The CRM said yes, in words that cannot be used. The call may well have taken effect."""
    return CrmUnavailable(
        f"the CRM's answer {what} ({operation.name})",
        code="bad-answer",
        doubtful=operation.writes,
    )


def failure(
    operation: Operation,
    answer: Answer,
    *,
    sent: Iterable[str] = (),
    now: float = 0.0,
    jitter: float = 0.0,
) -> SyncError:
    """The error that an answer other than 2xx means.

    Args:
        sent: words of the values that were sent; they are masked in the CRM's sentence.
        now: seconds since the epoch, for a Retry-After that is a date.
        jitter: a random number in [0, 1).
    """
    status, said = answer.status, _Said.of(answer.body)
    if status == 429:
        return _too_many(operation, answer, now=now, jitter=jitter)
    if status >= 500 or status == 408:
        return _broken(operation, answer, now=now)
    if status == 425:
        return CrmUnavailable(f"the CRM answered 425 ({operation.name})", code="crm-error")
    lost = access_lost(operation, status, said.text if said.json else None)
    if lost is not None:
        return lost
    if not said.json and status not in (404, 413):
        return bad_answer(operation, f"{status} is not JSON")
    return _refused(operation, status, said, sent)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the body of a refusal says."""

    json: bool
    messages: tuple[str, ...]
    twin: str | None
    field: str | None

    @property
    def text(self) -> str:
        return "; ".join(self.messages)

    @classmethod
    def of(cls, body: bytes) -> _Said:
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            return cls(False, (), None, None)
        inner = found.get("error")  # v3 puts some refusals inside: {"error": {"code", "message"}}
        said = found.get("message") or found.get("error_description")
        said = said or (inner.get("message") if isinstance(inner, dict) else inner)
        many = said if isinstance(said, list) else [said]
        meta = found.get("meta")
        twin = meta.get("contactId") if isinstance(meta, dict) else None
        field = meta.get("matchingField") if isinstance(meta, dict) else None
        return cls(
            True,
            tuple(one for one in many if isinstance(one, str)),
            twin if isinstance(twin, str) and twin else None,
            field if field in IDENTITY else None,
        )


def _too_many(operation: Operation, answer: Answer, *, now: float, jitter: float) -> TryLater:
    """429: nothing was done. Retry-After, else hours if the day is used up, else one window."""
    asked = retry_after(answer.headers, now)
    if asked is None and count(answer.headers, "x-ratelimit-daily-remaining") == 0:
        return RateLimited(
            f"{DAY_OVER}, says the CRM",
            seconds=DAY_GONE_S,
            code="day-quota",
            pause=True,
        )
    window = (count(answer.headers, "x-ratelimit-interval-milliseconds") or 0) / 1000
    seconds = asked if asked is not None else (window or WINDOW_S) * (1 + JITTER * jitter)
    return CrmBusy(
        f"the CRM asked for a pause: 429, too many requests ({operation.name})",
        seconds=seconds,
        code="too-many-requests",
        pause=True,
    )


def _broken(operation: Operation, answer: Answer, *, now: float) -> SyncError:
    """5xx. What was done before it broke is unknown."""
    asked = retry_after(answer.headers, now) if answer.status == 503 else None
    if asked is not None:
        return CrmBusy(
            f"the CRM is unavailable and named a time to come back: 503 ({operation.name})",
            seconds=asked,
            pause=True,
            doubtful=operation.writes,
        )
    return CrmUnavailable(
        f"the CRM answered {answer.status} ({operation.name})",
        code="crm-error",
        doubtful=operation.writes,
    )


def _refused(
    operation: Operation, status: int, said: _Said, sent: Iterable[str]
) -> CrmRefused | ContactGone:
    if said.twin is not None:
        return duplicate(status, said.twin, said.field)
    by_id = "{id}" in operation.path and operation.name.startswith("contact.")
    if by_id and status in (400, 404) and _GONE.fullmatch(said.text):
        return ContactGone(f"the CRM no longer knows the contact ({operation.name})")
    if status == 404 and (not said.json or said.text.startswith("Cannot ")):
        return CrmRefused(
            f"the CRM knows no such call ({operation.name}): check ROLLBOOK_CRM_URL and "
            "ROLLBOOK_CRM_VERSION",
            status=status,
            code="no-such-call",
        )
    why = masked(said.messages, sent) or "without a reason"
    if status == 413:
        why = "it is too large"
    return CrmRefused(f"the CRM refused {operation.what} ({status}): {why}", status=status)


def says_gone(sentence: str) -> bool:
    """Whether the CRM's sentence about a contact says that it is not there any more."""
    return _GONE.fullmatch(sentence.strip()) is not None


def duplicate(status: int, twin: str | None, field: str | None) -> CrmRefused:
    """The refusal of an email or phone that another contact of the CRM has."""
    return CrmRefused(
        f"the CRM has another contact with this {field or 'email or phone'} ({twin}), and allows "
        "no duplicates",
        status=status,
        twin=twin,
        field=field,
        code="duplicate",
    )


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait by ``Retry-After``: a number, or a date by the server's own ``Date``.

    At least 1 s, at most a day; None without the header or with nonsense in it.
    """
    raw = headers.get("retry-after", "").strip()
    if not raw:
        return None
    if re.fullmatch(r"\d{1,9}(?:\.\d+)?", raw):
        seconds = float(raw)
    else:
        until = _date(raw)
        if until is None:
            return None
        seconds = until - (_date(headers.get("date", "")) or now)
    return min(max(seconds, 1.0), LONGEST_PAUSE_S)


def _date(raw: str) -> float | None:
    try:
        found = parsedate_to_datetime(raw)
    except (ValueError, TypeError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def count(headers: Mapping[str, str], name: str) -> int | None:
    """A header that is a whole number from 0; None if it is absent or anything else."""
    raw = headers.get(name)
    return int(raw) if raw is not None and re.fullmatch(r"\d{1,12}", raw) else None


def milliseconds(iso: object) -> int | None:
    """An ISO time of the CRM as milliseconds since the epoch; None if it is none."""
    if not isinstance(iso, str):
        return None
    try:
        return round(datetime.fromisoformat(iso).timestamp() * 1000)
    except ValueError:
        return None
