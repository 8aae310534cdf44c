"""A measurement's processes: started apart from the person's settings, and all ended."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ops.bench import world
from ops.bench.watching import family
from ops.bench.world import Broken

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("ready", flush=True)
time.sleep(600)
"""


def test_crm_is_a_process_that_ends_with_its_part(tmp_path: Path) -> None:
    with world.crm(tmp_path, locations=2) as crm:
        assert crm.accepted() == 0
        assert len(set(crm.locations)) == 2
        assert crm.location == crm.locations[0][0]

    with pytest.raises(OSError, match="refused"):
        crm.report()


def test_settings_of_the_person_do_not_reach_a_measurement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ROLLBOOK_DATABASE_URL", "postgresql://hers")

    found = world.environment(ROLLBOOK_HOME="ours")

    assert {k: v for k, v in found.items() if k.startswith("ROLLBOOK_")} == {
        "ROLLBOOK_HOME": "ours"
    }


def test_process_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "broken.log"
    command = [sys.executable, "-c", "raise SystemExit('no such thing')"]

    with (
        world.started(command, world.environment(), log) as process,
        pytest.raises(Broken, match="no such thing"),
    ):
        world.wait(lambda: False, process, log)


def test_process_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    members = family([process.pid])

    world.stop(process, patience_s=0.2)

    process.stdout.close()
    assert process.returncode == -9
    assert len(members) == 2
    until_gone(set(members))


def until_gone(pids: set[int]) -> None:
    give_up = time.monotonic() + 30
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < give_up
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
