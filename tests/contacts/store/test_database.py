from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from contacts.errors import UsageError
from contacts.store import accounts, database, tables
from contacts.store.database import DatabaseDown, Store


def test_the_migrations_make_exactly_the_tables_of_the_code(store: Store) -> None:
    with store.read() as tx:
        assert compare_metadata(MigrationContext.configure(tx), tables.metadata) == []


def test_the_version_that_is_needed_is_that_of_the_last_migration() -> None:
    from contacts.store.migrations import HEAD, _config

    assert ScriptDirectory.from_config(_config()).get_heads() == [HEAD]


def test_no_process_needs_alembic_to_know_its_database(sqlite_url: str) -> None:
    code = (
        "import sys; from contacts.store import database;"
        f"store = database.open_store({sqlite_url!r}); database.check_schema(store);"
        f"database.migrate({sqlite_url!r}); print('alembic' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def test_migrating_twice_changes_nothing(store_url: str) -> None:
    database.migrate(store_url)
    opened = database.open_store(store_url)
    database.check_schema(opened)
    opened.close()


def test_a_pause_of_the_first_version_is_kept_by_the_second(tmp_path) -> None:
    from alembic import command

    from contacts.store.migrations import _config

    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = database.make_engine(url)
    config = _config()
    with engine.execution_options(rollbook_writes=True).begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, "0001")
        tx.execute(
            text(
                "INSERT INTO locations (id, paused_until, pause_reason, pause_bulk_only) "
                "VALUES ('bulk', 9e9, 'day', true), ('all', 9e9, '429', false)"
            )
        )
    engine.dispose()
    database.migrate(url)

    opened = database.open_store(url)
    found = {place.id: place for place in accounts.locations(opened)}
    opened.close()
    assert (found["bulk"].pause_reason, found["bulk"].pause_bulk_only) == ("day", True)
    assert (found["all"].pause_reason, found["all"].pause_bulk_only) == ("429", False)


def test_an_error_of_the_database_does_not_quote_its_row(store: Store) -> None:
    with store.write() as tx:
        tx.execute(tables.locations.insert().values(id="ada@example.org"))
    with pytest.raises(IntegrityError) as caught, store.write() as tx:
        tx.execute(tables.locations.insert().values(id="ada@example.org", name="Ada"))
    assert "Ada" not in str(caught.value)


def test_an_empty_database_says_what_to_do(tmp_path) -> None:
    opened = database.open_store(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(UsageError, match="is empty: run `rollbook migrate`"):
        database.check_schema(opened)
    opened.close()


def test_a_database_of_a_newer_version_is_refused(sqlite_store: Store) -> None:
    with sqlite_store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match="is at version 9999"):
        database.check_schema(sqlite_store)


def test_a_database_that_does_not_answer_is_named_without_its_address() -> None:
    opened = database.open_store("postgresql://somebody:secret@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseDown) as caught, opened.read():
        pass
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    opened.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense"])
def test_an_address_of_another_kind_is_a_users_mistake(url: str) -> None:
    with pytest.raises(UsageError, match="ROLLBOOK_DATABASE_URL"):
        database.open_store(url)


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    def begin_and_break() -> None:
        with store.write() as tx:
            tx.execute(tables.locations.insert().values(id="loc"))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        begin_and_break()
    with store.read() as tx:
        assert tx.execute(tables.locations.select()).all() == []


def test_ctrl_c_within_a_statement_gives_the_write_lock_back(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_S", 0.2)
    store = database.open_store(sqlite_url)

    def press(cursor: Any, statement: str, parameters: Any, _: Any) -> None:
        if statement.startswith("INSERT"):
            cursor.execute(statement, parameters)
            raise KeyboardInterrupt

    event.listen(store.engine, "do_execute", press)
    try:
        with store.write() as tx:
            tx.execute(tables.locations.insert().returning(tables.locations.c.id), [{"id": "loc"}])
    except KeyboardInterrupt:
        event.remove(store.engine, "do_execute", press)
        # Here, where the traceback still holds the cursor: this is where a command says goodbye.
        with store.write() as tx:
            tx.execute(tables.locations.insert(), {"id": "loc"})

    assert [one.id for one in accounts.locations(store)] == ["loc"]
    store.close()


def test_a_file_that_is_no_database_is_a_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("this is not a database, but a longish text about one")
    store = database.open_store(f"sqlite:///{tmp_path / 'notes.txt'}")

    with pytest.raises(UsageError, match=r"cannot be opened .* HOME/rollbook\.db") as caught:
        database.check_schema(store)

    assert "notes.txt" not in str(caught.value)
    store.close()


@pytest.mark.postgres
def test_an_option_that_the_driver_does_not_know_is_a_users_mistake(postgres_url: str) -> None:
    store = database.open_store(f"{postgres_url}?nonsense=1")

    with pytest.raises(UsageError, match="is ROLLBOOK_DATABASE_URL right"):
        database.check_schema(store)

    store.close()


def test_the_folder_of_an_embedded_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"

    database.migrate(f"sqlite:///{home / 'rollbook.db'}")

    assert home.stat().st_mode & 0o077 == 0
