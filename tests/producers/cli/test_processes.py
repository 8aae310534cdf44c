"""Starting processes, and asking whether they are alive."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contacts.store import processes
from producers.cli.processes import STARTED


def test_healthcheck_of_nobody_names_all_that_is_missing(rollbook, book) -> None:
    said = rollbook("healthcheck")

    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines() == [
        "no Redis: `rollbook up` starts one, or set ROLLBOOK_REDIS_URL",
        "no dispatcher is alive",
        "no worker is alive",
        "no beat is alive",
    ]


def test_healthcheck_of_a_living_system_is_code_0(
    rollbook, alive, redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_REDIS_URL", redis_server)

    said = rollbook("healthcheck")

    assert (said.code, said.out) == (0, "alive: database, redis, dispatcher, worker, beat\n")


def test_healthcheck_asks_only_for_what_was_named(rollbook, alive) -> None:
    assert rollbook("healthcheck", "worker", "database").code == 0


def test_here_counts_only_this_machine(rollbook, alive, book) -> None:
    assert rollbook("healthcheck", "worker", "--here").err == "no worker is alive here\n"

    processes.beat(book, f"worker-1@{os.uname().nodename}:7", "worker", 32)
    assert rollbook("healthcheck", "worker", "--here").code == 0


def test_a_redis_that_does_not_answer_is_one_line(
    rollbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_REDIS_URL", "redis://:secret@127.0.0.1:1/0")

    said = rollbook("healthcheck", "redis")

    assert (said.code, said.err) == (1, "Redis does not answer (ConnectionError)\n")


def test_a_database_that_does_not_answer_is_one_line(
    rollbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/x")

    said = rollbook("healthcheck", "worker")

    assert (said.code, said.err) == (1, "the database does not answer (OperationalError)\n")


@pytest.fixture
def flower(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server at Flower's address that answers as Flower does."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthcheck" else 401)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever).start()
        monkeypatch.setenv("ROLLBOOK_FLOWER_PORT", str(server.server_port))
        yield
        server.shutdown()


def test_healthcheck_asks_flower_at_its_own_page_for_that(rollbook, flower) -> None:
    assert rollbook("healthcheck", "flower").out == "alive: flower\n"


def test_flower_that_is_not_there_is_one_line(rollbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_FLOWER_PORT", "1")

    said = rollbook("healthcheck", "flower")

    assert said.code == 1
    assert said.err.startswith("Flower does not answer at http://127.0.0.1:1/")


@pytest.mark.parametrize("command", ["dispatcher", "worker", "beat", "flower"])
def test_a_process_without_redis_ends_with_one_line(command: str, book, folder: Path) -> None:
    done = start(command, folder)

    assert done.returncode == 2
    assert done.stderr == (
        f"rollbook {command}: no Redis: set ROLLBOOK_REDIS_URL, or start `rollbook up`, which "
        "brings its own\n"
    )


@pytest.mark.parametrize("command", sorted(STARTED))
def test_a_process_with_a_malformed_setting_ends_with_one_line(command: str, folder: Path) -> None:
    done = start(command, folder, ROLLBOOK_ATTEMPTS="many")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"rollbook {command}: ROLLBOOK_ATTEMPTS is malformed")


def test_a_folder_with_the_name_of_a_package_is_not_taken_for_it(book, folder: Path) -> None:
    (folder / "worker").mkdir()
    (folder / "worker" / "__main__.py").write_text("print('not ours')")

    assert "not ours" not in start("worker", folder).stdout


def start(command: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The command as its own process."""
    return subprocess.run(
        [Path(sys.executable).parent / "rollbook", command],
        env=os.environ | env,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
