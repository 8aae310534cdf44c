"""On a terminal: a real command in a real pseudo-terminal of 100 columns."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from contacts.store.database import Store

from .conftest import work


@dataclass
class Terminal:
    """A terminal, and the command that runs on it."""

    process: subprocess.Popen[bytes]
    screen: int
    seen: str = ""

    def read_until(self, what: str) -> str:
        """What was written up to now, once it contains so much; fails when the command ends."""
        while what not in self.seen:
            self.seen += self._more()
        return self.seen

    def read_to_end(self) -> str:
        """Everything that was written."""
        with contextlib.suppress(EOFError):
            while True:
                self.seen += self._more()
        return self.seen

    def _more(self) -> str:
        try:
            data = os.read(self.screen, 65_536)
        except OSError:  # Linux: the last writer has closed it
            data = b""
        if not data:
            raise EOFError(self.seen)
        return data.decode()


@dataclass
class Terminals:
    """Opens terminals, and leaves none behind."""

    folder: Path
    opened: list[Terminal] = field(default_factory=list)

    def __call__(self, *words: str) -> Terminal:
        screen, end = pty.openpty()
        process = subprocess.Popen(
            [Path(sys.executable).parent / "rollbook", *words],
            stdin=end,
            stdout=end,
            stderr=end,
            cwd=self.folder,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
            start_new_session=True,
        )
        os.close(end)
        self.opened.append(Terminal(process, screen))
        return self.opened[-1]


@pytest.fixture
def terminal(folder: Path) -> Iterator[Callable[..., Terminal]]:
    made = Terminals(folder)
    yield made
    for one in made.opened:
        one.process.kill()
        one.process.wait()
        os.close(one.screen)


def plain(text: str) -> str:
    """Without colours and movements of the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_a_run_that_is_watched_shows_a_bar_and_then_its_report(
    rollbook, export, location, alive, book: Store, terminal
) -> None:
    rollbook("backfill", str(export), "--no-wait")
    watched = terminal("status", "1", "--watch")
    moving = watched.read_until("calls/s")

    work(book)

    said = watched.read_to_end()
    assert watched.process.wait(60) == 0
    assert "\x1b[" in moving
    assert "0 %  0 of 4 done" in plain(moving)
    assert "Run 1, students.csv to loc_here: finished in" in plain(said)
    assert max(len(line) for line in re.split(r"[\r\n]+", plain(said))) <= 100


def test_ctrl_c_while_waiting_is_a_sentence_and_code_130(
    export, location, alive, book, terminal
) -> None:
    waiting = terminal("backfill", str(export))
    waiting.read_until("calls/s")

    waiting.process.send_signal(signal.SIGINT)

    said = waiting.read_to_end()
    assert waiting.process.wait(60) == 130
    assert plain(said).rstrip().endswith("It goes on in the background: rollbook status 1")
    assert "Traceback" not in said


def test_watching_everything_ends_quietly_with_ctrl_c(location, alive, terminal) -> None:
    watching = terminal("status", "--watch")
    watching.read_until("loc_here")

    watching.process.send_signal(signal.SIGINT)

    assert "Traceback" not in watching.read_to_end()
    assert watching.process.wait(60) == 130


def test_a_token_is_asked_for_without_an_echo(book, terminal) -> None:
    asking = terminal("locations", "add", "loc_b")
    asking.read_until("Access token of loc_b")

    os.write(asking.screen, b"pit-secret\n")

    said = asking.read_to_end()
    assert asking.process.wait(60) == 0
    assert "its token is kept encrypted" in said
    assert "pit-secret" not in said
