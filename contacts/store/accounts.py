"""Locations of the CRM: their tokens (encrypted), custom fields, limits and pauses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, case, delete, exists, or_, select, update

from contacts.errors import DAY_OVER, UsageError
from contacts.settings import Settings
from contacts.store import grants
from contacts.store.cipher import Cipher
from contacts.store.database import Store, Tx
from contacts.store.grants import Of
from contacts.store.prepared import Prepared
from contacts.store.tables import custom_fields as fields_table
from contacts.store.tables import locations as table

_GRANTED: Final = exists().where(grants.is_shown(Of.LOCATION, table.c.id)).label("granted")
"""Whether an install of our app gave the location a token."""

# A worker reads a location's row and fields anew each 5 s, and writes down what its limiter shows
# each 3 s.
_HERE: Final = table.c.id == bindparam("b_id")
_ROW: Final = Prepared(select(table, _GRANTED).where(_HERE))
_FIELDS: Final = Prepared(
    select(fields_table.c.id, fields_table.c.key, fields_table.c.name, fields_table.c.data_type)
    .where(fields_table.c.location == bindparam("b_id"))
    .order_by(fields_table.c.key)
)
_SAVE_SEEN: Final = Prepared(
    update(table)
    .where(_HERE)
    .values(limits_seen=bindparam("b_seen", type_=table.c.limits_seen.type))
)
_END_DAYS_PAUSE: Final = tuple(
    Prepared(update(table).where(_HERE, why.startswith(DAY_OVER)).values({end: None, why: None}))
    for end, why in (
        (table.c.paused_until, table.c.pause_reason),
        (table.c.bulk_paused_until, table.c.bulk_pause_reason),
    )
)


@dataclass(frozen=True, slots=True)
class Location:
    """One location (sub-account).

    Attributes:
        country: ISO 3166 alpha-2; None until known.
        window_calls, window_ms, day_calls: its own limits; None: the settings' ones.
        paused_until: seconds since the epoch; None when not paused.
        pause_reason: a sentence, no personal data.
        pause_bulk_only: live jobs go on in spite of the pause.
        has_token: a private integration's, or that of an install, which is renewed by itself.
        limits_seen: what the limiter last showed, see ``worker.pulse``; empty: it never did.
    """

    id: str
    name: str | None
    country: str | None
    window_calls: int | None
    window_ms: int | None
    day_calls: int | None
    paused_until: float | None
    pause_reason: str | None
    pause_bulk_only: bool
    has_token: bool
    limits_seen: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """A location with what only its calls need.

    Attributes:
        sealed: its private integration's token, encrypted; None: it has none.
        granted: whether an install of our app gave it a token, which then goes first.
    """

    place: Location
    custom: tuple[CustomField, ...]
    sealed: bytes | None = field(repr=False)
    granted: bool

    def token(self, cipher: Cipher) -> str:
        """The token of its private integration.

        Raises:
            UsageError: there is none, or it was encrypted with another key.
        """
        id = self.place.id
        if self.sealed is None:
            raise UsageError(
                f"location {id} has no token: set ROLLBOOK_CRM_TOKEN, or `rollbook locations add "
                f"{id}`"
            )
        return cipher.decrypt(self.sealed)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the CRM allows: ``calls`` in any window of ``window_s`` seconds, and ``per_day``."""

    calls: int
    window_s: float
    window_ms: int
    per_day: int


def allowed(settings: Settings, place: Location | None = None) -> Allowed:
    """A location's own limits where they are set, else the settings'; None: the settings'."""
    own_ms = place.window_ms if place else None
    return Allowed(
        calls=(place and place.window_calls) or settings.window_calls,
        window_s=own_ms / 1000 if own_ms else settings.window_seconds,
        window_ms=own_ms or int(settings.window_seconds * 1000),
        per_day=(place and place.day_calls) or settings.day_calls,
    )


@dataclass(frozen=True, slots=True)
class CustomField:
    """One custom field of a location. ``key`` is without ``contact.``; ``data_type`` the CRM's."""

    id: str
    key: str
    name: str
    data_type: str


def ensure_location(
    tx: Tx, id: str, *, cipher: Cipher, token: str | None, country: str | None = None
) -> None:
    """Make the location known; a token or country given replaces the one that was there."""
    row = tx.execute(select(table.c.token).where(table.c.id == id)).first()
    values: dict[str, Any] = {}
    if country is not None:
        values["country"] = country
    if token is not None and (row is None or row.token is None or _differs(row, token, cipher)):
        values["token"] = cipher.encrypt(token)
        # A new token is what a person does about lost access: do not make her wait. A pause of
        # bulk alone is the day's quota, which a token does not give back.
        values |= {"paused_until": None, "pause_reason": None}
    if row is None:
        tx.execute(table.insert().values(id=id, **values))
    elif values:
        tx.execute(update(table).where(table.c.id == id).values(**values))


def describe(
    tx: Tx,
    id: str,
    *,
    name: str | None = None,
    window_calls: int | None = None,
    window_ms: int | None = None,
    day_calls: int | None = None,
) -> None:
    """Change what is given of the location's name and limits; what is None stays."""
    given = {
        "name": name,
        "window_calls": window_calls,
        "window_ms": window_ms,
        "day_calls": day_calls,
    }
    values = {column: value for column, value in given.items() if value is not None}
    if values:
        tx.execute(update(table).where(table.c.id == id).values(**values))


