"""Alembic without an ini file: forward only, run by ``rollbook migrate`` and ``rollbook up``.

Every process asks at its start which version the database is at; Alembic, which is a tenth of that
start, is needed by those alone that change it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

HEAD: Final = "0017"
"""The version that this program needs: the last of ``versions``."""

LOCK = 7_265_651  # any number, the same for every process: "rollbook" on a telephone's keys


def upgrade(engine: Engine) -> None:
    """Bring the tables to this version, one process at a time."""
    with engine.connect() as connection:
        if revision(connection) == HEAD:
            return
    if engine.dialect.name == "postgresql":
        with engine.connect() as lock:
            lock.execute(text("SELECT pg_advisory_lock(:id)"), {"id": LOCK})
            _upgrade(engine)
            lock.execute(text("SELECT pg_advisory_unlock(:id)"), {"id": LOCK})
            lock.commit()
    else:
        _upgrade(engine)


def _upgrade(engine: Engine) -> None:
    from alembic import command

    writer = engine.execution_options(rollbook_writes=True)
    with writer.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revision(connection: Connection) -> str | None:
    """The version that the database is at; None when it has no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
