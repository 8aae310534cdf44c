"""One location as its jobs need it: the token that they show, its country, limits and fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contacts.errors import AccessLost, UsageError
from contacts.settings import Settings
from contacts.store import accounts, grants
from contacts.store.accounts import Held
from contacts.store.cipher import Cipher
from contacts.store.database import Store, Tx
from contacts.store.grants import Of
from worker.access import OVER, over
from worker.crm.limits import KnownDay, Limits

PLACE_CACHE_S = 5.0
"""A location's token, country and custom fields are read again after this long: a new token or a
resumed location is noticed within 5 s, and a read for each job (0.2 ms) is saved."""

TOKEN_WAIT_S = 900.0
"""A location without a usable token waits a quarter of an hour, or until it gets a new one."""


@dataclass(frozen=True, slots=True)
class Place:
    """One location as a deed needs it, read at ``read_at`` (seconds of the clock).

    Attributes:
        generation: of its grant's tokens; None: it has a private integration token.
    """

    country: str
    token: str = field(repr=False)
    custom: tuple[accounts.CustomField, ...]
    limits: Limits
    read_at: float
    generation: int | None = None


def read_place(
    store: Store, cipher: Cipher, settings: Settings, location: str, now: float
) -> Place:
    """The location's token and what else a deed needs.

    Raises:
        AccessLost: it has no token that can be used.
    """
    try:
        with store.read() as tx:
            found = accounts.held(tx, location, now=now)
            token, generation = _token(tx, cipher, found, now)
    except UsageError as error:
        # Nothing is lost by waiting for the person who sets the token: that ends the pause.
        raise AccessLost(str(error), seconds=TOKEN_WAIT_S, code="no-token", pause=True) from None
    return Place(
        country=found.place.country or settings.country,
        token=token,
        custom=found.custom,
        limits=limits_of(found.place, settings),
        read_at=now,
        generation=generation,
    )


def _token(tx: Tx, cipher: Cipher, found: Held, now: float) -> tuple[str, int | None]:
    """The grant's access token and its generation, where there is one; else the private
    integration's.

    Raises:
        UsageError: there is none; says why.
        AccessLost: the grant's is over: it is to be renewed.
    """
    location = found.place.id
    granted = grants.shown(tx, Of.LOCATION, location, cipher) if found.granted else None
    if granted is not None:
        if over(granted, now):
            reason = "its access token is over"
            raise AccessLost(reason, seconds=TOKEN_WAIT_S, code=OVER, pause=True)
        return granted.access, granted.generation
    try:
        return found.token(cipher), None
    except UsageError:
        known = grants.of(tx, Of.LOCATION, location)
        if known is None:
            raise
        what = known.reason or "its first token is on its way"
        raise UsageError(f"location {location}: {what}") from None


def limits_of(row: accounts.Location | None, settings: Settings) -> Limits:
    """The limits of a location, as the limiter takes them: what was last seen of them is what it
    knows where Redis has forgotten.

    Args:
        row: None: the settings' limits.
    """
    may = accounts.allowed(settings, row)
    return Limits(
        per_window=may.calls,
        window_ms=may.window_ms,
        per_day=may.per_day,
        day_bulk_share=settings.day_reserve,
        strict=settings.limit_strict,
        known=known_day(row.limits_seen if row else {}),
    )


def known_day(seen: Mapping[str, Any]) -> KnownDay:
    """What the database remembers of a location's day."""
    heard = bool(seen.get("heard"))
    return KnownDay(
        begins_from=int(seen.get("begins_from") or 0),
        begins_to=int(seen.get("begins_to") or 0),
        left=int(seen["day_left"]) if heard else 0,
        at=int(float(seen["at"]) * 1000) if heard else 0,
    )
