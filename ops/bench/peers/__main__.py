"""``make bench-peers``: Rollbook beside its peers, in one run, on this machine.

    python -m ops.bench.peers                                        about an hour and a half
    python -m ops.bench.peers --contacts 1000 --side-by-side 3       about 20 minutes
    python -m ops.bench.peers --peers rollbook,celery

docs/performance.md says what each figure means. Nothing is judged here: whoever is better is shown
as better. Exit code 1 when a peer did not do its part.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from contacts.errors import UsageError
from ops.bench import machine
from ops.bench.peers import contest, plot, roll, table
from ops.bench.peers.peer import Peer
from ops.bench.peers.score import Score, document, score
from ops.bench.peers.side_by_side import Failed, side_by_side

STACK: Final = (
    "rollbook", "celery", "dramatiq", "rq", "gohighlevel-api-client", "redis", "httpx",
)  # fmt: skip

CRASH_SHARE: Final = 3
"""The run with the kill takes one contact in so many: each costs two calls."""

LEAST: Final = 200
"""Contacts: a textbook bucket lets the first hundred go at once, so fewer say nothing of a rate."""

console = Console(highlight=False)


def main(argv: list[str] | None = None) -> int:
    """Measure, show, and write what is asked for.

    Returns:
        0; 1 when a peer did not do its part; 2 for a person's mistake; 130 after Ctrl-C.
    """
    options = _options(argv)
    # What we started runs in sessions of its own and would outlive us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        peers = _chosen(options)
        about = _about(options)
        found = _measure(peers, options)
    except KeyboardInterrupt:
        console.print("ops.bench.peers: broken off; what it started has ended")
        return 130
    except UsageError as error:
        console.print(f"ops.bench.peers: {error}", style="red", markup=False)
        return 2
    scores = [one for one in found if isinstance(one, Score)]
    if scores:
        about |= {"load_after": os.getloadavg()[0]}
        console.print(table.terminal(scores))
        console.print(_caption(about), style="dim")
        _write(options, scores, about)
    for one in found:
        if isinstance(one, Failed):
            console.print(f"{one.name}: {one.why}", style="red", markup=False)
    return 0 if len(scores) == len(found) else 1


def _chosen(options: argparse.Namespace) -> list[Peer]:
    """The peers that are asked for.

    Raises:
        UsageError: there is none of that name, its library is not installed, or too few contacts.
    """
    if sys.platform != "linux":
        raise UsageError("CPU is read from /proc, so it needs Linux")
    if options.contacts < LEAST:
        raise UsageError(f"--contacts: at least {LEAST}, or nothing can be said of a rate")
    if options.side_by_side < 1:
        raise UsageError("--side-by-side: at least 1")
    names = options.peers.split(",") if options.peers else list(roll.BY_NAME)
    for name in names:
        if name not in roll.BY_NAME:
            raise UsageError(f"--peers: {name!r} is none of {', '.join(roll.BY_NAME)}")
        needs = roll.BY_NAME[name].needs
        if needs and find_spec(needs) is None:
            raise UsageError(f"{name}: {needs} is not installed; `make bench-peers` installs it")
    return [roll.BY_NAME[name] for name in names]


def _measure(peers: Sequence[Peer], options: argparse.Namespace) -> list[Score | Failed]:
    """Both runs of each peer; each has all servers for itself."""
    with (
        tempfile.TemporaryDirectory(prefix="rollbook-peers-") as name,
        console.status("starting") as status,
    ):

        def both(peer: Peer, tell: contest.Tell) -> Score:
            place = Path(name) / peer.name
            place.mkdir()
            few = options.contacts // CRASH_SHARE
            calm = contest.steady(peer, place / "steady", options.contacts, options.quiet, tell)
            hard = contest.crash(peer, place / "crash", few, options.quiet, tell)
            return score(peer, calm, hard)

        return side_by_side(peers, options.side_by_side, both, status.update)


def _write(options: argparse.Namespace, scores: Sequence[Score], about: dict[str, Any]) -> None:
    if options.json:
        text = json.dumps(document(scores, **about), indent=2) + "\n"
        options.json.write_text(text, encoding="utf-8")
    if options.markdown:
        options.markdown.write_text(table.markdown(scores), encoding="utf-8")
    if options.plot:
        options.plot.write_text(plot.svg(scores, _caption(about)), encoding="utf-8")


def _about(options: argparse.Namespace) -> dict[str, Any]:
    """What the figures are of."""
    return machine.about(STACK) | {
        "contacts": options.contacts,
        "side_by_side": options.side_by_side,
        "quiet_s": options.quiet,
    }


def _caption(about: dict[str, Any]) -> str:
    beside = f", {about['side_by_side']} peers at once" if about["side_by_side"] > 1 else ""
    return (
        f"{about['contacts']:,} new contacts, answers in 80 to 400 ms, {about['at'][:10]}, "
        f"{about['cores']} cores, Python {about['python']}{beside}"
    )


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ops.bench.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--contacts", type=int, default=3000, help="new contacts of the undisturbed run (3000)")
    add("--peers", metavar="A,B", help=f"some of {', '.join(roll.BY_NAME)} (all)")
    add("--side-by-side", type=int, default=1, metavar="K", help="so many peers at once (1)")
    add(
        "--quiet", type=float, default=contest.QUIET_S, metavar="S",
        help="after so many seconds without a call nothing more is waited for (150); jobs that a "
        "dead worker held may come back later",
    )  # fmt: skip
    add("--json", type=Path, metavar="FILE", help="write every figure there")
    add("--markdown", type=Path, metavar="FILE", help="write the table of the docs there")
    add("--plot", type=Path, metavar="FILE", help="write the picture there, SVG")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
