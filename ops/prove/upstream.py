"""The CRM asks one location for a pause: who still calls it, and does anybody else notice?

    python -m ops.prove.upstream                  9 pauses, 3 minutes
    python -m ops.prove.upstream --pauses 2       30 s

`rollbook up` in real time with two locations, both full of bulk jobs. Now and then the stand-in
answers one call of the first one with a 503 and Retry-After, a 429 and Retry-After, or a bare 429.
From then on only what was on the wire may arrive; the stand-in counts. Live jobs of the second
location show whether it notices.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from sqlalchemy import func, select

from contacts.jobs import Kind, Lane
from contacts.settings import load
from contacts.store import accounts
from contacts.store.cipher import Cipher
from contacts.store.tables import calls, jobs
from ops.bench import world
from ops.bench.many import Probes, accepted
from ops.bench.putting import people, put
from ops.bench.world import Broken, Crm, Up
from ops.judge import Finding, read_out

PAUSE_S: Final = 6.0
"""What Retry-After says; without it a location rests for a window of 10 s."""

QUIET_S: Final = 8.0
"""Between two pauses, in which both locations work."""

WIRE_S: Final = 0.6
"""What was sent before the answer has arrived by then: the stand-in takes 400 ms at most."""

NOTICE_MS: Final = 10.0
"""By so much the second location's live jobs may be slower while the first one is paused."""

Way = tuple[str, dict[str, Any], float]
"""How a pause is asked for: its name, the stand-in's fault, and seconds."""

WAYS: Final[tuple[Way, ...]] = (
    ("503 with Retry-After", {"kind": "error", "status": 503, "retry_after_s": PAUSE_S}, PAUSE_S),
    ("429 with Retry-After", {"kind": "too-many", "retry_after_s": PAUSE_S}, PAUSE_S),
    ("bare 429", {"kind": "too-many"}, 10.0),
)


@dataclass(slots=True)
class Seen:
    """What was counted.

    Attributes:
        arrived: at the stand-in in the pauses, beside what was on the wire; one for each pause.
        sent: by our own audit, after the answer was there.
        went_on: pauses after which the location was called again.
        delays_ms: of the second location's live jobs, by phase.
        burned: attempts that the first location's jobs have lost.
    """

    arrived: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    went_on: int = 0
    delays_ms: dict[str, list[float]] = field(default_factory=dict)
    burned: int = 0


def prove(folder: Path, pauses: int, tell: Callable[[str], object]) -> Seen:
    """Let the first location be paused so often.

    Raises:
        Broken: a process did not do its part.
    """
    seen = Seen()
    with world.crm(folder, locations=2) as crm, world.up(folder, crm) as up:
        _fill(up, crm, pauses)
        time.sleep(2 * QUIET_S)  # the limiter of a location begins at half speed for one window
        with Probes(up, [crm.locations[1][0]]) as probes:
            for number in range(pauses):
                way = WAYS[number % len(WAYS)]
                probes.phase = "quiet"
                time.sleep(QUIET_S)
                _one(up, crm, way, probes, seen)
                tell(f"{way[0]}: {seen.arrived[-1]} arrived in the pause")
            probes.phase = "over"
        seen.delays_ms = probes.delays_ms()
        query = select(func.sum(jobs.c.attempts)).where(jobs.c.location == crm.location)
        with up.store.read() as tx:
            seen.burned = int(tx.execute(query).scalar_one() or 0)
    return seen


def _fill(up: Up, crm: Crm, pauses: int) -> None:
    """More bulk jobs than both can do in the time."""
    cipher = Cipher.from_settings(load(home=up.home))
    enough = int((pauses + 3) * (QUIET_S + 12) * 10)
    for location, token in crm.locations:
        with up.store.write() as tx:
            accounts.ensure_location(tx, location, token=token, cipher=cipher)
        for batch in people(enough, "waiting"):
            put(up.store, location, batch, Lane.BULK, (Kind.PUSH,))


