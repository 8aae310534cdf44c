"""Whose turn it is: which waiting jobs may run now. Reads and locks, moves nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select, text

from contacts import parcels
from contacts.store import due
from contacts.store.database import Tx
from contacts.store.prepared import Prepared
from contacts.store.tables import RELEASED, jobs


@dataclass(frozen=True, slots=True)
class Out:
    """What a location has out in the live lane, or in the other two.

    Attributes:
        jobs: released and not settled.
        messages: that they travel in; each needs a thread.
    """

    jobs: int = 0
    messages: int = 0


Held = Mapping[tuple[str, bool], Out]
"""By (location, is it the live lane)."""

Queue = list[tuple[int, Hashable]]
"""Ids of a location's next jobs, each with what the jobs of one message have in common."""


@dataclass(frozen=True, slots=True)
class Gather:
    """When somebody is edited again and again: what is to be told waits for more of it.

    Attributes:
        quiet_s: until nothing was said for so many seconds,
        after_s: and at most for so long after the contact was last told, or read. Later than that
            nothing waits: a first edit goes at once.
    """

    quiet_s: float
    after_s: float


AT_ONCE: Final = Gather(0.0, 0.0)


def choose(
    tx: Tx,
    now: float,
    *,
    room: int,
    limit: int,
    threads: int,
    most: int = 1,
    read_only: bool = False,
    gather: Gather = AT_ONCE,
) -> list[list[int]]:
    """Ids of the jobs that may run now, by message, the most urgent first; see ``ledger.release``.

    Args:
        limit: messages of this round.
        threads: messages of the bulk and sweep lanes that may be out at once.
        most: jobs in one message.
    """
    _one_at_a_time(tx)
    out = _out(tx)
    open_live, open_bulk = _open_locations(tx, now)
    waits = _Due(tx, now, out, room, read_only, random.Random(now), gather)
    live = waits.of(open_live, live=True, most=limit)
    chosen = _fairly([(held, parcels.pack(jobs, 1)) for held, jobs in live], limit, waits.chance)

    bulk_out = [one for (_, is_live), one in out.items() if not is_live]
    total = min(limit - len(chosen), threads - sum(one.messages for one in bulk_out))
    bulk = waits.of(open_bulk, live=False, most=total * most)
    jobs_out = sum(one.jobs for one in bulk_out) + sum(len(jobs) for _, jobs in bulk)
    size = parcels.size(jobs=jobs_out, threads=max(1, threads), most=most)
    # A location is topped up by whole messages: at each round's one or two jobs they would all
    # be small ones. It has at least half of its room out meanwhile.
    least = max(1, min(size, room // 2))
    packed = [(held, parcels.pack(jobs, size)) for held, jobs in bulk if room - held >= least]
    return chosen + _fairly(packed, total, waits.chance)


@dataclass(frozen=True, slots=True)
class _Due:
    """Which jobs of some locations are next, as far as there is room for them."""

    tx: Tx
    now: float
    out: Held
    room: int
    read_only: bool
    chance: random.Random
    gather: Gather

    def of(self, locations: Sequence[str], *, live: bool, most: int) -> list[tuple[int, Queue]]:
        """At least so many jobs, if there are: for each location how many it has out, and its
        next ones. Locations that could only come after these are not asked."""
        found: list[tuple[int, Queue]] = []
        ranks: Counter[int] = Counter()
        for held, location in _by_turn(locations, self.out, live, self.chance):
            if held >= self.room or _is_settled(ranks, held, most):
                break
            values = {
                "location": location,
                "now": self.now,
                "free": min(most, self.room - held),
                "quiet": self.now - self.gather.quiet_s,
                "lately": self.now - self.gather.after_s,
            }
            rows = due.jobs_of(
                self.tx, values, live=live, read_only=self.read_only, at_work=held > 0
            )
            found.append((held, [(row.id, (row.kind, row.lane)) for row in rows]))
            ranks.update(range(held, held + len(rows)))
        return found


def _one_at_a_time(tx: Tx) -> None:
    """Wait until no other dispatcher chooses: two that count at the same moment what is out would
    each fill a location. SQLite has let one writer in already."""
    if tx.dialect.name == "postgresql":
        tx.execute(_TURN)


_TURN: Final = text(
    # The lock ends with the transaction. A dispatcher whose machine vanished in the middle of one
    # would hold it until the server's TCP gives it up, two hours by default: 20 s are enough.
    "SELECT set_config('idle_in_transaction_session_timeout', '20s', true), "
    "pg_advisory_xact_lock(hashtext('rollbook.release'))"
)


def _by_turn(
    locations: Sequence[str], out: Held, live: bool, chance: random.Random
) -> list[tuple[int, str]]:
    """Locations with what they have out: those with the fewest first, by chance among equals."""
    shuffled = chance.sample(locations, len(locations))
    held = ((out.get((one, live), Out()).jobs, one) for one in shuffled)
    return sorted(held, key=lambda turn: turn[0])


def _is_settled(ranks: Mapping[int, int], held: int, total: int) -> bool:
    """Whether the next location, with so many out, could only come after what is found already.

    Without it each round asked every location: 1,000 of them take a second, 10,000 many.
    """
    return sum(n for rank, n in ranks.items() if rank <= held) >= total


def _fairly(
    queues: Sequence[tuple[int, Sequence[list[int]]]], total: int, chance: random.Random
) -> list[list[int]]:
    """So many messages in all, the next one always from the location with the fewest jobs out.

    Among equals chance decides, anew each round: with more locations than free threads a fixed
    order would serve the same ones for ever.

    Args:
        queues: for each location how many jobs it has out, and its next ones by message.
    """
    ranked = []
    for turn, (held, queue) in enumerate(chance.sample(queues, len(queues))):
        before = held
        for message in queue:
            ranked.append((before, turn, message))
            before += len(message)
    ranked.sort()
    return [message for _, _, message in ranked[: max(total, 0)]]


def _out(tx: Tx) -> dict[tuple[str, bool], Out]:
    """What is out, by (location, is it the live lane)."""
    return {(row.location, bool(row.live)): Out(row.n, row.m) for row in _OUT.all(tx)}


def _open_locations(tx: Tx, now: float) -> tuple[list[str], list[str]]:
    """Locations with waiting jobs that are not paused: (for live jobs, for the others)."""
    found = tx.execute(_WAITING_LOCATIONS).all()
    paused = {
        row.id: row.paused_until is not None and row.paused_until > now
        for row in tx.execute(_PAUSED_LOCATIONS, {"now": now})
    }
    return (
        [row.location for row in found if row.first == 0 and not paused.get(row.location, False)],
        [row.location for row in found if row.last > 0 and row.location not in paused],
    )


_LIVE: Final = (jobs.c.lane == 0).label("live")
_OUT: Final = Prepared(
    select(
        jobs.c.location,
        _LIVE,
        func.count().label("n"),
        func.count(jobs.c.message.distinct()).label("m"),
    )
    .where(RELEASED)
    .group_by(jobs.c.location, _LIVE)
)

# A loose index scan: three probes for each location, however many jobs wait (100,000 rows of one
# location cost the same as one).
_WAITING_LOCATIONS: Final = text(
    """
    WITH RECURSIVE found(location) AS (
        SELECT (SELECT MIN(location) FROM jobs WHERE state = 'waiting')
        UNION ALL
        SELECT (SELECT MIN(location) FROM jobs
                WHERE state = 'waiting' AND location > found.location)
        FROM found WHERE found.location IS NOT NULL
    )
    SELECT location,
           (SELECT MIN(lane) FROM jobs
            WHERE state = 'waiting' AND location = found.location) AS first,
           (SELECT MAX(lane) FROM jobs
            WHERE state = 'waiting' AND location = found.location) AS last
    FROM found WHERE location IS NOT NULL
    """
)

_PAUSED_LOCATIONS: Final = text(
    "SELECT id, paused_until FROM locations WHERE paused_until > :now OR bulk_paused_until > :now"
)
