"""What an install granted: the tokens of an agency or a location, and how each stands.

new ──► live ──► renewed again and again, see ``contacts.store.renewals``
         ├────► lost   the CRM gives no tokens any more: a person must install again
         └────► gone   the app was uninstalled, see ``contacts.store.installs``
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import and_, bindparam, func, or_, select

from contacts.jobs import OAUTH, Kind, Lane, Wish
from contacts.store.cipher import Cipher
from contacts.store.database import Store, Tx
from contacts.store.inserting import insert
from contacts.store.prepared import Prepared
from contacts.store.tables import grants as table
from contacts.store.tables import locations


class Of(StrEnum):
    """Whose tokens they are: the CRM's two classes."""

    COMPANY = "company"
    LOCATION = "location"


class Way(StrEnum):
    """How the next tokens are got; each is one call."""

    REFRESH = "refresh"
    """By the refresh token."""
    COMPANY = "company"
    """From the agency's access token."""
    RECONNECT = "reconnect"
    """The refresh token is lost: the CRM is asked for a code."""
    CODE = "code"
    """The code of a reconnect is exchanged."""


class State(StrEnum):
    """How a grant stands."""

    NEW = "new"
    """It has no tokens yet."""
    LIVE = "live"
    LOST = "lost"
    """The CRM gives no tokens any more; a person must install again."""
    GONE = "gone"
    """The app was uninstalled."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant, without its tokens.

    Attributes:
        owner: the CRM's id of the company or location.
        company: of a location: its agency, where known.
        scopes: separated by spaces.
        expires_at: end of the access token, seconds since the epoch; None: there is none.
        generation: how often new tokens were kept.
        reason: why it is lost or gone, or what the CRM said last.
        wanted: to be renewed whatever its end.
        refused: the generation that the CRM refused last.
    """

    id: int
    kind: str
    owner: str
    company: str | None
    scopes: str
    expires_at: float | None
    generation: int
    way: str
    state: str
    reason: str | None
    wanted: bool
    refused: int | None
    lease_until: float | None
    renewed_at: float | None
    cursor: str | None
    walked_at: float | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the CRM gave.

    Attributes:
        refresh: None: the CRM gave none, as with the tokens of an agency's locations before v3.
        seconds: how long ``access`` lives.
    """

    kind: Of
    owner: str
    company: str | None
    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    seconds: float
    scopes: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The access token that calls show, and of which generation it is."""

    access: str = field(repr=False)
    generation: int
    expires_at: float


COLUMNS: Final = tuple(table.c[one.name] for one in fields(Grant))


# ---------------------------------------------------------------- looking


def by_id(tx: Tx, id: int) -> Grant | None:
    """One grant."""
    row = tx.execute(select(*COLUMNS).where(table.c.id == id)).first()
    return None if row is None else Grant(**row._mapping)


def of(tx: Tx, kind: Of, owner: str) -> Grant | None:
    """The grant of a company or location."""
    row = _OF.first(tx, {"b_kind": kind, "b_owner": owner})
    return None if row is None else Grant(*row)


def known(store: Store, *, company: str | None = None) -> list[Grant]:
    """Every grant, or those of an agency's locations; by kind and owner."""
    query = select(*COLUMNS).order_by(table.c.kind, table.c.owner)
    if company is not None:
        query = query.where(table.c.company == company, table.c.kind == Of.LOCATION)
    with store.read() as tx:
        return [Grant(**row._mapping) for row in tx.execute(query)]


def shown(tx: Tx, kind: Of, owner: str, cipher: Cipher) -> Shown | None:
    """The access token of a live grant; None: there is none.

    Raises:
        UsageError: it was encrypted with another key.
    """
    row = _SHOWN.first(tx, {"b_kind": kind, "b_owner": owner})
    if row is None:
        return None
    return Shown(cipher.decrypt(bytes(row.access)), row.generation, row.expires_at)


def due(tx: Tx, *, now: float, margin_s: float, limit: int = 10_000) -> list[int]:
    """Ids of the grants that are to be renewed, the most urgent first."""
    query = select(table.c.id).where(is_due(now + margin_s)).order_by(table.c.expires_at)
    return list(tx.execute(query.limit(limit)).scalars())


def is_of(kind: Of, owner: Any) -> Any:
    return and_(table.c.kind == kind, table.c.owner == owner)


def is_shown(kind: Of, owner: Any) -> Any:
    """Calls of this owner, an id or a column of ids, show the grant's access token."""
    return and_(is_of(kind, owner), table.c.state == State.LIVE, table.c.access.is_not(None))


_WHOSE: Final[Any] = (bindparam("b_kind"), bindparam("b_owner"))
_OF: Final = Prepared(select(*COLUMNS).where(is_of(*_WHOSE)))
_SHOWN: Final = Prepared(
    select(table.c.access, table.c.generation, table.c.expires_at).where(is_shown(*_WHOSE))
)


def is_due(before: float) -> Any:
    return or_(
        table.c.state == State.NEW,
        and_(table.c.state == State.LIVE, or_(table.c.wanted, table.c.expires_at <= before)),
    )


def wish(id: int, lane: Lane = Lane.LIVE) -> Wish:
    """The job that renews a grant."""
    return Wish(Kind.ACCESS_REFRESH, OAUTH, subject=id, lane=lane)


def expected(tx: Tx, kind: Of, owner: str, company: str | None, way: Way) -> int:
    """A grant that is to have tokens; one that has some stays as it is. Returns its id."""
    values = {"state": State.NEW, "way": way, "reason": None, "company": company}
    statement = insert(tx, table).values(kind=kind, owner=owner, **values)
    # By the agency's token is one call, by a reconnect two: a new one takes the shorter way.
    stands = [State.LOST, State.GONE] + ([State.NEW] if way is Way.COMPANY else [])
    there = table.c.state.in_(stands)
    tx.execute(
        statement.on_conflict_do_update(index_elements=["kind", "owner"], set_=values, where=there)
    )
    return int(tx.execute(select(table.c.id).where(is_of(kind, owner))).scalar_one())


def make_location(tx: Tx, id: str, name: str | None = None) -> None:
    """Let a location be known; a name that it has stays."""
    statement = insert(tx, locations).values(id=id, name=name)
    named = {"name": func.coalesce(locations.c.name, statement.excluded.name)}
    tx.execute(statement.on_conflict_do_update(index_elements=["id"], set_=named))
