"""``python -m ops.bench.peers.textbook_up``: `rollbook up` whose workers have another limiter."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from unittest.mock import patch

from contacts.settings import Settings
from ops.running import up
from ops.running.commands import commands
from ops.running.supervisor import Command

WORKER: Final = "ops.bench.peers.textbook_worker"


def textbook_commands(settings: Settings, cores: Sequence[int]) -> list[Command]:
    """The same processes, with our worker in place of the worker."""
    return [_swapped(command) for command in commands(settings, cores)]


def _swapped(command: Command) -> Command:
    if command.argv[-1] != "worker":
        return command
    return replace(command, argv=(*command.argv[:-1], WORKER))


def main() -> int:
    """Run everything until told to stop."""
    with patch.object(up, "commands", textbook_commands):
        return up.run_from_environment()


if __name__ == "__main__":
    sys.exit(main())
