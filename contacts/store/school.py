"""A school's own database: read who changed, write back what the CRM decides.

Not our database: its tables are the school's, and it may be of any kind that SQLAlchemy can open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import (
    Connection,
    and_,
    column,
    create_engine,
    literal,
    make_url,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.types import NullType

from contacts.errors import GiveUp, SyncError, TryAgain
from contacts.platforms import Feed

POOL: Final = 2
"""Connections that are kept: a feed and a write."""


class School:
    """An open database of a school. Thread-safe.

    Args:
        url: any address of SQLAlchemy's.
        password: put into the address; None: it has one, or needs none.

    Raises:
        GiveUp: the address cannot be read, or its driver is not installed.
    """

    def __init__(self, url: str, password: str | None = None) -> None:
        try:
            parsed = make_url(url)
            if password is not None and parsed.host:  # a file has no password
                parsed = parsed.set(password=password)
            pooled: dict[str, Any] = {}
            if parsed.get_backend_name() != "sqlite":
                pooled = {"pool_size": POOL, "max_overflow": 3, "pool_timeout": 5}
            self._engine = create_engine(
                # An error that quotes its parameters would carry emails and names into a log.
                parsed, hide_parameters=True, pool_pre_ping=True, **pooled
            )  # fmt: skip
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise GiveUp(
                f"the school's database cannot be opened ({type(error).__name__}): correct url of "
                "[platform], install its driver, and `rollbook platform connect`",
                code="platform-refused",
            ) from None

    def changes(
        self, feed: Feed, names: Sequence[str], *, after: tuple[Any, Any] | None
    ) -> list[Mapping[str, Any]]:
        """The next rows by (time of the last change, key), at most ``feed.size``.

        Args:
            names: of the columns; those of time and key come with them.
            after: (time, key) of the row before; None: from the beginning.

        Raises:
            SyncError: the database is away, or has no such table or column.
        """
        wanted = dict.fromkeys([*names, feed.updated, feed.key])
        updated: Any = column(feed.updated)
        key: Any = column(feed.key)
        query: Any = select(*(column(name) for name in wanted)).select_from(_table(feed))
        query = query.where(updated.is_not(None))
        if after is not None:
            at, last = (_bound(value) for value in after)
            query = query.where(or_(updated > at, and_(updated == at, key > last)))
        query = query.order_by(updated, key).limit(feed.size)
        with self._connected("platform.changes") as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def write(self, feed: Feed, by: str, value: str, values: Mapping[str, Any]) -> None:
        """Change the row of one person.

        Args:
            by: the column that knows the person, and the value it has there.
            values: by column; None empties.

        Raises:
            GiveUp: there is no such person.
            SyncError: the database is away, or refuses.
        """
        where = _table(feed, by, *values)
        with self._connected("platform.push") as connection:
            same = column(by) == _bound(_alike(connection, where, by, value))
            written = {name: _bound(one) for name, one in values.items()}
            done = connection.execute(update(where).where(same).values(written))
            if not done.rowcount and connection.execute(select(column(by)).select_from(
                where).where(same)).first() is None:  # fmt: skip
                raise GiveUp(
                    "the person is not in the school's table any more", code="platform-refused"
                )

    @contextmanager
    def _connected(self, operation: str) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _meaning(operation, error) from None

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _table(feed: Feed, *columns: str) -> Any:
    schema, _, name = feed.table.rpartition(".")
    return table(name, *(column(one) for one in columns), schema=schema or None)


def _bound(value: Any) -> Any:
    """A text without a type: then PostgreSQL reads it as the column's, be it a day or a UUID."""
    return literal(value, NullType()) if isinstance(value, str) else literal(value)


def _alike(connection: Connection, where: Any, by: str, value: str) -> Any:
    """A key as its column holds it: a number is not found by its text everywhere."""
    sample = connection.execute(select(column(by)).select_from(where).limit(1)).scalar()
    if isinstance(sample, int) and not isinstance(sample, bool) and value.isdecimal():
        return int(value)
    return value


def _meaning(operation: str, error: SQLAlchemyError) -> SyncError:
    """What a database's error means; its text is not repeated, for it may quote a row."""
    kind = type(error).__name__
    missing = isinstance(error, ProgrammingError) or (
        isinstance(error, OperationalError) and "no such" in str(error.orig)
    )
    if missing or (isinstance(error, DBAPIError) and kind in ("DataError", "IntegrityError")):
        return GiveUp(
            f"the school's database refuses ({operation}, {kind}): check table and columns of "
            "[platform]",
            code="platform-refused",
        )
    return TryAgain(
        f"the school's database does not answer ({operation}, {kind})",
        code="platform-unavailable",
        doubtful=operation == "platform.push",
    )
