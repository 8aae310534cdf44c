"""Starts children, starts the dead again, and stops them all in order.

One thread, one loop: it waits on the children's output and on its own waker, so a death is seen at
once (its pipe ends) and nothing polls faster than twice a second.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ops.running.output import Board
from ops.running.restarting import QUICK_S, next_start

TURN_S: Final = 0.5
"""The longest wait of the loop: a death whose pipe a grandchild holds open is seen this late."""

LATER_S: Final = 15.0
"""How often it is asked whether somebody who was not needed at the start is needed now."""

HARD_S: Final = 3.0
"""What the last stage (Redis) gets after a second Ctrl-C; the others get nothing."""

MISTAKE: Final = 2
"""Exit code for a person's mistake: starting it again would only repeat the message."""

LAUNCH: Final = str(Path(__file__).with_name("launch.py"))


@dataclass(frozen=True, slots=True)
class Command:
    """One process that shall run.

    Attributes:
        name: for people, unique: ``worker-1``.
        argv: what to run. Anybody on the machine can read it: no secrets.
        env: its whole environment.
        stage: stages are stopped one after the other, the lowest first.
        grace_s: seconds from SIGTERM to SIGKILL.
        core: the core that it keeps to; None: any.
        orphan: signal that it gets when the supervisor dies without stopping it (Linux).
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    stage: int = 0
    grace_s: float = 25.0
    core: int | None = None
    orphan: signal.Signals = signal.SIGKILL


@dataclass(slots=True)
class Child:
    """A command and the process that runs it now.

    Attributes:
        due_at: when to start it again; None while it runs.
        proven: it once lived longer than a start takes.
        killed: it outlived its grace; it may take a moment to be gone.
    """

    command: Command
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float | None = None
    quick_deaths: int = 0
    proven: bool = False
    killed: bool = False
    starts: int = 0
    tail: bytes = b""

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass(slots=True)
class Supervisor:
    """The children of one `rollbook up`.

    Attributes:
        board: where their lines go.
        clock: seconds, monotonic.
        later: whoever is needed by now and was not at the start; asked until it names one.
    """

    board: Board
    clock: Callable[[], float] = time.monotonic
    later: Callable[[], Command | None] | None = None
    children: list[Child] = field(default_factory=list)
    asked: int = 0
    failed: bool = False
    stopped: bool = False
    _later_at: float = 0.0
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _waker: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair)

    def __post_init__(self) -> None:
        self._waker[0].setblocking(False)
        self._waker[1].setblocking(False)
        self._selector.register(self._waker[0], selectors.EVENT_READ, None)

    def add(self, command: Command) -> Child:
        """Start a command; from now on it is kept running."""
        child = Child(command)
        self.children.append(child)
        self._start(child)
        return child

    def ask_to_stop(self) -> None:
        """Stop, from a signal or another thread. A second time: at once, whatever they do."""
        self.asked += 1
        with contextlib.suppress(OSError):  # full: it is awake anyway
            self._waker[1].send(b"!")

    def run(self) -> int:
        """Keep the children running until asked to stop, then stop them.

        Returns:
            0; 2 if a child ended for a person's mistake at its start.
        """
        while not self.asked and not self.failed:
            self.turn()
        self.stop()
        return MISTAKE if self.failed else 0

    def turn(self, longest_s: float = TURN_S) -> None:
        """Once round the loop: pass on what they say, notice the dead, start who is due."""
        self._listen(self._patience(longest_s))
        self._look_for_more()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child)
            if child.due_at is not None and child.due_at <= self.clock() and not self.asked:
                self._start(child)

    def stop(self) -> None:
        """Stop everything, stage by stage; kills what outlives its grace. May be called twice."""
        if self.stopped:
            return
        for stage in sorted({child.command.stage for child in self.children}):
            self._stop_stage(stage)
        self.stopped = True
        self._close()

    def _stop_stage(self, stage: int) -> None:
        last = max(child.command.stage for child in self.children)
        waiting = [c for c in self.children if c.command.stage == stage and c.alive]
        begun = self.clock()
        for child in waiting:
            _send(child, signal.SIGTERM)
        while waiting := [child for child in waiting if child.alive]:
            for child in waiting:
                grace = child.command.grace_s
                if self.asked >= 2:
                    grace = HARD_S if stage == last else 0.0
                if self.clock() - begun >= grace and not child.killed:
                    self.board.say(child.command.name, f"did not end within {grace:.0f} s: killed")
                    _kill(child)
            self._listen(0.05)
        for child in self.children:
            if child.command.stage == stage:
                child.due_at = None
                self._release(child)

    def _start(self, child: Child) -> None:
        command = child.command
        core = "-" if command.core is None else str(command.core)
        child.process = subprocess.Popen(
            [
                sys.executable, "-I", "-S", LAUNCH,
                str(os.getpid()), str(int(command.orphan)), core, *command.argv,
            ],
            env=dict(command.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A session of its own: the terminal's Ctrl-C reaches us alone, and we stop in order.
            start_new_session=True,
        )  # fmt: skip
        assert child.process.stdout is not None
        os.set_blocking(child.process.stdout.fileno(), False)
        self._selector.register(child.process.stdout, selectors.EVENT_READ, child)
        child.started_at = self.clock()
        child.due_at = None
        child.starts += 1

    def _bury(self, child: Child) -> None:
        assert child.process is not None
        code = child.process.returncode
        lived = self.clock() - child.started_at
        child.proven = child.proven or lived >= QUICK_S
        self._release(child)
        if self.asked:
            return
        if code == MISTAKE and not child.proven:
            self.failed = True
            return
        wait, child.quick_deaths = next_start(lived, child.quick_deaths)
        child.due_at = self.clock() + wait
        when = f"in {wait:.0f} s" if wait else "at once"
        self.board.say("up", f"{child.command.name} {_ended(code)}; started again {when}")

    def _release(self, child: Child) -> None:
        """Pass on the last words of a dead child and let go of its pipe."""
        if child.process is None:
            return
        stream = child.process.stdout
        if stream is not None and not stream.closed:
            self._pass_on(child)
            if not stream.closed:
                self._selector.unregister(stream)
                stream.close()
        child.process.wait()
        child.process = None

    def _look_for_more(self) -> None:
        if self.later is None or self.asked or self.clock() < self._later_at:
            return
        self._later_at = self.clock() + LATER_S
        command = self.later()
        if command is not None:
            self.later = None
            self.add(command)

    def _listen(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    self._waker[0].recv(64)
            else:
                self._pass_on(key.data)

    def _pass_on(self, child: Child) -> None:
        assert child.process is not None
        assert child.process.stdout is not None
        stream = child.process.stdout
        while (said := _read(stream.fileno())) is not None:
            *lines, child.tail = (child.tail + said).split(b"\n")
            if not said and child.tail:
                lines, child.tail = [*lines, child.tail], b""
            for line in lines:
                self.board.say(child.command.name, line.decode("utf-8", "replace").rstrip())
            if not said:
                self._selector.unregister(stream)
                stream.close()
                return

    def _patience(self, longest_s: float) -> float:
        due = [child.due_at - self.clock() for child in self.children if child.due_at is not None]
        return max(0.0, min([longest_s, *due]))

    def _close(self) -> None:
        self._selector.close()
        for end in self._waker:
            end.close()


@contextlib.contextmanager
def signals_ask(supervisor: Supervisor) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP ask the supervisor to stop (main thread only)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, lambda *_: supervisor.ask_to_stop()) for number in numbers
    }
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _read(descriptor: int) -> bytes | None:
    """What is there: bytes, b"" at the end, None when there is nothing now."""
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return None


def _send(child: Child, number: signal.Signals) -> None:
    if child.process is not None:
        child.process.send_signal(number)


def _kill(child: Child) -> None:
    """Kill the child and whatever it started."""
    child.killed = True
    if child.process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)


def _ended(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
