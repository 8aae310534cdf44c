"""Does the limiter hold, and what does it cost? Five kinds of server, six weathers, many seeds.

    python -m ops.prove.limiter --minutes 10 --seeds 2

The real script runs in a Redis of its own under virtual time: a minute there takes about half a
second here. Exit code 1 when a bound is broken.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from typing import Final

import redis
from rich.console import Console
from rich.progress import track
from rich.table import Table

from contacts.errors import UsageError
from ops.prove import runs
from ops.prove.latencies import LATENCIES
from ops.prove.own_redis import own_redis
from ops.prove.runs import Shown, Stage
from ops.prove.servers import SERVERS

EVEN: Final = "even 80-400 ms"
BELT: Final = "backlog, 20 jobs out"

LEAST_USE: Final = 0.94
"""Of the limit, at an even latency of 80 to 400 ms, while work waits."""

LEARNT: Final = ("fixed, by the clock", "fixed, from the first", "token bucket")
LEAST_LEARNT: Final = 0.98
"""Of these servers' limit, at a lognormal latency: the headers tell which they are."""

LEAST_BESIDE: Final = 0.84
"""Of what a hidden consumer leaves, on every server."""

MOST_BESIDE: Final = 0.005
"""Answers 429 a call beside a hidden consumer, on every server."""

HIDDEN: Final = "hidden consumer, 30 %"
SHOCK: Final = "100 foreign calls at once"
MOST_SHOCK, SHOCKS = 3.0, 4
"""Answers 429 of a foreign burst, in the mean, on every server at a lognormal latency; fewer bursts
have no mean worth judging."""

FOREIGN: Final = (HIDDEN, SHOCK)
"""Where answers 429 cannot be ruled out: somebody else's calls are seen only when they are done."""

Run = Callable[[Stage], Shown]

Plan = Sequence[tuple[str, Run, Sequence[str]]]
"""Workload, how to run it, and in which weathers."""

