"""What a peer's two runs say, as figures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from ops import judge
from ops.bench import figures
from ops.bench.figures import LIMIT_PER_S
from ops.bench.peers.contest import Crash, Steady
from ops.bench.peers.peer import Peer

COMPLETE: Final = (
    "students in the CRM",
    "of them with the tag of each course",
    "of them with each note once",
)
"""The judge's questions that a contact must pass to be there whole."""

TWICE: Final = ("contacts twice (email or phone)", "notes twice")


@dataclass(frozen=True, slots=True)
class Score:
    """A peer's figures.

    Attributes:
        name, title, how: of the peer.
        bound_s: the lower bound of the time: a call for each contact, ten a second.
        seconds: from the first call to the last.
        use: percent of ten calls a second while work waits.
        refused: answers 429.
        busiest: arrivals in the busiest ten seconds.
        cpu_ms: of each call that was let through: all processes and Redis, no Flower.
        missing: contacts that were not there whole at the end, nothing killed.
        lost: the same after the kill -9; ``held`` of them may still come back by the peer's books.
        doubled: notes and contacts that were there twice after it.
        live: live jobs; ``live_ms`` the median and ``live_p99_ms`` the slowest of 99 in 100.
    """

    name: str
    title: str
    how: str
    bound_s: float
    seconds: float
    use: float
    refused: int
    busiest: int
    cpu_ms: float
    missing: int
    lost: int
    held: int
    doubled: int
    live: int
    live_ms: float
    live_p99_ms: float

    @property
    def times_bound(self) -> float:
        """The time, as a multiple of its lower bound."""
        return self.seconds / self.bound_s


def score(peer: Peer, steady: Steady, crash: Crash) -> Score:
    """The figures of both runs.

    Raises:
        ValueError: too little was seen to say anything.
    """
    busy = figures.busy(steady.samples)
    by_role = figures.cpu_ms_per_call(busy)
    lost = incomplete(crash.findings)
    return Score(
        name=peer.name,
        title=peer.title,
        how=peer.how,
        bound_s=steady.people / LIMIT_PER_S,
        seconds=figures.first_to_last_s(steady.samples),
        use=figures.calls_per_s(busy) / LIMIT_PER_S * 100,
        refused=steady.report["refused_429"],
        busiest=steady.report["max_in_window"],
        cpu_ms=sum(spent for role, spent in by_role.items() if role != "flower"),
        missing=incomplete(steady.findings),
        lost=lost,
        held=min(lost, crash.open),
        doubled=doubled(crash.findings),
        live=len(crash.delays_ms),
        live_ms=median(crash.delays_ms),
        live_p99_ms=figures.percentile(crash.delays_ms, 0.99),
    )


def incomplete(findings: Sequence[judge.Finding]) -> int:
    """How many are not there whole: without contact, tag or note, whichever are most."""
    found = {one.what: one for one in findings}
    return max(int(found[what].bound) - int(found[what].value) for what in COMPLETE)


def doubled(findings: Sequence[judge.Finding]) -> int:
    """Contacts and notes that are there more than once."""
    return sum(int(one.value) for one in findings if one.what in TWICE)


def document(scores: Sequence[Score], **about: Any) -> dict[str, Any]:
    """Everything for machines; what never happened (an infinite time) is null."""
    return {**about, "peers": [_plain(one) for one in scores]}


def _plain(one: Score) -> dict[str, Any]:
    found = asdict(one) | {"times_bound": one.times_bound}
    return {name: None if value == float("inf") else value for name, value in found.items()}