def _one(up: Up, crm: Crm, way: Way, probes: Probes, seen: Seen) -> None:
    _, fault, pause_s = way
    begun = time.time()
    _break(crm, fault)
    known = _refused_at(up, crm.location, since=begun)
    probes.phase = "paused"
    _sleep_until(known + WIRE_S)
    before = accepted(crm).get(crm.location, 0)
    _sleep_until(known + pause_s - 0.5)
    seen.arrived.append(accepted(crm).get(crm.location, 0) - before)
    probes.phase = "between"
    _sleep_until(known + pause_s * 1.3 + 4)
    seen.went_on += accepted(crm).get(crm.location, 0) > before
    # A token is granted up to 50 ms ahead; none may be used that is not on its way by now.
    late = select(func.count()).where(
        calls.c.location == crm.location,
        calls.c.at > known + 0.02,
        calls.c.at < known + pause_s - 0.5,
    )
    with up.store.read() as tx:
        seen.sent.append(int(tx.execute(late).scalar_one()))


def _break(crm: Crm, fault: dict[str, Any]) -> None:
    """One call of the first location fails."""
    body = json.dumps({**fault, "location": crm.location, "times": 1}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{crm.url}/_simulator/faults", body, headers)
    with urllib.request.urlopen(request, timeout=10):
        pass


def _refused_at(up: Up, location: str, *, since: float) -> float:
    """When the answer that asks for a pause was there, by the audit of calls."""
    query = select(calls.c.at, calls.c.ms).where(
        calls.c.location == location, calls.c.status.in_((429, 503)), calls.c.at >= since
    )
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        with up.store.read() as tx:
            row = tx.execute(query.limit(1)).first()
        if row is not None:
            return float(row.at + row.ms / 1000)
        time.sleep(0.05)
    raise Broken("no call of the first location was refused within 30 s")


def _sleep_until(at: float) -> None:
    time.sleep(max(0.0, at - time.time()))


def findings(seen: Seen) -> list[Finding]:
    """What was promised, and what was seen."""
    quiet, paused = (_p99(seen.delays_ms.get(name, ())) for name in ("quiet", "paused"))
    slower, number = paused - quiet, len(seen.arrived)
    return [
        Finding("pauses", "", str(number), number > 0),
        Finding("arrived in a pause, beside what was on the wire", "0", str(sum(seen.arrived)),
                sum(seen.arrived) == 0),
        Finding("sent after the answer was there", "0", str(sum(seen.sent)), sum(seen.sent) == 0),
        Finding("pauses after which it went on", str(number), str(seen.went_on),
                seen.went_on == number),
        Finding("attempts lost", "0", str(seen.burned), seen.burned == 0),
        Finding("the other location's live p99, paused less quiet", f"≤ {NOTICE_MS:.0f} ms",
                f"{slower:.0f} ms ({paused:.0f} and {quiet:.0f})", slower <= NOTICE_MS),
    ]  # fmt: skip


def _p99(values: Sequence[float]) -> float:
    """The 99th percentile; the slowest of fewer than a hundred."""
    ranked = sorted(values)
    return ranked[math.ceil(0.99 * len(ranked)) - 1] if ranked else math.inf


def main(words: Sequence[str] | None = None) -> int:
    """Print what was seen; exit code 1 when something is out of its bound."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.upstream", description=__doc__)
    parser.add_argument("--pauses", type=int, default=9, help="of the first location (9)")
    options = parser.parse_args(words)
    if options.pauses < 1:
        parser.error("--pauses must be 1 or more")
    console = Console(highlight=False)
    # What we started runs in sessions of its own and would outlive us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="rollbook-upstream-") as folder:
        seen = prove(Path(folder), options.pauses, console.print)
    return 0 if read_out(findings(seen), console.print) else 1


if __name__ == "__main__":
    sys.exit(main())
