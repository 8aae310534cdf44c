"""Ten thousand locations that always have work, and threads for a few: who has its turn when?

In virtual time. The rule is the dispatcher's (the fewest out first, chance among equals, at most
20 out, 500 a round, so many threads); how long a round takes is measured, the calls take as long as
the stand-in's. What cannot be run on one machine is so many calls a second; the rule can. Beside it
stands another rule, that of a queue: among equals who waits longest.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

ROUND: Final = 500
ROOM: Final = 20
TICK_S: Final = 0.5


class Rule(StrEnum):
    """Who is next among locations with the same number out."""

    CHANCE = "chance"
    LONGEST = "who waits longest"


@dataclass(frozen=True, slots=True)
class Turns:
    """What the locations got.

    Attributes:
        calls_per_s: of all together.
        jain: fairness of what each got; 1 is all the same.
        longest_s: the longest that a location waited between two of its calls.
    """

    locations: int
    threads: int
    rule: str
    calls_per_s: float
    jain: float
    longest_s: float


def simulate(
    locations: int,
    threads: int,
    *,
    round_s: float,
    seconds: float,
    rule: Rule = Rule.CHANCE,
    seed: int = 1,
) -> Turns:
    """Let the dispatcher and so many threads work for a while.

    Args:
        round_s: how long a round takes with so many locations.
    """
    chance = Random(seed)
    out = [0] * locations
    done, last, longest = [0] * locations, [0.0] * locations, 0.0
    running: list[tuple[float, int]] = []
    now = 0.0
    while now < seconds:
        free = min(ROUND, threads - len(running))
        ties = last if rule is Rule.LONGEST else [0.0] * locations
        for one in _chosen(out, ties, free, chance):
            out[one] += 1
            longest = max(longest, now - last[one])
            last[one] = now
            heapq.heappush(running, (now + 0.01 + chance.uniform(0.08, 0.4), one))
        now += round_s + TICK_S
        while running and running[0][0] <= now:
            _, one = heapq.heappop(running)
            out[one] -= 1
            done[one] += 1
    longest = max(longest, *(seconds - at for at in last))
    total, squares = sum(done), sum(n * n for n in done)
    jain = total * total / (locations * squares) if squares else 0.0
    return Turns(locations, threads, rule.value, total / seconds, jain, longest)


def _chosen(out: list[int], ties: list[float], free: int, chance: Random) -> list[int]:
    """One job each for the locations with the fewest out."""
    ranked = [(n, ties[one], chance.random(), one) for one, n in enumerate(out) if n < ROOM]
    return [one for *_, one in heapq.nsmallest(free, ranked)]
