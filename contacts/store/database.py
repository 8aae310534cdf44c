"""Opening the database, and saying when it is away.

SQLite (WAL) serves one machine, PostgreSQL more than one. A write transaction on SQLite begins
with ``BEGIN IMMEDIATE``: the lock is taken before the first read, so no transaction fails half way
because another one wrote in between.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import orjson
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ExceptionContext,
    create_engine,
    delete,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from contacts.errors import UsageError
from contacts.store.one_clock import OneClock
from contacts.store.together import Together

T = TypeVar("T")

Tx = Connection
"""A transaction: everything in it becomes true at once, or not at all."""

BUSY_S = 20.0
"""How long a writer waits for SQLite's one write lock; a full bulk put holds it about 0.1 s."""


_NOW = select(func.extract("epoch", func.clock_timestamp()))

LOOK_S = 0.001
"""How often such a writer looks whether the lock is free: 0.02 ms of CPU each."""


class DatabaseDown(Exception):
    """The database did not answer, or broke off. Nothing of the transaction is true (a commit
    whose answer was lost may be: every verb is safe to repeat). The text names no address."""


class Store:
    """A pool of connections. Thread-safe.

    Attributes:
        clock: seconds since the epoch, the same for all who use this database; injected in tests.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self.engine = engine
        self._writing = engine.execution_options(rollbook_writes=True)
        self.clock = clock
        self._told = clock if isinstance(clock, OneClock) else None
        # SQLite lets one writer in; waiters in its own queue poll with sleeps of up to 100 ms, so
        # the threads of one process queue here instead.
        self._turn: threading.Lock | None = None
        self._together: Together | None = None
        if engine.dialect.name == "sqlite":
            self._turn = threading.Lock()
            # PostgreSQL commits for its own connections together; and a group there would hold the
            # locks of several contacts, which two processes might take crosswise.
            self._together = Together(
                self.write,
                down=lambda: DatabaseDown("interrupted"),
                hopeless=DatabaseDown,
            )

    @contextlib.contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction that only reads.

        Raises:
            DatabaseDown: see there.
        """
        with _outage_named(), self.engine.connect() as tx:
            self._keep_time(tx)
            yield tx

    @contextlib.contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction that is committed at the end, or rolled back if anything is raised.

        Raises:
            DatabaseDown: see there.
        """
        turn = self._turn or contextlib.nullcontext()
        with _outage_named(), turn, self._writing.connect() as tx, tx.begin():
            self._keep_time(tx)
            yield tx

    def _keep_time(self, tx: Tx) -> None:
        if self._told is not None and self._told.is_due():
            self._told.measure(lambda: float(tx.execute(_NOW).scalar_one()))

    def commit(self, deed: Callable[[Tx], T], *, is_urgent: bool = False) -> T:
        """Do something in a transaction, which on SQLite may be one with those of other threads.

        Args:
            deed: may be called twice, the first time undone, and by another thread.
            is_urgent: before those of other threads that wait and are not.

        Returns:
            what the deed returned; all of it is committed.

        Raises:
            DatabaseDown: see there.
            Exception: what the deed raised; nothing of it is true.
        """
        if self._together is not None:
            return self._together.run(deed, is_urgent=is_urgent)
        with self.write() as tx:
            return deed(tx)

    def know(self, **options: object) -> None:
        """Let every transaction that begins from now on have these execution options."""
        for engine in (self.engine, self._writing):
            engine.update_execution_options(**options)

    def prune(self, times: Column[Any], older_than_s: float) -> int:
        """Forget the rows of a table that are older than so many seconds.

        Args:
            times: the table's column that tells how old a row is, seconds since the epoch.

        Returns:
            how many.
        """
        with self.write() as tx:
            gone = delete(times.table).where(times < self.clock() - older_than_s)
            return int(tx.execute(gone).rowcount)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextlib.contextmanager
def _outage_named() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        origin = getattr(error, "orig", None) or error
        raise DatabaseDown(type(origin).__name__) from None
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseDown(type(error.orig).__name__) from None
        if error.statement is None and not isinstance(error, IntegrityError):
            # Not even connected, and trying again would not help.
            raise UsageError(
                f"the database cannot be opened ({type(error.orig).__name__}): is "
                "ROLLBOOK_DATABASE_URL right, and a file that it names, or HOME/rollbook.db, "
                "an SQLite database?"
            ) from None
        raise


def check_schema(store: Store) -> None:
    """Make sure that the database has the tables of this version.

    Raises:
        UsageError: it is empty, older or newer than this version, or none; says what to do.
        DatabaseDown: no answer.
    """
    from contacts.store.migrations import HEAD, revision

    with store.read() as tx:
        found = revision(tx)
    if found != HEAD:
        what = "is empty" if found is None else f"is at version {found}, not {HEAD}"
        raise UsageError(f"the database {what}: run `rollbook migrate`")


def migrate(url: str) -> None:
    """Create or upgrade the tables. Several processes may call it at once.

    Raises:
        UsageError: the address cannot be read.
        DatabaseDown: no answer.
    """
    from contacts.store.migrations import upgrade

    engine = make_engine(url, pool_size=1)
    try:
        with _outage_named():
            upgrade(engine)
    finally:
        engine.dispose()


def open_store(url: str, *, clock: Callable[[], float] | None = None, pool_size: int = 5) -> Store:
    """Open the database; nothing is sent until the first transaction.

    Args:
        url: ``sqlite:///path`` or ``postgresql://…`` (psycopg 3).
        clock: seconds since the epoch; None: PostgreSQL's own, for SQLite this machine's.
        pool_size: connections kept; as many as threads that use it at once.

    Raises:
        UsageError: the address cannot be read.
    """
    engine = make_engine(url, pool_size)
    if clock is None:
        clock = OneClock() if engine.dialect.name == "postgresql" else time.time
    return Store(engine, clock)


def make_engine(url: str, pool_size: int = 5) -> Engine:
    """An engine for the address, with our JSON and SQLite rules."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageError("ROLLBOOK_DATABASE_URL cannot be read as an address") from None
    options: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        "pool_size": pool_size,
        "max_overflow": 5,
        "pool_timeout": BUSY_S,
        # An error that quotes its parameters would carry emails and names into a log.
        "hide_parameters": True,
    }
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            # It holds personal data: other users of the machine have no business in its folder.
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_engine(
            parsed, connect_args={"timeout": BUSY_S, "check_same_thread": False}, **options
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "handle_error", _keep_interrupted)
        return engine
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": 5},
            **options,
        )
    raise UsageError("ROLLBOOK_DATABASE_URL is neither a postgresql:// nor a sqlite:// address")


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # autocommit mode of the driver: our own BEGIN decides, not the driver's guess.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL: a commit survives pulling the plug. With NORMAL the last ones may be undone, and a note
    # that was written once would be written again.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _keep_interrupted(context: ExceptionContext) -> None:
    """Ctrl-C in the middle of a statement: roll back, do not throw the connection away.

    SQLAlchemy would close it, but SQLite closes nothing while the traceback still holds a cursor:
    the write lock stayed with us, and our own next transaction waited for it in vain (measured: 24
    of 98 interrupted batches).
    """
    if not isinstance(context.original_exception, Exception):
        context.is_disconnect = False


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get("rollbook_writes"):
        connection.exec_driver_sql("BEGIN")
        return
    # SQLite's own waiting looks after 1, 2, 5, 10 … 100 ms: beside a process that writes all the
    # time another one found the lock free by luck, after seconds. We look each millisecond.
    raw: Any = connection.connection.dbapi_connection
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        give_up = time.monotonic() + BUSY_S
        while not _begun(raw) and time.monotonic() < give_up:
            time.sleep(LOOK_S)
        if not raw.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # says what is wrong, as any statement
    finally:
        raw.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")


def _begun(raw: sqlite3.Connection) -> bool:
    """Begin to write; False while somebody else does."""
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return False
        # Anything else is raised by the statement itself, by name and as an outage.
    return True