PLAN: Final[Plan] = (
    ("backlog", runs.backlog, tuple(LATENCIES)),
    (BELT, runs.belt(20), (EVEN, "lognormal")),
    ("backlog and live calls", runs.mix, (EVEN, "lognormal")),
    ("the same, with faults", runs.faulty, (EVEN, "lognormal")),
    (HIDDEN, runs.hidden, (EVEN, "lognormal")),
    (SHOCK, runs.shock, (EVEN, "lognormal")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one workload showed in one weather, server by server."""

    workload: str
    latency: str
    by_server: dict[str, Shown]
    seeds: int = 1

    @property
    def worst(self) -> Shown:
        """The least use, the most of everything else; answers 429 are summed."""
        return reduce(add, self.by_server.values())

    def broken(self) -> list[str]:
        """The bounds that do not hold; empty when all do."""
        worst, where = self.worst, f"{self.workload}, {self.latency}"
        found = []
        if worst.unallowed:
            found.append(f"{where}: {worst.most} calls in 10 s, {worst.unallowed} not allowed")
        if worst.refused and self.workload not in FOREIGN:
            found.append(f"{where}: {worst.refused} answers 429")
        if self.workload in ("backlog", BELT) and self.latency == EVEN and worst.use < LEAST_USE:
            found.append(f"{where}: only {worst.use:.1%} of the limit is used")
        return found + [
            f"{where}, {server}: {what}"
            for server, shown in self.by_server.items()
            for what in self._broken_on(server, shown)
        ]

    def _broken_on(self, server: str, shown: Shown) -> Iterator[str]:
        calm = (self.workload, self.latency) == ("backlog", "lognormal")
        least = LEAST_LEARNT if server in LEARNT else LEAST_USE
        if calm and shown.use < least:
            yield f"only {shown.use:.1%} of the limit is used"
        if self.workload == HIDDEN and shown.use < LEAST_BESIDE:
            yield f"only {shown.use:.1%} of what is left is used"
        if self.workload == HIDDEN and shown.refused >= MOST_BESIDE * shown.sent:
            yield f"{shown.refused} answers 429 of {shown.sent:,} calls"
        judged = (self.workload, self.latency) == (SHOCK, "lognormal") and self.seeds >= SHOCKS
        if judged and shown.refused > MOST_SHOCK * self.seeds:
            yield f"{shown.refused / self.seeds:.1f} answers 429 for a foreign burst"


def prove(connection: redis.Redis, plan: Plan, *, minutes: float, seeds: int) -> Iterator[Row]:
    """Run the whole plan, row by row."""
    for workload, run, latencies in plan:
        for latency in latencies:
            by_server = {}
            for server in SERVERS:
                stages = [
                    Stage(connection, server, latency, seed, minutes)
                    for seed in range(1, seeds + 1)
                ]
                by_server[server] = reduce(add, map(run, stages))
            yield Row(workload, latency, by_server, seeds)


def table(rows: Sequence[Row]) -> Table:
    """For people: use by server, then the worst of all."""
    found = Table(title="Use of the limit, and the worst of all servers and seeds")
    found.add_column("workload")
    found.add_column("latency")
    for server in SERVERS:
        found.add_column(server, justify="right")
    for name in (
        "429",
        "429 a run, at most",
        "sent",
        "most in 10 s",
        "asked a call",
        "live p50",
        "live p99",
    ):
        found.add_column(name, justify="right")
    for row in rows:
        worst = row.worst
        found.add_row(
            row.workload,
            row.latency,
            *(f"{row.by_server[server].use:.1%}" for server in SERVERS),
            f"{worst.refused}",
            f"{max(one.refused for one in row.by_server.values()) / row.seeds:.1f}",
            f"{worst.sent:,}",
            f"{worst.most}",
            f"{worst.asked:.1f}",
            _time(worst.live_p50_ms),
            _time(worst.live_p99_ms),
        )
    return found


def _time(ms: float) -> str:
    if math.isnan(ms):
        return ""
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def as_json(rows: Sequence[Row], *, minutes: float, seeds: int) -> str:
    """For machines."""

    def plain(shown: Shown) -> dict[str, float | None]:
        values = asdict(shown)
        return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in values.items()}

    found = [
        {
            "workload": row.workload,
            "latency": row.latency,
            "servers": {name: plain(shown) for name, shown in row.by_server.items()},
            "broken": row.broken(),
        }
        for row in rows
    ]
    return json.dumps({"minutes": minutes, "seeds": seeds, "rows": found}, indent=2)


def main(
    arguments: Sequence[str] | None = None,
    *,
    plan: Plan = PLAN,
    server: Callable[[], AbstractContextManager[redis.Redis]] = own_redis,
) -> int:
    """The command; 0 when every bound holds, 1 when one does not, 2 for a person's mistake."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.limiter", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=5, help="virtual, each run; more than 4")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each kind")
    parser.add_argument("--only", default="", help="rows whose workload has these words")
    parser.add_argument("--json", action="store_true", help="for machines")
    chosen = parser.parse_args(arguments)
    if chosen.minutes <= 4 or chosen.seeds < 1:
        parser.error("--minutes must be more than 4, and --seeds at least 1")
    plan = [row for row in plan if chosen.only in row[0]]
    if not plan:
        parser.error(f"no workload has the words {chosen.only!r}")
    quiet, total = Console(stderr=True), sum(len(latencies) for _, _, latencies in plan)
    try:
        with server() as connection:
            proof = prove(connection, plan, minutes=chosen.minutes, seeds=chosen.seeds)
            rows = list(track(proof, "proving", total=total, console=quiet, transient=True))
    except UsageError as error:
        print(f"ops.prove.limiter: {error}", file=sys.stderr)  # noqa: T201
        return 2
    broken = [one for row in rows for one in row.broken()]
    if chosen.json:
        print(as_json(rows, minutes=chosen.minutes, seeds=chosen.seeds))  # noqa: T201
    else:
        console = Console(highlight=False, width=150)
        console.print(table(rows))
        console.print("\n".join(broken) or "every bound holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
