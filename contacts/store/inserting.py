"""An insert that can say what becomes of a row that is there already: each database has its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from contacts.store.database import Tx


def insert(tx: Tx, into: Any) -> Any:
    """An insert into this table, with ``on_conflict_do_update`` and ``on_conflict_do_nothing``."""
    return insert_for(tx.dialect.name, into)


def insert_for(dialect: str, into: Any) -> Any:
    """The same by the name of the dialect: for statements that are built once for each."""
    return (postgresql if dialect == "postgresql" else sqlite).insert(into)
