"""How far a run is: one line for a log, a few for a terminal. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from producers.cli.existence import sentence
from producers.cli.words import clock, count, number, span, until_when

if TYPE_CHECKING:
    from rich.console import RenderableType

    from producers.progress import Look

HOW_TO_START = "start them with `rollbook up`"


def line(look: Look) -> str:
    """Everything of a look in one line."""
    parts = [progress(look), *queue(look), *speed(look)]
    if when := finishing(look):
        parts.append(when)
    return f"{clock(look.at, look.at)}  {', '.join(parts)}"


def progress(look: Look) -> str:
    """``372 of 600 done``."""
    return f"{number(look.jobs.done)} of {number(look.jobs.total)} done"


def queue(look: Look) -> list[str]:
    """``210 queued``, and what is not as usual."""
    jobs = look.jobs
    parts = [f"{number(jobs.open)} queued"]
    if jobs.retried:
        parts.append(f"{number(jobs.retried)} tried again")
    if jobs.parked:
        parts.append(f"{number(jobs.parked)} parked")
    if jobs.cancelled:
        parts.append(f"{number(jobs.cancelled)} cancelled")
    return parts


def speed(look: Look) -> list[str]:
    """``9.8 of 10.0 calls/s``, the tokens taken, and what is left of the day."""
    limits = look.limits
    parts = [f"{number(look.rate)} of {limits.per_s:g} calls/s"]
    if limits.used is not None:
        parts.append(f"{limits.used} of {limits.window} tokens taken")
    if limits.day_left is not None:
        parts.append(f"{number(limits.day_left)} calls left today")
    return parts


def finishing(look: Look) -> str | None:
    """When it will be done; None while nobody can say."""
    if look.seconds_left is None:
        return None
    at = look.at + look.seconds_left
    return f"done about {clock(at, look.at)} ({span(look.seconds_left)})"


def troubles(look: Look) -> list[str]:
    """Why nothing moves, or less than could, as sentences."""
    found = []
    if look.missing and look.jobs.open:
        found.append(f"no {' and no '.join(look.missing)} is alive: {HOW_TO_START}")
    if look.held:
        found.append(held(look.held))
    if look.paused:
        reason, until = look.paused
        found.append(
            f"paused {until_when(until, look.at)}: {reason}; "
            f"`rollbook resume {look.run.location}` ends it"
        )
    left = look.limits.day_left
    if left is not None and look.calls_left > left:
        found.append(
            f"{count(round(look.calls_left), 'call')} to make and only {number(left)} left today: "
            "the rest goes on when the day's quota is back"
        )
    return found


def held(jobs: int) -> str:
    """Why jobs wait that would write."""
    if not jobs:
        return "read-only: nothing is written to the CRM while ROLLBOOK_READ_ONLY is on"
    one = jobs == 1
    return (
        f"read-only: {count(jobs, 'job')} that would write to the CRM {'waits' if one else 'wait'} "
        "until ROLLBOOK_READ_ONLY is off"
    )


def heading(look: Look) -> RenderableType:
    """Which run it is."""
    from rich.text import Text

    run = look.run
    state = {"reading": "being read", "queued": "under way"}.get(run.state, run.state)
    return Text(f"Run {run.id}, {run.title} to {run.location}: {state}", style="bold")


def panel(look: Look) -> RenderableType:
    """A bar and a few lines below it."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    jobs = look.jobs
    settled = jobs.total - jobs.open
    bar = Table.grid(padding=(0, 2, 0, 0))
    share = f"{100 * settled // jobs.total if jobs.total else 0} %"
    bar.add_row(ProgressBar(total=max(1, jobs.total), completed=settled, width=40), share,
                Text(progress(look), style="bold"))  # fmt: skip
    rows: list[RenderableType] = [bar]
    rows.append(Text(" · ".join([*queue(look), f"{number(jobs.released)} at work"])))
    rows.append(Text(" · ".join(speed(look))))
    if when := finishing(look):
        rows.append(Text(when))
    if said := sentence(look.run.existence):
        rows.append(Text(said))
    rows += [Text(trouble, style="yellow") for trouble in troubles(look)]
    return Group(*rows)
