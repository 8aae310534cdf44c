"""A machine of a proof: dispatcher, worker, beat and receiver whose clock is some seconds off."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ops.bench import world
from ops.running.redis_server import free_port

ROLES: Final = ("dispatcher", "worker", "beat", "receiver")

SKEWED: Final = Path(__file__).with_name("skewed")


@dataclass(slots=True)
class Machine:
    """Its processes, started by the commands that a person types and ended by their pid alone.

    Attributes:
        skew_s: how far its clock is ahead, seconds.
        env: what all machines share.
    """

    name: str
    skew_s: float
    folder: Path
    env: Mapping[str, str]
    port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def receiver(self) -> str:
        """Where its receiver takes the CRM's webhooks."""
        return f"http://127.0.0.1:{self.port}/webhooks/crm"

    @property
    def own_env(self) -> dict[str, str]:
        """The environment of its processes."""
        path = os.pathsep.join(p for p in (str(SKEWED), os.environ.get("PYTHONPATH", "")) if p)
        return {
            **self.env,
            "PYTHONPATH": path,
            "ROLLBOOK_PROOF_SKEW_S": str(self.skew_s),
            "ROLLBOOK_HOME": str(self.folder / self.name),
            "ROLLBOOK_RECEIVER_PORT": str(self.port),
            "ROLLBOOK_WORKER_NAME": f"worker-{self.name}",
        }

    def start(self, role: str) -> None:
        """Start one of its processes, the first time or again."""
        command = [sys.executable, "-m", "producers.cli.main", role]
        log = self.folder / f"{self.name}-{role}.log"
        process = self.stack.enter_context(world.started(command, self.own_env, log))
        self.running[role] = process

    def kill(self, role: str) -> None:
        """kill -9."""
        self.running[role].kill()
        self.running[role].wait()

    def ended(self) -> list[str]:
        """Which of its processes are not there, with their last words."""
        return [
            f"{self.name}-{role}: {self._last_words(role)}"
            for role, process in self.running.items()
            if process.poll() is not None
        ]

    def _last_words(self, role: str) -> str:
        return (self.folder / f"{self.name}-{role}.log").read_text(errors="replace")[-1500:]

    def tells(self) -> float:
        """How far off a process of this machine is when it asks for the time of day, seconds."""
        look = "import time, datetime; print(min(time.time(), datetime.datetime.now().timestamp()))"
        before = time.time()
        done = subprocess.run(
            [sys.executable, "-c", look], env=self.own_env, capture_output=True, check=True
        )
        return float(done.stdout) - (before + time.time()) / 2
