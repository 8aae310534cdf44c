"""The real `rollbook up`: on an empty home up, killed in part, stopped, gone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from contacts.store import ledger_view, processes, roster_view
from contacts.store.database import Store
from ops import students

Start = Callable[..., Any]

pytestmark = [
    pytest.mark.journey,
    pytest.mark.redis,
    pytest.mark.skipif(sys.platform != "linux", reason="counts children in /proc"),
]


def test_on_an_empty_home_everything_comes_up_heals_and_leaves_nothing_behind(
    rollbook_up: Start,
) -> None:
    up = rollbook_up()
    for kind in ("worker", "dispatcher", "beat"):
        up.until(lambda kind=kind: pid_of(up.store, kind) is not None, f"a living {kind}")
    up.until(lambda: up.flower("api/workers")[0] == 200, "Flower")

    first = pid_of(up.store, "worker")
    assert first in children(up.process.pid)
    os.kill(first, signal.SIGKILL)
    up.until(lambda: pid_of(up.store, "worker") not in (None, first), "another worker")

    url = json.loads((up.home / "redis" / "address.json").read_text())["url"]
    pids = children(up.process.pid)
    assert len(pids) == 6, pids
    assert up.stop() == 0, up.said

    assert not [command for pid, command in pids.items() if alive(pid)]
    assert not (up.home / "up.json").exists()
    assert not (up.home / "redis" / "address.json").exists()
    with (
        redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as gone,
        pytest.raises(redis.ConnectionError),
    ):
        gone.ping()
    assert "worker-1 was ended by SIGKILL; started again at once" in up.said
    assert "Traceback" not in up.said
    assert "killed" not in up.said


def test_stopped_in_mid_work_running_calls_finish_and_nothing_else_is_begun(
    rollbook_up: Start, crm: Any, at_the_crm: dict[str, str]
) -> None:
    up = rollbook_up(**at_the_crm)
    file = up.home / "students.csv"
    students.write_export(file, 60)
    up.rollbook("backfill", str(file), "--no-wait")
    up.until(lambda: crm.report()["arrivals"] >= 15, "calls in the air")

    assert up.stop() == 0, up.said

    # Each call that the CRM took was heard to its end: its job is done, nobody holds one. Each was
    # a new contact, made with its tags.
    made = roster_view.counts(up.store)["linked"]
    # Before them the list was asked who is there, and the location whether it refuses doubles.
    report = crm.report()
    counts = report["by_operation"]
    asked = counts.get("GET /locations/{id}", 0) + counts.get("GET /contacts/", 0)
    assert asked <= 2
    assert report["arrivals"] - asked == made
    assert ledger_view.counts(up.store).open > 0
    assert ledger_view.held(up.store) == []


def test_somebody_elses_redis_is_used_and_left_as_it_was(
    redis_server: str, rollbook_up: Start
) -> None:
    with redis.Redis.from_url(redis_server, decode_responses=True) as theirs:
        theirs.set("theirs", "kept")
        up = rollbook_up(ROLLBOOK_REDIS_URL=redis_server)
        up.until(lambda: pid_of(up.store, "worker") is not None, "a living worker")
        assert not [command for command in children(up.process.pid).values() if "redis" in command]
        assert up.stop(signal.SIGTERM) == 0, up.said
        assert theirs.get("theirs") == "kept"
        assert theirs.delete("theirs") == 1


def test_killed_itself_it_leaves_no_child_and_a_new_one_takes_over(rollbook_up: Start) -> None:
    up = rollbook_up()
    pids = children(up.process.pid)
    up.process.kill()
    up.process.wait()

    give_up = time.monotonic() + 30
    while left := [command for pid, command in pids.items() if alive(pid)]:
        assert time.monotonic() < give_up, left
        time.sleep(0.05)
    again = rollbook_up()
    assert again.stop() == 0, again.said


def pid_of(store: Store, kind: str) -> int | None:
    """The pid of the one living process of that kind; None if there is none."""
    pids = [int(p.name.rpartition(":")[2]) for p in processes.living(store) if p.kind == kind]
    return next((pid for pid in pids if alive(pid)), None)


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(parent: int) -> dict[int, str]:
    """The commands of a process's living children, by pid."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, ppid = stat.read_text().rpartition(")")[2].split()[:2]
            if int(ppid) == parent and state != "Z":
                command = (stat.parent / "cmdline").read_text().replace("\0", " ")
                found[int(stat.parent.name)] = command
    return found
