"""Who may ask: the Version header, the kinds of token, scopes and locations."""

from __future__ import annotations

import re
from typing import Final

from ops.simulator.config import Token
from ops.simulator.refusals import Refusal, bad_request, forbidden, unauthorised

VERSIONS: Final = ("2021-04-15", "2021-07-28", "2023-02-21", "v3")

NOBODY: Final = Token(token="none", kind="oauth-company")
"""Who makes a call that needs no token."""

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_NO_SCOPE: Final = "The token is not authorized for this scope."


def version(header: str | None) -> str:
    """The version that is asked for. It is looked at before anything else.

    Raises:
        Refusal: none (401), an unknown date (401), anything else (400).
    """
    if header is None:
        raise unauthorised("version header was not found.")
    if header in VERSIONS:
        return header
    if _DATE.fullmatch(header):
        raise unauthorised("version header is invalid")
    raise bad_request(f"Invalid API version segment '{header}' at position 0")


def secret(header: str | None) -> str:
    """The token in an ``Authorization`` header; empty if there is none."""
    kind, _, token = (header or "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def refuse_expired(said: str) -> Refusal:
    """What a token that is over is told; the real sentence is not published."""
    return Refusal(401, said, {"error": "Unauthorized"})


def refuse_unknown(secret: str) -> Refusal:
    """What a token that is none is told."""
    if not secret:
        said = "Invalid token: access token is invalid"
        return Refusal(401, said, {"error": "Unauthorized"})
    if secret.startswith("pit-"):
        return unauthorised("Invalid Private Integration token")
    return unauthorised("Invalid JWT")


def check_scope(token: Token, scope: str, *, agency: bool) -> None:
    """Raise if a token of this kind and these scopes may not make the call.

    Args:
        agency: whether tokens of an agency may make it as well.

    Raises:
        Refusal: 401.
    """
    if not agency:
        if token.kind == "oauth-company":
            raise unauthorised(
                "This authClass type is not allowed to access this scope. Please verify your IAM "
                "configuration if this is not the case."
            )
        if token.kind == "pit-agency":
            contacts = scope.startswith("contacts.")
            raise unauthorised(_NO_SCOPE if contacts else "Token's user type mismatch!")
    if scope not in token.scopes:
        raise unauthorised(_NO_SCOPE)


def check_location(token: Token, location: str, *, known: bool = True) -> None:
    """Raise if the token is not for this location.

    Raises:
        Refusal: 403.
    """
    if not known or (token.location is not None and token.location != location):
        raise forbidden("The token does not have access to this location.")
