"""The supervisor with real, tiny children."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.running.supervisor import Command, Supervisor, signals_ask

Make = Callable[..., Command]
Until = Callable[[Callable[[], bool]], None]

FOREVER = "import time\nprint('here', flush=True)\nwhile True: time.sleep(1)"
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FOREVER


def test_every_line_carries_the_name_of_who_said_it(
    supervisor: Supervisor, python: Make, until: Until, said: io.StringIO
) -> None:
    supervisor.add(python("print('one'); print('zwei ü', end='')", name="worker-1"))
    until(lambda: "zwei" in said.getvalue())
    assert "worker-1    one\nworker-1    zwei ü\n" in said.getvalue()


def test_a_child_that_was_killed_is_started_again_at_once(
    supervisor: Supervisor, python: Make, until: Until, said: io.StringIO
) -> None:
    child = supervisor.add(python(FOREVER))
    until(lambda: "here" in said.getvalue())
    assert child.process is not None
    first = child.process.pid
    child.process.kill()
    until(lambda: child.starts == 2)
    assert child.process.pid != first
    assert "child was ended by SIGKILL; started again at once" in said.getvalue()


def test_a_child_that_ends_by_itself_is_started_again_even_with_exit_code_0(
    supervisor: Supervisor, python: Make, until: Until
) -> None:
    child = supervisor.add(python("pass"))
    until(lambda: child.starts == 2)


def test_a_persons_mistake_at_the_start_ends_everything_with_exit_code_2(
    supervisor: Supervisor, python: Make, said: io.StringIO
) -> None:
    other = supervisor.add(python(FOREVER, name="other"))
    supervisor.add(python("import sys; print('no Redis'); sys.exit(2)"))
    assert supervisor.run() == 2
    assert "no Redis" in said.getvalue()
    assert not other.alive


def test_stages_are_stopped_one_after_the_other(
    supervisor: Supervisor, python: Make, until: Until, said: io.StringIO
) -> None:
    # Not in a signal handler: it may interrupt the first print, and a second one inside it raises.
    slow = (
        "import signal, time\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n"
        "print('here', flush=True)\n"
        "signal.sigwait([signal.SIGTERM])\n"
        "time.sleep(0.2)\n"
        "print('last words', flush=True)"
    )
    for stage, name in ((2, "redis"), (0, "dispatcher"), (1, "worker")):
        supervisor.add(python(slow, name=name, stage=stage))
    until(lambda: said.getvalue().count("here") == 3)
    supervisor.stop()
    words = [line.split()[0] for line in said.getvalue().splitlines() if "last words" in line]
    assert words == ["dispatcher", "worker", "redis"]


def test_one_that_does_not_end_is_killed_after_its_grace(
    supervisor: Supervisor, python: Make, until: Until, said: io.StringIO
) -> None:
    child = supervisor.add(python(DEAF, grace_s=0.2))
    until(lambda: "here" in said.getvalue())
    supervisor.stop()
    assert not child.alive
    assert said.getvalue().count("did not end within 0 s: killed") == 1


def test_asked_twice_it_does_not_wait_for_the_grace(
    supervisor: Supervisor, python: Make, until: Until, said: io.StringIO
) -> None:
    child = supervisor.add(python(DEAF, grace_s=3600.0))
    supervisor.add(python(FOREVER, name="redis", stage=9))
    until(lambda: said.getvalue().count("here") == 2)
    supervisor.ask_to_stop()
    supervisor.ask_to_stop()
    assert supervisor.run() == 0
    assert not child.alive


def test_another_thread_may_ask_it_to_stop(supervisor: Supervisor, python: Make) -> None:
    supervisor.add(python(FOREVER))
    asking = threading.Timer(0.1, supervisor.ask_to_stop)
    asking.start()
    assert supervisor.run() == 0
    asking.join()


def test_sigterm_is_an_ordinary_stop(supervisor: Supervisor, python: Make, until: Until) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with signals_ask(supervisor):
        supervisor.add(python(FOREVER))
        os.kill(os.getpid(), signal.SIGTERM)
        assert supervisor.run() == 0
    assert signal.getsignal(signal.SIGTERM) == before


def test_the_secrets_of_a_child_are_not_in_its_command(
    supervisor: Supervisor, python: Make, until: Until, said: io.StringIO
) -> None:
    command = python("import os; print(os.environ['WORD'])" + "\n" + FOREVER)
    child = supervisor.add(Command(command.name, command.argv, {**command.env, "WORD": "hush"}, 0))
    until(lambda: "hush" in said.getvalue())
    assert child.process is not None
    assert "hush" not in str(child.process.args)


@pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals are Linux")
def test_children_die_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    program = f"""
import os, sys
from ops.running.output import Board
from ops.running.supervisor import Command, Supervisor
supervisor = Supervisor(Board())
code = {FOREVER!r}
argv = (sys.executable, "-c", code)
child = supervisor.add(Command("child", argv, dict(os.environ)))
while True:
    supervisor.turn()
    print(child.process.pid, flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as parent:
        try:
            assert parent.stdout is not None
            # The child may begin later than the first turn of the loop.
            while "here" not in next(parent.stdout):
                pass
            pid = int(next(parent.stdout))
        finally:
            parent.kill()
    _wait_for_death(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="cores are chosen on Linux only")
def test_a_child_keeps_to_its_core(
    supervisor: Supervisor, python: Make, until: Until, said: io.StringIO
) -> None:
    core = min(os.sched_getaffinity(0))
    supervisor.add(python("import os; print(os.sched_getaffinity(0))\n" + FOREVER, core=core))
    until(lambda: "here" in said.getvalue())
    assert f"{{{core}}}" in said.getvalue()


def test_who_is_needed_later_is_started_once_and_asked_for_every_so_often(
    supervisor: Supervisor, python: Make, until: Until
) -> None:
    now, asked = [0.0], []
    supervisor.clock = lambda: now[0]

    def later() -> Command | None:
        asked.append(now[0])
        return python(FOREVER, name="feed") if now[0] > 30 else None

    supervisor.later = later
    for at in range(0, 61, 5):
        now[0] = float(at)
        supervisor.turn(0)

    assert asked == [0, 15, 30, 45]
    assert [child.command.name for child in supervisor.children] == ["feed"]


def _wait_for_death(pid: int) -> None:
    """Waits for the process to be gone (or a zombie that nobody collects)."""
    for _ in range(2000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        threading.Event().wait(0.01)
    raise AssertionError("it outlived its parent")
