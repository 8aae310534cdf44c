"""Alembic without an ini file: forward only, run by ``rollbook migrate`` and ``rollbook up``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

LOCK = 7_265_651  # any number, the same for every process: "rollbook" on a telephone's keys


def upgrade(engine: Engine) -> None:
    """Bring the tables to this version, one process at a time."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as lock:
            lock.execute(text("SELECT pg_advisory_lock(:id)"), {"id": LOCK})
            _upgrade(engine)
            lock.execute(text("SELECT pg_advisory_unlock(:id)"), {"id": LOCK})
            lock.commit()
    else:
        _upgrade(engine)


def _upgrade(engine: Engine) -> None:
    writer = engine.execution_options(rollbook_writes=True)
    with writer.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def revision(connection: Connection) -> str | None:
    """The version that the database is at; None when it has no tables yet."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def head() -> str:
    """The version that this program needs."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None
    return found


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
