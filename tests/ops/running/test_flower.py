"""Flower: never open, nothing to be done in it, and it remembers."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from contacts import belt
from contacts.errors import UsageError
from contacts.settings import load
from ops.running.commands import environment
from ops.running.flower import PASSWORD, options_of, password
from ops.running.redis_server import free_port

SECRET = "hush-redis"


class Browser:
    """A Flower that runs, and somebody who looks at it."""

    def __init__(self, home: Path, redis_url: str) -> None:
        self.settings = load(home=home, redis_url=redis_url, flower_port=free_port())
        self.url = f"http://127.0.0.1:{self.settings.flower_port}"
        self.process: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """Flower from its first answer to its graceful end."""
        command = [sys.executable, "-m", "ops.running.flower"]
        env = environment(self.settings)
        with subprocess.Popen(command, env=env, stderr=subprocess.PIPE) as process:
            try:
                self._wait(process)
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                said = process.communicate(timeout=30)[1].decode()
        assert process.returncode == 0, said
        assert "Traceback" not in said

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            assert process.poll() is None, "it ended"
            with contextlib.suppress(OSError):
                self.get("/healthcheck", word=None)
                return
            time.sleep(0.1)
        raise AssertionError("Flower did not answer")

    def get(self, path: str, *, word: str | None = "", post: bool = False) -> tuple[int, str]:
        """(status, body); with the right password unless another or none (None) is given."""
        request = urllib.request.Request(self.url + path, data=b"{}" if post else None)
        if word is not None:
            pair = f"{self.settings.flower_user}:{word or password(self.settings)[0]}"
            request.add_header("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


@pytest.fixture(scope="module")
def browser(
    redis_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Browser, subprocess.Popen[bytes]]]:
    """One Flower for the tests that only look."""
    # Redis without a password takes any from its default user.
    url = redis_server.replace("redis://", f"redis://default:{SECRET}@")
    looked_at = Browser(tmp_path_factory.mktemp("flower"), url)
    with looked_at.running() as process:
        yield looked_at, process


def test_a_password_that_was_set_is_used_and_written_nowhere(tmp_path: Path) -> None:
    assert password(load(home=tmp_path, flower_password="mine")) == ("mine", False)
    assert not list(tmp_path.iterdir())


def test_without_one_it_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    settings = load(home=tmp_path)
    made, new = password(settings)
    assert new
    assert len(made) >= 20
    assert password(settings) == (made, False)
    assert stat.S_IMODE((tmp_path / PASSWORD).stat().st_mode) == 0o600


def test_two_homes_have_different_passwords(tmp_path: Path) -> None:
    one, other = load(home=tmp_path / "one"), load(home=tmp_path / "other")
    assert password(one)[0] != password(other)[0]


def test_an_empty_password_file_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / PASSWORD).write_text("\n")
    assert password(load(home=tmp_path))[1]


@pytest.mark.parametrize(
    "wrong", [{"flower_user": "a:b"}, {"flower_user": "jörg"}, {"flower_password": "gehëim"}]
)
def test_what_basic_auth_cannot_carry_is_refused_in_one_line(
    wrong: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="ROLLBOOK_FLOWER_USER") as error:
        options_of(load(home=tmp_path, **wrong))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        pytest.param({}, "rollbook flower: no Redis: set ROLLBOOK_REDIS_URL", id="no Redis"),
        pytest.param(
            {"ROLLBOOK_FLOWER_USER": "a:b", "ROLLBOOK_REDIS_URL": "redis://127.0.0.1:1/0"},
            "rollbook flower: ROLLBOOK_FLOWER_USER and",
            id="user",
        ),
    ],
)
def test_a_persons_mistake_is_one_line_and_exit_code_2(
    wrong: dict[str, str], line: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ops.running.flower"],
        env={**os.environ, "ROLLBOOK_HOME": str(tmp_path), **wrong},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1


@pytest.mark.redis
@pytest.mark.journey
@pytest.mark.parametrize(
    "path",
    ["/", "/tasks", "/broker", "/metrics", "/api/tasks", "/api/workers", "/api/queues/length"],
)
def test_no_page_is_shown_without_the_password(
    path: str, browser: tuple[Browser, subprocess.Popen[bytes]]
) -> None:
    looked_at, _ = browser
    assert looked_at.get(path, word=None)[0] == 401
    assert looked_at.get(path, word="guessed")[0] == 401
    assert looked_at.get(path)[0] == 200


@pytest.mark.redis
@pytest.mark.journey
@pytest.mark.parametrize(
    "deed",
    [
        "/api/task/send-task/contact.push",
        "/api/task/async-apply/contact.push",
        "/api/task/revoke/1.1",
        "/api/worker/shutdown/worker-1",
        "/api/worker/pool/shrink/worker-1",
    ],
)
def test_nothing_can_be_done_past_the_ledger_even_with_the_password(
    deed: str, browser: tuple[Browser, subprocess.Popen[bytes]]
) -> None:
    assert browser[0].get(deed, post=True)[0] == 403


@pytest.mark.redis
@pytest.mark.journey
@pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 answers on Linux only")
def test_it_listens_on_loopback_only(browser: tuple[Browser, subprocess.Popen[bytes]]) -> None:
    port = browser[0].settings.flower_port
    # It would be taken, had Flower bound every address.
    with socket.create_server(("127.0.0.2", port)):
        pass


@pytest.mark.redis
@pytest.mark.journey
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_its_command_shows_no_password(
    browser: tuple[Browser, subprocess.Popen[bytes]],
) -> None:
    looked_at, process = browser
    command = Path(f"/proc/{process.pid}/cmdline").read_text()
    assert "ops.running.flower" in command
    assert password(looked_at.settings)[0] not in command
    assert SECRET not in command


@pytest.mark.redis
@pytest.mark.journey
@pytest.mark.parametrize("path", ["/", "/broker", "/api/workers", "/metrics"])
def test_no_page_shows_the_password_of_redis(
    path: str, browser: tuple[Browser, subprocess.Popen[bytes]]
) -> None:
    assert SECRET not in browser[0].get(path)[1]


@pytest.mark.redis
@pytest.mark.journey
def test_it_remembers_its_tasks_over_a_restart(redis_server: str, tmp_path: Path) -> None:
    looked_at = Browser(tmp_path, redis_server)

    def remembered() -> dict[str, str]:
        tasks = json.loads(looked_at.get("/api/tasks")[1])
        return {id: task["state"] for id, task in tasks.items()}

    app = Celery("rollbook", set_as_current=False)
    app.conf.update(belt.celery_settings(redis_url=redis_server, threads=4))
    with looked_at.running():
        give_up = time.monotonic() + 30
        while remembered() != {"7.1": "SUCCESS"}:
            assert time.monotonic() < give_up, "Flower did not hear of it"
            _tell(app)
            time.sleep(0.2)
    app.close()
    with looked_at.running():
        assert remembered() == {"7.1": "SUCCESS"}


def _tell(app: Celery) -> None:
    """The events of one finished job, as a worker sends them."""
    with app.connection_for_write() as connection:
        events = app.events.Dispatcher(connection, hostname="worker-1@here")
        events.send("task-received", uuid="7.1", name="contact.push", kwargs="{'job': 7}")
        events.send("task-started", uuid="7.1")
        events.send("task-succeeded", uuid="7.1", result="'done'", runtime=0.1)
        events.close()
