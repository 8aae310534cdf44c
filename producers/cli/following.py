"""Waiting for a run: one look after the other, shown as a person or a machine can take it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from producers.cli import meter, screen
from producers.cli.existence import sentence

if TYPE_CHECKING:
    from pathlib import Path

    from rich.live import Live

    from producers.cli.door import Door
    from producers.progress import Look

PARKED = 3
"""Exit code: done, but something was parked."""

INTERRUPTED = 130
"""Exit code: Ctrl-C."""

LOOK_S = 1.0
"""How often a run is looked at: six small queries."""

FIRST_LOOK_S = 0.2
"""How soon again at first: a file of five rows is over before a second has passed."""

LINE_S = 4.0
"""How often a line is written where lines stay: a log, a pipe."""


class View(Protocol):
    """Something that shows looks."""

    def show(self, look: Look) -> None:
        """Show one look, if it is time for it."""

    def away(self) -> None:
        """The database did not answer; the next look comes."""


@dataclass(slots=True)
class Lines:
    """Plain lines, one every few seconds, and at once when something is wrong or it is over."""

    at: float = float("-inf")
    troubles: list[str] = field(default_factory=list)
    existence: str | None = None
    is_away: bool = False

    def show(self, look: Look) -> None:
        self.is_away = False
        if not look.jobs.total:
            return
        if look.at - self.at >= LINE_S or look.over:
            screen.say(meter.line(look))
            self.at = look.at
            self._tell_choice(look)
        troubles = meter.troubles(look)
        kinds = [trouble.partition(" ")[0] for trouble in troubles]
        if kinds != self.troubles:
            for trouble in troubles:
                screen.warn(f"          {trouble}")
            self.troubles = kinds

    def _tell_choice(self, look: Look) -> None:
        """How it is found out who is there: when it changes, and while its pages are read."""
        said = sentence(look.run.existence)
        if said is not None and said != self.existence:
            screen.say(f"          {said}")
        self.existence = said

    def away(self) -> None:
        if not self.is_away:
            screen.warn("          the database does not answer: waiting for it")
        self.is_away = True


@dataclass(slots=True)
class Json:
    """One JSON object a line, as often as plain lines."""

    at: float = float("-inf")

    def show(self, look: Look) -> None:
        if look.at - self.at >= LINE_S or look.over:
            screen.emit({"event": "progress", "at": look.at} | look.as_json())
            self.at = look.at

    def away(self) -> None:
        screen.emit({"event": "away", "what": "database"})


@dataclass(slots=True)
class Moving:
    """A few lines on a terminal that are drawn anew."""

    live: Live

    def show(self, look: Look) -> None:
        self.live.update(meter.panel(look), refresh=True)

    def away(self) -> None:
        self.live.update("the database does not answer: waiting for it", refresh=True)


@contextmanager
def view(*, json: bool) -> Iterator[View]:
    """The view that fits: JSON where it was asked for, else by where stdout goes."""
    if json:
        yield Json()
    elif screen.is_terminal():
        from rich.live import Live

        with Live(console=screen.console(), auto_refresh=False, transient=True) as live:
            yield Moving(live)
    else:
        yield Lines()


def follow(
    look: Callable[[], Look],
    shown: View,
    *,
    sleep: Callable[[float], None] = time.sleep,
    enough: Callable[[Look], bool] = lambda look: look.over,
) -> Look:
    """Look until nothing of the run is left to be done; a database that is away is waited for.

    Args:
        sleep: seconds; injected in tests.
        enough: when to stop.

    Returns:
        the last look.
    """
    from contacts.store.database import DatabaseDown

    wait = FIRST_LOOK_S
    while True:
        try:
            seen = look()
            shown.show(seen)
            if enough(seen):
                return seen
        except DatabaseDown:
            shown.away()
        sleep(wait)
        wait = min(LOOK_S, wait * 1.5)


def until_over(
    door: Door,
    number: int,
    *,
    json: bool,
    rejects: Path | None = None,
    sleep: Callable[[float], None] = time.sleep,
    enough: Callable[[Look], bool] = lambda look: look.over,
) -> int:
    """Follow a run to its end and report, as a command does.

    Args:
        enough: when nothing more is waited for.

    Returns:
        the exit code: 0, 3 when something was parked, 130 after Ctrl-C.

    Raises:
        UsageError: there is no such run.
    """
    from producers.cli import report
    from producers.progress import Ahead, look

    run, ahead = report.find(door.store, number), Ahead()
    try:
        with view(json=json) as shown:
            follow(
                lambda: look(door.store, door.settings, run, ahead),
                shown,
                sleep=sleep,
                enough=enough,
            )
    except KeyboardInterrupt:
        if not json:
            screen.say(f"It goes on in the background: rollbook status {number}")
        return INTERRUPTED
    made = report.gather(door.store, run, rejects, read_only=door.settings.read_only)
    report.say(made, door.store.clock(), json=json)
    return PARKED if made.jobs.parked else 0
