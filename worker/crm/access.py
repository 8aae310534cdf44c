"""A refused token, in a sentence that says what to do. A 401 is not always an expired token."""

from __future__ import annotations

import re
from typing import Final

from contacts.errors import AccessLost
from worker.crm.operations import Operation

PAUSE_S: Final = 900.0
"""A location whose access is lost is tried again each quarter of an hour: a person may have
repaired it in the CRM, where we cannot see it."""

_NEW_TOKEN = (
    "make a new private integration token inside the sub-account (Settings > Private "
    "Integrations) and set it with ROLLBOOK_CRM_TOKEN, or install the app: `rollbook connect`"
)
_KINDS: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(shape, re.IGNORECASE), code, advice)
    for shape, code, advice in (
        (
            r"version header|invalid api version",
            "version",
            "the CRM does not take the Version header: set ROLLBOOK_CRM_VERSION to 2021-07-28",
        ),
        (
            r"not authori[sz]ed for this scope",
            "scope",
            "the token lacks the scope {scope}: add it to the private integration in the CRM, "
            "the token stays the same; or to the app, and install it again (`rollbook connect`)",
        ),
        (
            r"authclass type|user ?type mismatch",
            "token-class",
            f"the token is an agency's, not the sub-account's: {_NEW_TOKEN}",
        ),
        (
            r"access to this location",
            "other-location",
            f"the token belongs to another location: check ROLLBOOK_CRM_LOCATION, or {_NEW_TOKEN}",
        ),
        (
            r"invalid (?:jwt|private integration|token)|token is|expired|unauthori[sz]ed",
            "token",
            f"the CRM does not take the token (wrong, expired or revoked): {_NEW_TOKEN}",
        ),
    )
)


def access_lost(operation: Operation, status: int, said: str | None) -> AccessLost | None:
    """The error of a call that was turned away at the door; None if it was not.

    Args:
        status: HTTP status.
        said: the CRM's message; None when the answer was not JSON: then a 403 is somebody in
            between (a firewall that disliked one body), not a lost token.
    """
    if 300 <= status < 400:
        return _lost(
            f"the CRM's address answers with a redirect ({status}): check ROLLBOOK_CRM_URL",
            "address",
        )
    if status == 400 and said and _KINDS[0][0].search(said):
        return _lost(_KINDS[0][2], _KINDS[0][1])
    if status not in (401, 403) or (status == 403 and said is None):
        return None
    for shape, code, advice in _KINDS:
        if said and shape.search(said):
            return _lost(advice.format(scope=operation.scope), code)
    return _lost(
        f"the CRM refuses access ({status}, {operation.name}): check the token, its scopes "
        f"({operation.scope}) and its location",
        "access-lost",
    )


def _lost(reason: str, code: str) -> AccessLost:
    return AccessLost(reason, seconds=PAUSE_S, code=code, pause=True)
