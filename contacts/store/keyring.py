"""What is encrypted in the database, and its passage from one key to the next.

Every column of bytes is encrypted, and nothing else is (``tests/contacts/store/test_keyring.py``):
so the list of what a rotation has to touch is the schema itself.

The root, from which marks and passwords are derived (``Cipher.derive``), must outlive every
rotation: a mark of a forgotten person is a hash, which nobody can make anew. It is kept in the
database, encrypted like a token.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from sqlalchemy import Column, LargeBinary, Table, and_, select, tuple_, update

from contacts.errors import UsageError
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.store.inserting import insert
from contacts.store.tables import metadata, secrets

ROOT: Final = "root"

BATCH: Final = 200
"""Values of one transaction: a few milliseconds of the one write lock that SQLite has."""

UNKNOWN: Final = -1
"""In a tally: encrypted with none of the keys."""


def sealed() -> list[Column[Any]]:
    """Every column that holds something encrypted."""
    return [
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    ]


def rooted(store: Store, cipher: Cipher) -> Cipher:
    """The cipher, deriving from what this database has always derived from.

    Raises:
        UsageError: the database was encrypted with another key.
    """
    query = select(secrets.c.sealed).where(secrets.c.name == ROOT)
    with store.read() as tx:
        found = tx.execute(query).scalar_one_or_none()
    return cipher if found is None else cipher.with_root(cipher.decrypt(bytes(found)).encode())


def keep_root(store: Store, cipher: Cipher) -> Cipher:
    """The same; the root is kept if it was not before. For a process that begins.

    Raises:
        UsageError: the database was encrypted with another key: better said at the start than
            found out by every job.
    """
    found = rooted(store, cipher)
    with store.read() as tx:
        if tx.execute(select(secrets.c.name).where(secrets.c.name == ROOT)).first():
            return found
    if UNKNOWN in tally(store, cipher, most=1):
        raise UsageError(
            "the tokens in the database were encrypted with another key: set ROLLBOOK_SECRET_KEY "
            "to it, or add it to ROLLBOOK_OLD_SECRET_KEYS (`rollbook keys` tells more)"
        )
    row = {"name": ROOT, "sealed": cipher.encrypt(cipher.root.decode()), "made_at": store.clock()}
    with store.write() as tx:
        tx.execute(
            insert(tx, secrets).values(**row).on_conflict_do_nothing(index_elements=["name"])
        )
    return rooted(store, cipher)


def tally(store: Store, cipher: Cipher, *, most: int | None = None) -> Counter[int]:
    """How many values are encrypted with each key, by its place in ``cipher.keys``.

    Args:
        most: values of each column that are looked at; None: all.
    """
    found: Counter[int] = Counter()
    for column in sealed():
        query = select(column).where(column.is_not(None))
        with store.read() as tx:
            rows = tx.execute(query if most is None else query.limit(most))
            places = (cipher.place(bytes(value)) for value in rows.scalars())
            found.update(UNKNOWN if place is None else place for place in places)
    return found


def reseal(store: Store, cipher: Cipher, *, batch: int = BATCH) -> int:
    """Encrypt with the newest key what is still encrypted with an older one.

    It may be stopped at any time and begun again. A value that somebody writes meanwhile stays as
    they write it.

    Returns:
        how many values.

    Raises:
        UsageError: one was encrypted with a key that is not known; says where it is.
    """
    return sum(_reseal(store, cipher, column, batch) for column in sealed())


def _reseal(store: Store, cipher: Cipher, column: Column[Any], batch: int) -> int:
    key = tuple(column.table.primary_key.columns)
    after: tuple[Any, ...] | None = None
    done = 0
    while True:
        query = select(*key, column).where(column.is_not(None)).order_by(*key).limit(batch)
        if after is not None:
            query = query.where(tuple_(*key) > tuple_(*after))
        with store.write() as tx:
            rows = tx.execute(query).all()
            for row in rows:
                done += _move(tx, cipher, column, tuple(row[:-1]), bytes(row[-1]))
        if len(rows) < batch:
            return done
        after = tuple(rows[-1][:-1])


def _move(tx: Any, cipher: Cipher, column: Column[Any], id: tuple[Any, ...], value: bytes) -> int:
    """Encrypt one value anew, if it is not by the newest key; returns how many that were."""
    place = cipher.place(value)
    if place == 0:
        return 0
    if place is None:
        raise UsageError(
            f"{column.table.name}.{column.name} of {', '.join(map(str, id))} was encrypted with a "
            "key that is not known: add it to ROLLBOOK_OLD_SECRET_KEYS, or set that token again"
        )
    table = column.table
    assert isinstance(table, Table)
    here = zip(table.primary_key.columns, id, strict=True)
    change = (
        update(table)
        .where(and_(*(part == value for part, value in here)), column == value)
        .values({column: cipher.encrypt(cipher.decrypt(value))})
    )
    return int(tx.execute(change).rowcount)
