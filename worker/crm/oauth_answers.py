"""What the OAuth server's refusals mean: it has other words than the API.

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
from worker.crm.access import PAUSE_S
from worker.crm.answers import Answer
from worker.crm.masking import masked

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
