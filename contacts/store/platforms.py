"""The course platform of each location: how it is talked to, its secret, its courses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from contacts.platforms import Platform, from_json, to_json
from contacts.store import policies
from contacts.store.cipher import Cipher
from contacts.store.database import Store, Tx
from contacts.store.inserting import insert
from contacts.store.tables import courses as course_table
from contacts.store.tables import platforms as table


@dataclass(frozen=True, slots=True)
class Connected:
    """A location's platform.

    Attributes:
        kept_at: since when it is so, seconds since the epoch.
        courses_read_at: None: never.
    """

    location: str
    platform: Platform
    has_secret: bool
    kept_at: float
    courses_read_at: float | None


@dataclass(frozen=True, slots=True)
class Course:
    """A course of the platform."""

    id: str
    title: str


def of(tx: Tx, location: str) -> Platform | None:
    """How a location's platform is talked to; None: it is not connected."""
    query = select(table.c.config).where(table.c.location == location)
    found = tx.execute(query).scalar_one_or_none()
    return None if found is None else from_json(found)


def connected(store: Store) -> list[Connected]:
    """Every location with a platform, by its id."""
    with store.read() as tx:
        return [
            Connected(
                location=row.location,
                platform=from_json(row.config),
                has_secret=row.secret is not None,
                kept_at=row.kept_at,
                courses_read_at=row.courses_read_at,
            )
            for row in tx.execute(select(table).order_by(table.c.location))
        ]


def connect(
    tx: Tx, location: str, platform: Platform, *, secret: str | None, cipher: Cipher, now: float
) -> None:
    """Let this be the location's platform; what it brings is synced from now on.

    Args:
        secret: None: the one it has stays, if it is for the same address.
    """
    before = of(tx, location)
    values: dict[str, object] = {"config": to_json(platform), "kept_at": now}
    if secret is not None:
        values["secret"] = cipher.encrypt(secret)
    elif before is not None and before.url != platform.url:
        # What opens one door is not shown at another.
        values["secret"] = None
    statement = insert(tx, table).values(location=location, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["location"], set_=values))
    policies.bring(tx, location, platform.fields, now=now)


def disconnect(tx: Tx, location: str) -> bool:
    """Forget a location's platform and its secret; returns whether there was one."""
    return bool(tx.execute(delete(table).where(table.c.location == location)).rowcount)


def secret(tx: Tx, location: str, cipher: Cipher) -> str | None:
    """The platform's token or password; None: there is none.

    Raises:
        UsageError: it was encrypted with another key.
    """
    query = select(table.c.secret).where(table.c.location == location)
    sealed = tx.execute(query).scalar_one_or_none()
    return None if sealed is None else cipher.decrypt(bytes(sealed))


def courses(store: Store, location: str) -> list[Course]:
    """The courses as they were last read, by title."""
    query = (
        select(course_table.c.course, course_table.c.title)
        .where(course_table.c.location == location)
        .order_by(course_table.c.title, course_table.c.course)
    )
    with store.read() as tx:
        return [Course(row.course, row.title) for row in tx.execute(query)]


def save_courses(tx: Tx, location: str, found: Sequence[Course], *, now: float) -> None:
    """Replace the courses by what was read just now."""
    tx.execute(delete(course_table).where(course_table.c.location == location))
    if found:
        rows = {one.id: one.title for one in found}
        tx.execute(
            course_table.insert(),
            [
                {"location": location, "course": id, "title": title}
                for id, title in sorted(rows.items())
            ],
        )
    tx.execute(update(table).where(table.c.location == location).values(courses_read_at=now))
