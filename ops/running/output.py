"""The children's lines on one terminal, each with the name of the one who said it."""

from __future__ import annotations

import contextlib
from typing import TextIO

from rich.console import Console
from rich.text import Text

STYLES = {
    "up": "bold",
    "dispatcher": "cyan",
    "worker": "green",
    "beat": "magenta",
    "flower": "yellow",
    "redis": "red",
}


class Board:
    """Where the lines go. A terminal that went away silences it; nothing else stops.

    Args:
        stream: where to write; colours only when it is a terminal.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.console = Console(file=stream, highlight=False, soft_wrap=True)

    def say(self, name: str, line: str) -> None:
        """Write one line under a name (``worker-2`` has the colour of ``worker``)."""
        style = STYLES.get(name.partition("-")[0], "blue")
        # A terminal that was closed must not end what runs.
        with contextlib.suppress(OSError, ValueError):
            self.console.print(Text(f"{name:<11}", style=style) + Text(f" {line}", style="default"))

    def show(self, what: object) -> None:
        """Write anything that rich can draw."""
        with contextlib.suppress(OSError, ValueError):
            self.console.print(what)