def _differs(row: Any, token: str, cipher: Cipher) -> bool:
    try:
        return cipher.decrypt(row.token) != token
    except UsageError:
        return True


def location(store: Store, id: str) -> Location:
    """One location.

    Raises:
        UsageError: not known.
    """
    with store.read() as tx:
        row = _row(tx, id)
    return _location(row, store.clock())


def held(tx: Tx, id: str, *, now: float) -> Held:
    """One location with what only its calls need, by two statements.

    Raises:
        UsageError: not known.
    """
    row = _row(tx, id)
    sealed = None if row.token is None else bytes(row.token)
    return Held(_location(row, now), _custom(tx, id), sealed, bool(row.granted))


def _row(tx: Tx, id: str) -> Any:
    row = _ROW.first(tx, {"b_id": id})
    if row is None:
        raise UsageError(f"location {id} is not known: add it with `rollbook locations add {id}`")
    return row


def locations(store: Store) -> list[Location]:
    """Every location, by id."""
    with store.read() as tx:
        return [
            _location(row, store.clock())
            for row in tx.execute(select(table, _GRANTED).order_by(table.c.id))
        ]


def _location(row: Any, now: float) -> Location:
    """A row as people see it: of two pauses the one that stops more."""
    until, reason = row.paused_until, row.pause_reason
    bulk_only = not until or until <= now
    if bulk_only:
        until, reason = row.bulk_paused_until, row.bulk_pause_reason
    if not until or until <= now:
        until, reason, bulk_only = None, None, False
    return Location(
        id=row.id,
        name=row.name,
        country=row.country,
        window_calls=row.window_calls,
        window_ms=row.window_ms,
        day_calls=row.day_calls,
        paused_until=until,
        pause_reason=reason,
        pause_bulk_only=bulk_only,
        has_token=row.token is not None or bool(row.granted),
        limits_seen=row.limits_seen or {},
    )


def custom_fields(store: Store, id: str) -> tuple[CustomField, ...]:
    """The location's custom fields as last read, by key."""
    with store.read() as tx:
        return _custom(tx, id)


def _custom(tx: Tx, id: str) -> tuple[CustomField, ...]:
    return tuple(CustomField(*row) for row in _FIELDS.all(tx, {"b_id": id}))


def fields_known(store: Store, id: str) -> bool:
    """Whether the location's custom fields were ever read."""
    return fields_read_at(store, id) is not None


def fields_read_at(store: Store, id: str) -> float | None:
    """When the location's custom fields were last read, seconds since the epoch; None: never."""
    query = select(table.c.fields_read_at).where(table.c.id == id)
    with store.read() as tx:
        return tx.execute(query).scalar_one_or_none()


def save_fields(tx: Tx, location: str, rows: Sequence[CustomField], *, now: float) -> None:
    """Replace the location's custom fields by what was read just now."""
    tx.execute(delete(fields_table).where(fields_table.c.location == location))
    if rows:
        tx.execute(fields_table.insert(), [asdict(row) | {"location": location} for row in rows])
    tx.execute(update(table).where(table.c.id == location).values(fields_read_at=now))


def pause(tx: Tx, location: str, until: float, reason: str, *, bulk_only: bool = False) -> bool:
    """Release none of the location's jobs until then. A pause is never shortened by another.

    Args:
        bulk_only: live jobs go on. Such a pause and one of all lanes stand side by side.

    Returns:
        whether it holds now; False when the location is not known.
    """
    end, why = (
        (table.c.bulk_paused_until, table.c.bulk_pause_reason)
        if bulk_only
        else (table.c.paused_until, table.c.pause_reason)
    )
    found = tx.execute(
        update(table)
        .where(table.c.id == location)
        .values(
            {
                why: case((end > until, why), else_=reason),
                end: case((end > until, end), else_=until),
            }
        )
    )
    return bool(found.rowcount)


def resume(tx: Tx, location: str, *, bulk_only: bool = False) -> bool:
    """End the location's pauses.

    Args:
        bulk_only: only the one that lets live jobs go on.

    Returns:
        whether there was one.
    """
    ended: dict[str, None] = {"bulk_paused_until": None, "bulk_pause_reason": None}
    ends = [table.c.bulk_paused_until]
    if not bulk_only:
        ended |= {"paused_until": None, "pause_reason": None}
        ends.append(table.c.paused_until)
    paused = or_(*(end.is_not(None) for end in ends))
    done = tx.execute(update(table).where(table.c.id == location, paused).values(**ended))
    return bool(done.rowcount)


def end_days_pause(tx: Tx, location: str) -> bool:
    """The CRM's day began anew: end the pauses that waited for it, and no others.

    Returns:
        whether there was one.
    """
    return sum(end.count(tx, {"b_id": location}) for end in _END_DAYS_PAUSE) > 0


def save_limits_seen(tx: Tx, location: str, seen: dict[str, Any]) -> None:
    """Keep what the limiter showed; ``worker.pulse`` writes it, ``producers.flow`` reads it."""
    _SAVE_SEEN.count(tx, {"b_id": location, "b_seen": seen})
