"""How far the reading of a file is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from producers.cli import screen
from producers.cli.following import LINE_S
from producers.cli.words import number

if TYPE_CHECKING:
    from rich.progress import Progress

    from producers.survey import Tally


@dataclass(slots=True)
class Reading:
    """Told by survey and backfill, shows it where it goes, and stops them after Ctrl-C.

    Attributes:
        bar: on a terminal.
        json: lines for machines.
        clock: seconds; injected in tests.
        asked: Ctrl-C was pressed: the next time that we are told something, reading ends there,
            between two transactions.
    """

    bar: Progress | None = None
    json: bool = False
    clock: Callable[[], float] = time.monotonic
    asked: bool = False
    _at: float = 0.0
    _total: int | None = None

    def __post_init__(self) -> None:
        self._at = self.clock()
        if self.bar is not None:
            self.bar.add_task("looking through the file", total=None)

    def looked(self, rows: int) -> None:
        """So many rows were seen in the first look.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        self._stop_if_asked()
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=rows)
        elif self._is_time():
            self._say(f"looked through {number(rows)} rows", {"event": "looking", "rows": rows})

    def begin(self, rows: int) -> None:
        """The first look is over: the file has so many rows."""
        self._total = rows
        if self.bar is not None:
            self.bar.reset(self.bar.task_ids[0], total=rows, description="reading and queueing")

    def read(self, tally: Tally) -> None:
        """So much was read and put into the ledger.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        self._stop_if_asked()
        if self.bar is not None:
            self.bar.update(self.bar.task_ids[0], completed=tally.rows)
        elif self._is_time():
            of = f" of {number(self._total)}" if self._total is not None else ""
            self._say(
                f"read {number(tally.rows)}{of} rows, {number(tally.jobs)} jobs queued",
                {"event": "reading", "of": self._total} | tally.counts(),
            )

    def _is_time(self) -> bool:
        if self.clock() - self._at < LINE_S:
            return False
        self._at = self.clock()
        return True

    def _say(self, text: str, event: dict[str, Any]) -> None:
        if self.json:
            screen.emit(event)
        else:
            screen.remark(text)

    def _stop_if_asked(self) -> None:
        if self.asked:
            raise KeyboardInterrupt


@contextmanager
def reading(*, json: bool) -> Iterator[Reading]:
    """What fits: JSON where it was asked for, else by where stdout goes.

    The first Ctrl-C waits for the end of a batch (0.1 s as a rule), the second one does not.
    """
    if json or not screen.is_terminal():
        with _ctrl_c_asks(Reading(json=json)) as shown:
            yield shown
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    progress = Progress(*columns, console=screen.console(), transient=True)
    with progress as bar, _ctrl_c_asks(Reading(bar)) as shown:
        yield shown


@contextmanager
def _ctrl_c_asks(shown: Reading) -> Iterator[Reading]:
    before = signal.getsignal(signal.SIGINT)

    def ask(*_: object) -> None:
        shown.asked = True
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, ask)
    try:
        yield shown
    finally:
        signal.signal(signal.SIGINT, before)
