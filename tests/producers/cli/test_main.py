"""The front door: exit codes, and no traceback for a person's mistake."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest


def test_version_is_that_of_the_distribution(rollbook) -> None:
    assert rollbook("--version").out == f"rollbook {version('rollbook')}\n"


def test_help_names_the_first_three_commands_to_type(rollbook) -> None:
    out = rollbook("--help").out

    assert "Begin with `rollbook init FILE`, then `rollbook up`" in out


def test_help_imports_neither_database_nor_redis() -> None:
    code = (
        "import sys; from producers.cli.main import commands; commands();"
        "print([m for m in ('sqlalchemy', 'redis', 'celery', 'pydantic_settings', 'phonenumbers')"
        " if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_a_database_that_is_away_is_one_line_and_code_1(
    rollbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/x")

    said = rollbook("status")

    assert said.code == 1
    assert said.err == (
        "rollbook: the database does not answer (OperationalError); nothing is lost\n"
    )


def test_an_empty_database_says_how_to_make_its_tables(
    rollbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_DATABASE_URL", "sqlite:///other.db")
    Path("other.db").touch()

    assert rollbook("status").err == "rollbook: the database is empty: run `rollbook migrate`\n"
    assert rollbook("migrate").out == "the database is up to date\n"
    assert rollbook("status").code == 0


@pytest.mark.parametrize(
    "words", [(), ("fly",), ("status", "--loud"), ("cancel",), ("cancel", "x")]
)
def test_a_mistyped_command_is_code_2(rollbook, words: tuple[str, ...]) -> None:
    said = rollbook(*words)

    assert said.code == 2
    assert "Traceback" not in said.err


def test_a_home_that_cannot_be_made_is_one_line(
    rollbook, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").touch()
    monkeypatch.setenv("ROLLBOOK_HOME", str(folder / "file" / "home"))

    said = rollbook("status")

    assert said.code == 2
    assert said.err == f"rollbook: {folder / 'file' / 'home'}: Not a directory\n"


def test_a_reader_that_went_away_is_no_error(book, folder: Path) -> None:
    command = [Path(sys.executable).parent / "rollbook", "settings", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, err = process.communicate(timeout=60)

    assert process.returncode == 1
    assert err == ""
