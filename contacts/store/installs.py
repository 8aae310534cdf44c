"""Where the app is installed: an agency's locations, and what INSTALL and UNINSTALL tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import and_, or_, select, update

from contacts.events import INSTALL, UNINSTALL, Event
from contacts.jobs import OAUTH, Kind, Lane, Wish
from contacts.store import accounts, grants, ledger
from contacts.store.database import Tx
from contacts.store.grants import Grant, Of, State, Way
from contacts.store.tables import consents, jobs, locations
from contacts.store.tables import grants as table
from contacts.tempo import DAY_S

PATIENCE_S: Final = 120.0
"""An INSTALL comes together with the callback of ``rollbook connect``: what brings the tokens first
is enough, so the webhook waits so long before it asks for others."""

CONSENT_S: Final = 3600.0
"""How long a link of ``rollbook connect`` may be used."""

AGAIN: Final = "the app was installed once more"

FOR_GOOD_S: Final = 365 * DAY_S

UNINSTALLED: Final = (
    "the app was uninstalled in the CRM: install it again (`rollbook connect`), and it goes on"
)


def start_walk(tx: Tx, id: int, *, now: float) -> None:
    """Read an agency's installed locations from the beginning."""
    tx.execute(update(table).where(table.c.id == id).values(cursor=None, walked_at=None))
    ledger.put(tx, [Wish(Kind.ACCESS_LOCATIONS, OAUTH, subject=id, lane=Lane.LIVE)], now=now)


def walked(
    tx: Tx,
    grant: Grant,
    page: Sequence[tuple[str, str | None]],
    *,
    cursor: str | None,
    now: float,
) -> None:
    """A page of an agency's installed locations was read: each is to have tokens.

    Args:
        page: (id, name) of the locations.
        cursor: where the next page begins; None: this was the last one.
    """
    ids = []
    for id, name in page:
        grants.make_location(tx, id, name)
        ids.append(grants.expected(tx, Of.LOCATION, id, grant.owner, Way.COMPANY))
    wishes = [grants.wish(id) for id in ids]
    if cursor is not None:
        wishes.append(Wish(Kind.ACCESS_LOCATIONS, OAUTH, subject=grant.id, lane=Lane.LIVE))
    tx.execute(
        update(table)
        .where(table.c.id == grant.id)
        .values(cursor=cursor, walked_at=None if cursor else now, reason=None)
    )
    ledger.put(tx, wishes, now=now)
    no_longer_wait(tx, ids, now=now)


def say(tx: Tx, grant: Grant, reason: str) -> None:
    """Keep why an agency's locations cannot be read, for people."""
    tx.execute(update(table).where(table.c.id == grant.id).values(reason=reason))


def no_longer_wait(tx: Tx, ids: Sequence[int], *, now: float) -> None:
    """Let the renewals that an INSTALL has put be due, see :data:`PATIENCE_S`: what they wait for
    is here."""
    waiting = and_(jobs.c.kind == Kind.ACCESS_REFRESH, jobs.c.state == "waiting")
    tx.execute(update(jobs).where(waiting, jobs.c.subject.in_(ids)).values(due_at=now))


# ---------------------------------------------------------------- what webhooks tell


def hear(tx: Tx, events: Iterable[Event], *, app: str, now: float) -> None:
    """Act upon INSTALL and UNINSTALL of our app, each of which comes here once.

    Args:
        app: its id; events of other apps are nothing to us.
    """
    for event in events:
        if event.type not in (INSTALL, UNINSTALL) or event.payload.get("appId") != app:
            continue
        company = event.payload.get("companyId")
        agency = company if isinstance(company, str) and company else None
        if event.type == INSTALL:
            _installed(tx, event.location, agency, now)
        else:
            _uninstalled(tx, event, agency, now)


def _installed(tx: Tx, location: str, company: str | None, now: float) -> None:
    """Whoever installed it: the tokens are fetched, an agency's locations looked up."""
    agency = grants.of(tx, Of.COMPANY, company) if company else None
    if not location:
        if agency is not None and agency.state == State.LIVE:
            start_walk(tx, agency.id, now=now)
        elif company:
            _fetch(tx, Of.COMPANY, company, now, company=None, way=Way.RECONNECT)
        return
    live = agency is not None and agency.state == State.LIVE
    way = Way.COMPANY if live else Way.RECONNECT
    grants.make_location(tx, location)
    _fetch(tx, Of.LOCATION, location, now, company=company, way=way)


def _fetch(tx: Tx, kind: Of, owner: str, now: float, *, company: str | None, way: Way) -> None:
    before = grants.of(tx, kind, owner)
    if before is not None and before.state == State.LIVE:
        if now - (before.renewed_at or 0) < PATIENCE_S:
            return  # the callback was quicker
        # Installed once more, perhaps with other scopes: the old tokens know nothing of them.
        again = {"way": way, "wanted": True, "reason": AGAIN}
        tx.execute(update(table).where(table.c.id == before.id).values(**again))
    id = grants.expected(tx, kind, owner, company, way)
    due_at = now + PATIENCE_S if _somebody_connects(tx, now) else 0.0
    ledger.put(tx, [Wish(Kind.ACCESS_REFRESH, OAUTH, 0, id, Lane.LIVE, due_at=due_at)], now=now)


def _somebody_connects(tx: Tx, now: float) -> bool:
    open_one = and_(consents.c.settled_at.is_(None), consents.c.asked_at > now - CONSENT_S)
    return tx.execute(select(consents.c.id).where(open_one).limit(1)).first() is not None


def _uninstalled(tx: Tx, event: Event, company: str | None, now: float) -> None:
    """The tokens are worth nothing any more: they are dropped, and the locations wait."""
    if event.location:
        whose = and_(table.c.kind == Of.LOCATION, table.c.owner == event.location)
    elif company:
        whose = or_(table.c.company == company, table.c.owner == company)
    else:
        return
    # One that comes late, after another install, is about tokens that are gone anyhow.
    before = or_(table.c.renewed_at.is_(None), table.c.renewed_at <= event.at)
    nothing: dict[str, Any] = {"access": None, "refresh": None, "code": None, "expires_at": None}
    gone = (
        update(table)
        .where(whose, before)
        .values(**nothing, state=State.GONE, reason=UNINSTALLED, wanted=False)
        .returning(table.c.kind, table.c.owner)
    )
    places = [row.owner for row in tx.execute(gone) if row.kind == Of.LOCATION]
    own = select(locations.c.id).where(locations.c.id.in_(places), locations.c.token.is_(None))
    for place in tx.execute(own).scalars().all():
        accounts.pause(tx, place, now + FOR_GOOD_S, UNINSTALLED)
