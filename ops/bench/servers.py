"""Real servers for a measurement, if a person names some: nothing of hers is touched."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator

import redis
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from contacts.errors import UsageError


@contextlib.contextmanager
def database(server: str | None) -> Iterator[str | None]:
    """A new database on this PostgreSQL, dropped at the end; None: there is no server named.

    Raises:
        UsageError: it cannot be made there.
    """
    if server is None:
        yield None
        return
    name = f"rollbook_bench_{secrets.token_hex(4)}"
    try:
        url = make_url(server).set(drivername="postgresql+psycopg")
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except SQLAlchemyError as error:
        raise UsageError(f"--postgres: no database can be made ({type(error).__name__})") from None
    try:
        plain = url.set(drivername="postgresql", database=name)
        yield plain.render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@contextlib.contextmanager
def broker(url: str | None) -> Iterator[str | None]:
    """This Redis, whose database must be empty; what we put there is removed at the end.

    Raises:
        UsageError: it does not answer, or somebody's data is there.
    """
    if url is None:
        yield None
        return
    try:
        with redis.Redis.from_url(url, socket_timeout=5) as client:
            found = client.dbsize()
    except redis.RedisError as error:
        raise UsageError(f"--redis does not answer ({type(error).__name__})") from None
    if found:
        raise UsageError(
            f"--redis: {found} keys are there; name an empty database number, such as /7"
        )
    try:
        yield url
    finally:
        with redis.Redis.from_url(url, socket_timeout=30) as client:
            client.flushdb()
