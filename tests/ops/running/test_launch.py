"""The first thing that runs in a child."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ops.running.supervisor import LAUNCH

linux = pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals are Linux")


def launch(parent: int, *command: str, core: str = "-") -> subprocess.CompletedProcess[str]:
    """Run the launcher as the supervisor does."""
    return subprocess.run(
        [sys.executable, "-I", "-S", LAUNCH, str(parent), "9", core, *command],
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_becomes_the_command_and_hands_its_exit_code_on() -> None:
    done = launch(os.getpid(), sys.executable, "-c", "print('here'); raise SystemExit(7)")
    assert (done.stdout, done.returncode) == ("here\n", 7)


@linux
def test_a_child_whose_parent_died_before_it_began_begins_nothing() -> None:
    stranger = os.getppid()
    done = launch(stranger, sys.executable, "-c", "print('here')")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@linux
def test_the_command_keeps_to_the_core_that_it_was_given() -> None:
    core = max(os.sched_getaffinity(0))
    code = "import os; print(os.sched_getaffinity(0))"
    done = launch(os.getpid(), sys.executable, "-c", code, core=str(core))
    assert done.stdout == f"{{{core}}}\n"
