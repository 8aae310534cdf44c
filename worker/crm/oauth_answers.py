"""What the OAuth server's answers mean: tokens in either generation's words, and its refusals.

The words are those of the v3 specification and of what integrators measured; a refusal that is
none of them is told by its own sentence.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

import orjson

from contacts.catalogue import Operation
from contacts.errors import AccessLost, GiveUp
from contacts.store.grants import Of, Tokens
from worker.crm.access import PAUSE_S
from worker.crm.answers import Answer, bad_answer
from worker.crm.masking import masked
from worker.crm.shapes import JsonObject

SHORT_S: Final = 3600.0
"""How long a token is taken to live whose answer does not say."""

CLASSES: Final = {"Company": Of.COMPANY, "Location": Of.LOCATION}

_BY_CLIENT: Final = frozenset({"oauth.token", "oauth.reconnect"})
"""Calls that show the app's secret and no token: their 401 says nothing of a token."""


class Why(StrEnum):
    """Why no tokens were given."""

    GRANT = "oauth-grant"
    """The refresh token is used, over or revoked."""
    CODE = "oauth-code"
    """The code is spent or over."""
    OTHER = "oauth-refused"


class Refused(GiveUp):
    """No tokens, and asking again in the same way would not help."""

    def __init__(self, reason: str, why: Why) -> None:
        super().__init__(reason, code=why.value)
        self.why = why


def refused(operation: Operation, answer: Answer) -> Refused | AccessLost | None:
    """The error of a call that shows the app's secret; None: it means what it means elsewhere."""
    other = answer.status in (408, 425, 429) or not 400 <= answer.status < 500
    if operation.name not in _BY_CLIENT or other:
        return None
    said = _said(answer.body)
    for shape, error in _MEANINGS:
        if shape.search(said):
            return error()
    why = masked([said]) or "without a reason"
    return Refused(f"the CRM gives no tokens ({answer.status}, {operation.name}): {why}", Why.OTHER)


def _inactive() -> AccessLost:
    return AccessLost(
        "the CRM says that the location is not active (paused, or not paid for): its tokens stay "
        "good, and it goes on as soon as it is active again",
        seconds=PAUSE_S,
        code="location-inactive",
        pause=True,
    )


def _client() -> AccessLost:
    return AccessLost(
        "the CRM does not take the app: check ROLLBOOK_OAUTH_CLIENT_ID and "
        "ROLLBOOK_OAUTH_CLIENT_SECRET",
        seconds=PAUSE_S,
        code="oauth-client",
    )


def _code() -> Refused:
    return Refused("the CRM does not know the code (spent, or over)", Why.CODE)


def _grant() -> Refused:
    return Refused("the CRM does not take the refresh token (used, over or revoked)", Why.GRANT)


_MEANINGS: Final = (
    (re.compile(r"not active", re.I), _inactive),
    (re.compile(r"authorization code|code (?:is )?(?:not found|invalid|expired)", re.I), _code),
    (re.compile(r"invalid[ _]grant|refresh token", re.I), _grant),
    (re.compile(r"\bclient", re.I), _client),
)


def _said(body: bytes) -> str:
    """The sentences of a refusal, in any of the forms that were seen."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(found, dict):
        return ""
    told = []
    for name in ("message", "error_description", "error"):
        value = found.get(name)
        if isinstance(value, dict):
            value = value.get("message")
        told += [one for one in (value if isinstance(value, list) else [value]) if one]
    return "; ".join(str(one) for one in told)


def next_page(found: JsonObject, cursor: str | None, rows: int) -> str | None:
    """Where the next page begins, by either generation."""
    pages = found.get("pagination")
    if isinstance(pages, dict):
        token = pages.get("nextPageToken") if pages.get("hasNextPage") else None
        return token if isinstance(token, str) and token != cursor else None
    read = int(cursor or 0) + rows
    count = found.get("count")
    return str(read) if rows and isinstance(count, int) and read < count else None


def read_tokens(operation: Operation, found: JsonObject, kind: Of | None) -> Tokens:
    """Tokens in the words of either generation."""

    def word(*names: str) -> str | None:
        told = (found.get(name) for name in names)
        return next((one for one in told if isinstance(one, str) and one), None)

    access, whose = word("access_token", "accessToken"), kind or CLASSES.get(word("userType") or "")
    owner = word("companyId" if whose is Of.COMPANY else "locationId")
    if access is None or whose is None or owner is None:
        raise bad_answer(operation, "has no token, or does not say whose")
    seconds = found.get("expires_in", found.get("expiresIn"))
    return Tokens(
        kind=whose,
        owner=owner,
        company=word("companyId"),
        access=access,
        refresh=word("refresh_token", "refreshToken"),
        seconds=float(seconds) if isinstance(seconds, int | float) and seconds > 0 else SHORT_S,
        scopes=word("scope") or "",
    )
