"""Who may renew a grant, and what becomes of it: the verbs of ``contacts.store.grants``.

    take ──► one call ──► keep    newer tokens, generation + 1
                     ├──► turn    the next tokens come by another way
                     ├──► lose    there are no more
                     └──► let_go  nothing was called, or its answer was lost

* ``take`` is a compare-and-set on one row: of all threads, processes and hosts one has the right.
* ``keep`` is fenced by the generation, not by the right: an answer that comes after it ran out is
  as good as any, unless newer tokens are there already.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from sqlalchemy import and_, or_, update

from contacts.catalogue import BY_NAME
from contacts.jobs import Kind, Lane, Wish
from contacts.store import grants, installs, ledger
from contacts.store.cipher import Cipher
from contacts.store.database import Tx
from contacts.store.grants import COLUMNS, Grant, Of, State, Tokens, Way, is_due
from contacts.store.tables import grants as table
from contacts.store.tables import locations

RENEWING: Final = "its access token is renewed"
"""Why a location is paused for the moment that it takes."""

CUSTOM_FIELDS: Final = BY_NAME["location.custom_fields"].scope


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to renew one grant until a time; nobody else has it."""

    grant: Grant
    mark: str
    until: float
    refresh: str | None = field(repr=False)
    code: str | None = field(repr=False)


def take(
    tx: Tx, id: int, *, cipher: Cipher, now: float, lease_s: float, margin_s: float
) -> Lease | None:
    """The right to renew a grant, if it is due and nobody else has it.

    Raises:
        UsageError: its tokens were encrypted with another key.
    """
    mark = uuid.uuid4().hex
    free = or_(table.c.lease.is_(None), table.c.lease_until <= now)
    taken = (
        update(table)
        .where(table.c.id == id, free, is_due(now + margin_s))
        .values(lease=mark, lease_until=now + lease_s)
        .returning(*COLUMNS, table.c.refresh, table.c.code)
    )
    row = tx.execute(taken).first()
    if row is None:
        return None
    refresh, code = (None if one is None else cipher.decrypt(bytes(one)) for one in row[-2:])
    return Lease(Grant(*row[:-2]), mark, now + lease_s, refresh, code)


def let_go(tx: Tx, lease: Lease) -> None:
    """Give the right back: no call is under way."""
    mine = and_(table.c.id == lease.grant.id, table.c.lease == lease.mark)
    tx.execute(update(table).where(mine).values(lease=None, lease_until=None))


def keep(tx: Tx, lease: Lease, tokens: Tokens, *, cipher: Cipher, now: float) -> bool:
    """Let these be the grant's tokens, and its location go on.

    Returns:
        False: newer ones are there already; these are dropped.
    """
    kept = tx.execute(
        update(table)
        .where(_same(lease))
        .values(**_fresh(tokens, cipher, now), generation=lease.grant.generation + 1)
    )
    if kept.rowcount:
        anew = lease.grant.state != State.LIVE or lease.grant.reason == installs.AGAIN
        _go_on(tx, lease.grant, tokens, now, anew=anew)
    return bool(kept.rowcount)


def put(tx: Tx, tokens: Tokens, *, cipher: Cipher, now: float) -> int:
    """The same of an install: whatever was there before is replaced; returns the grant's id."""
    id = grants.expected(tx, tokens.kind, tokens.owner, tokens.company, Way.REFRESH)
    before = grants.by_id(tx, id)
    assert before is not None
    tx.execute(
        update(table)
        .where(table.c.id == id)
        .values(**_fresh(tokens, cipher, now), generation=table.c.generation + 1)
    )
    _go_on(tx, before, tokens, now, anew=True)
    installs.no_longer_wait(tx, [id], now=now)
    return id


def turn(tx: Tx, lease: Lease, way: Way, *, code: str | None, cipher: Cipher) -> bool:
    """Get the next tokens by another way; the right is given back.

    Returns:
        False: newer ones are there already.
    """
    values = {"way": way, "code": None if code is None else cipher.encrypt(code), "wanted": True}
    return _change(tx, lease, values)


def lose(tx: Tx, lease: Lease, reason: str) -> bool:
    """The CRM gives no tokens any more."""
    nothing = {"access": None, "refresh": None, "code": None, "expires_at": None, "wanted": False}
    return _change(tx, lease, nothing | {"state": State.LOST, "reason": reason})


