"""``rollbook limits probe``: how does the CRM count a location's calls?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from contacts.errors import UsageError
from producers.cli import screen

if TYPE_CHECKING:
    from rich.table import Table

SHOWN: Final = (0.0, 2.0, 5.0, 8.0, 9.0, 10.0, 11.0, 13.0, 16.0, 20.0, 25.0)
"""Seconds after its beginning at which a part's places are shown, in a window of 10 s."""


def probe(
    location: Annotated[
        str, typer.Argument(metavar="LOCATION", help="A test location.", show_default=False)
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    busy: Annotated[
        bool, typer.Option("--busy", help="Also while the location works; the result may be vain.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON, for machines.")] = False,
) -> None:
    """Measure in which window the CRM counts a location's calls: twice 100 reads, 80 seconds.

    For an idle test location. Nothing is written, and none of the calls should be refused.
    """
    from contacts.store import accounts
    from producers import probing
    from producers.cli.door import opened

    with opened() as door:
        accounts.location(door.store, location)
        why = probing.busy(door.store, location)
        if why is not None and not busy:
            raise UsageError(
                f"location {location} is not idle: {why}. Probe a test location, wait, or say "
                "--busy"
            )
        if not yes and not _sure(location):
            raise UsageError("not probed: say --yes to go on without a question")
        found = probing.run(
            door.store, location, ring=door.ring, tell=(lambda _: None) if json else screen.say
        )
        if json:
            screen.emit({"location": location} | found)
        else:
            screen.show(_table(door.store, location), *_verdict(found))


def _sure(location: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return typer.confirm(f"Make 200 reads at location {location} within 80 seconds?")


def _table(store: Any, location: str) -> Table:
    from contacts.store import probes

    table = screen.table("Places left after", *(f"{at:g} s" for at in SHOWN), right=())
    for part in probes.PARTS:
        seen = probes.seen(store, location, part)
        if seen is not None:
            table.add_row(f"part {part}", *_row(seen))
    return table


def _row(seen: dict[str, Any]) -> list[str]:
    """The places left at the moments that are shown, scaled to the location's window."""
    window_s = seen["window_s"] or seen["set"][1]
    answers = [(sent - seen["began"], left) for sent, _, left, _ in seen["samples"]]
    burst = [left for _, left, judged in _judged(seen) if not judged and left is not None]
    cells = [str(min(burst)) if burst else "-"]
    for at in SHOWN[1:]:
        wanted = at * window_s / 10
        near = min(answers, key=lambda one: abs(one[0] - wanted), default=(0.0, None))
        cells.append("-" if near[1] is None else str(near[1]))
    return cells


def _judged(seen: dict[str, Any]) -> list[tuple[float, int | None, bool]]:
    return [(sent, left, judged) for sent, _, left, judged in seen["samples"]]


def _verdict(found: dict[str, Any]) -> list[str]:
    """What was told, and how sure it is."""
    misses = sorted(found["misses"].items(), key=lambda one: one[1])
    calls, window_s = found["per_window"], found["window_s"]
    says = (
        f"The CRM says {calls} calls in {window_s:g} s."
        if calls and window_s
        else "The CRM's answers name no window: no X-RateLimit headers."
    )
    if not misses:
        return [says, "Window: unknown, because nothing was said of the places left."]
    off = ", ".join(f"{name} {miss:.1f}" for name, miss in misses)
    if found["model"] == "unknown":
        model = (
            "Window: unknown; somebody else's calls, a window that turned within a burst "
            "(try again), or a way to count that is not known here."
        )
    else:
        model = f"Window: {found['model']}."
    return [says, model, f"Places that each way to count is off in the mean: {off}"]
