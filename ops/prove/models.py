"""The limiter in real time, against the stand-in counting in each of its five ways.

    python -m ops.prove.models                      2 minutes a model, one after the other
    python -m ops.prove.models --at-once            the five at the same time: 2 minutes in all

For each model a stand-in in a process of its own, with answers of lognormal latency; here the
worker's own client and transport, so many threads of it, and a real Redis. Exit code 1 when a bound
is broken.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import redis
from rich.console import Console
from rich.table import Table

from contacts.errors import TryAgain, TryLater, UsageError
from contacts.jobs import Lane
from ops.prove.own_redis import own_redis
from ops.simulator import control
from worker.crm.client import Call, Crm
from worker.crm.limiter import Limiter, Limits

MODELS: Final = {
    "fixed-clock": 0.98,
    "fixed-first": 0.98,
    "sliding-log": 0.94,
    "sliding-counter": 0.94,
    "token-bucket": 0.98,
}
"""The stand-in's five ways to count, and how much of the limit is used at least."""

WARM_UP_S: Final = 50.0
"""Until the headers have told three times, a window apart, how the server counts."""

THREADS: Final = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """What a model showed: ``use`` of the limit after the warm-up, when work always waited."""

    model: str
    arrivals: int
    refused: int
    most: int
    use: float
    armed: bool
    strict: bool = False

    def broken(self) -> list[str]:
        """The bounds that do not hold."""
        found = []
        if self.refused:
            found.append(f"{self.model}: {self.refused} answers 429")
        if self.armed and self.most > 100:
            found.append(f"{self.model}: {self.most} calls in 10 s, and no header allowed it")
        least = 0.94 if self.strict else MODELS[self.model]
        if self.use < least:
            found.append(f"{self.model}: only {self.use:.1%} of the limit is used")
        return found


def world(model: str) -> dict[str, Any]:
    """A stand-in that counts so, with one location."""
    return {
        "locations": [{"id": "loc1"}],
        "tokens": [{"token": "pit-proof", "location": "loc1", "scopes": ["contacts.readonly"]}],
        "limits": {"window": model, "phase_s": 3.7},
        "latency": {"kind": "lognormal"},
    }


def _forget(_: Call) -> None:
    """The stand-in keeps its own account."""


def run(model: str, connection: redis.Redis, *, seconds: float, strict: bool) -> Shown:
    """Call the stand-in of that model as fast as the limiter lets us."""
    ended = threading.Event()
    prefix = f"models:{model}"
    limits = Limits(strict=strict)
    limiter = Limiter(connection, limits=lambda _: limits, prefix=prefix)
    limiter.vouch()
    with (
        tempfile.TemporaryDirectory() as folder,
        control.in_process(world(model), Path(folder)) as crm,
    ):
        [contact] = crm.seed("loc1", {"values": {"email": "ada@example.org"}})
        client = Crm(
            url=crm.url, version="2021-07-28", limiter=limiter,
            connect_timeout=5, read_timeout=15, sleep=time.sleep,
        )  # fmt: skip

        def work() -> None:
            desk = client.at("loc1", "pit-proof", country="US", lane=Lane.BULK, record=_forget)
            while not ended.is_set():
                with suppress(TryLater, TryAgain):  # a 429 among them; the stand-in counts it
                    desk.get(contact)

        with ThreadPoolExecutor(THREADS) as pool:
            threads = [pool.submit(work) for _ in range(THREADS)]
            ended.wait(seconds)
            ended.set()
        for thread in threads:
            thread.result()
        armed = bool(limiter.look("loc1").armed)
        client.close()
        return _shown(model, crm, armed=armed, strict=strict)


def _shown(model: str, crm: control.Control, *, armed: bool, strict: bool) -> Shown:
    report = crm.report("loc1")
    rows = crm.arrivals("loc1")
    begin = rows[0]["at"] + WARM_UP_S
    # Whole windows, so that the place of the first one does not matter.
    windows = int((rows[-1]["at"] - begin) // 10)
    fine = sum(begin <= one["at"] < begin + 10 * windows and one["status"] == 200 for one in rows)
    use = fine / (100 * windows) if windows else 0.0
    return Shown(
        model,
        report["arrivals"],
        report["refused_429"],
        report["max_in_window"],
        use,
        armed,
        strict,
    )


def table(found: Sequence[Shown]) -> Table:
    """One line for each model."""
    drawn = Table(title="In real time")
    drawn.add_column("model")
    for name in ("calls", "429", "most in 10 s", "use of the limit", "learnt"):
        drawn.add_column(name, justify="right")
    for one in found:
        drawn.add_row(
            one.model, f"{one.arrivals:,}", f"{one.refused}", f"{one.most}", f"{one.use:.1%}",
            "no" if one.armed else "yes",
        )  # fmt: skip
    return drawn


def main(words: Sequence[str] | None = None) -> int:
    """The command; 0 when every bound holds, 1 when one does not, 2 for a person's mistake."""
    parser = argparse.ArgumentParser(prog="python -m ops.prove.models", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=float, default=120, help="of each model")
    parser.add_argument("--at-once", action="store_true", help="all at the same time")
    parser.add_argument("--strict", action="store_true", help="trust no header")
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(MODELS)}; all")
    chosen = parser.parse_args(words)
    models = chosen.models or list(MODELS)
    if chosen.seconds < WARM_UP_S + 10:
        parser.error(f"--seconds must be at least {WARM_UP_S + 10:.0f}")
    if unknown := set(models) - set(MODELS):
        parser.error(f"no model is called {min(unknown)}")
    try:
        with own_redis() as connection, ThreadPoolExecutor(len(models)) as pool:
            one = lambda model: run(  # noqa: E731
                model, connection, seconds=chosen.seconds, strict=chosen.strict
            )
            found = list(pool.map(one, models) if chosen.at_once else map(one, models))
    except UsageError as error:
        print(f"ops.prove.models: {error}", file=sys.stderr)  # noqa: T201
        return 2
    broken = [what for shown in found for what in shown.broken()]
    console = Console(highlight=False)
    console.print(table(found))
    console.print("\n".join(broken) or "every bound holds")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