def say(tx: Tx, lease: Lease, reason: str) -> bool:
    """Keep what the CRM said, for people; the right is given back."""
    return _change(tx, lease, {"reason": reason})


def _change(tx: Tx, lease: Lease, values: dict[str, Any]) -> bool:
    done = tx.execute(
        update(table).where(_same(lease)).values(**values, lease=None, lease_until=None)
    )
    return bool(done.rowcount)


def _same(lease: Lease) -> Any:
    """Nobody has kept newer tokens since, and the app is still installed."""
    grant = lease.grant
    return and_(
        table.c.id == grant.id,
        table.c.generation == grant.generation,
        table.c.state.in_([State.NEW, State.LIVE]),
    )


def _fresh(tokens: Tokens, cipher: Cipher, now: float) -> dict[str, Any]:
    by_company = tokens.refresh is None and tokens.kind is Of.LOCATION
    return {
        "access": cipher.encrypt(tokens.access),
        "refresh": None if tokens.refresh is None else cipher.encrypt(tokens.refresh),
        "code": None,
        "scopes": tokens.scopes,
        "expires_at": now + tokens.seconds,
        "renewed_at": now,
        "way": Way.COMPANY if by_company else Way.REFRESH,
        "state": State.LIVE,
        "reason": None,
        "wanted": False,
        "lease": None,
        "lease_until": None,
        **({"company": tokens.company} if tokens.company else {}),
    }


def _go_on(tx: Tx, before: Grant, tokens: Tokens, now: float, *, anew: bool) -> None:
    """What follows from new tokens: a location that waited for them does so no longer.

    Args:
        anew: they are those of another install, so what was wrong with the last one may be mended.
    """
    if tokens.kind is Of.COMPANY:
        if anew:
            installs.start_walk(tx, before.id, now=now)
        return
    grants.make_location(tx, tokens.owner)
    waited = locations.c.id == tokens.owner
    if not anew:
        waited = and_(waited, locations.c.pause_reason == RENEWING)
    tx.execute(update(locations).where(waited).values(paused_until=None, pause_reason=None))
    # An install with the least scopes does not need them: asked for, they would wait for a person.
    if anew and (not tokens.scopes or CUSTOM_FIELDS in tokens.scopes.split()):
        ledger.put(tx, [Wish(Kind.FIELDS, tokens.owner, lane=Lane.LIVE)], now=now)


class Verdict(Enum):
    """What is done about an access token that the CRM refuses."""

    NONE = "the token was not a grant's"
    OLD = "newer tokens are there already"
    RENEW = "the grant is renewed"
    LOST = "the CRM refuses what it gave just now"


FRESH_S: Final = 600.0
"""Tokens that were got because others were refused, and are refused within ten minutes themselves,
would be so for ever: nothing is renewed in a circle."""


def refused(tx: Tx, kind: Of, owner: str, generation: int, *, now: float) -> Verdict:
    """The CRM refused an access token.

    Args:
        generation: of the token that was shown.
    """
    grant = grants.of(tx, kind, owner)
    if grant is None or grant.state != State.LIVE:
        return Verdict.NONE
    if grant.generation > generation:
        return Verdict.OLD
    if not grant.wanted:
        fresh = grant.renewed_at is not None and now - grant.renewed_at < FRESH_S
        again = grant.refused == grant.generation - 1 and fresh
        if again or grant.refused == grant.generation:
            _mark(tx, grant, refused=grant.generation)
            return Verdict.LOST
    _mark(tx, grant, refused=grant.generation, wanted=True)
    ledger.put(tx, [grants.wish(grant.id)], now=now)
    return Verdict.RENEW


def want(tx: Tx, kind: Of, owner: str, *, now: float) -> bool:
    """Have a grant renewed whatever its end; returns whether there is one."""
    grant = grants.of(tx, kind, owner)
    if grant is None or grant.state not in (State.LIVE, State.NEW):
        return False
    _mark(tx, grant, wanted=True)
    ledger.put(tx, [grants.wish(grant.id)], now=now)
    return True


def _mark(tx: Tx, grant: Grant, **values: Any) -> None:
    tx.execute(update(table).where(table.c.id == grant.id).values(**values))
