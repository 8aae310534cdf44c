"""Rollbook itself as a peer: `rollbook up`, `rollbook backfill`, live jobs as by a webhook."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contacts.contact import Person
from contacts.jobs import Kind, Lane
from contacts.store import ledger_view
from ops.bench import backfilling, world
from ops.bench.peers.peer import Order, Row
from ops.bench.putting import put
from ops.bench.watching import family
from ops.bench.world import Up
from producers.bell import Bell

NOTE: Final = """
[[notes]]
template = "Enrolled in {Course} on {Enrolled on}"
"""

TEXTBOOK: Final = "ops.bench.peers.textbook_up"


@dataclass(frozen=True, slots=True)
class Ours:
    """`rollbook up` at work; see :class:`ops.bench.peers.peer.Running`."""

    up: Up
    order: Order
    bell: Bell

    @property
    def pids(self) -> Sequence[int]:
        """The supervisor; all others are its children, Redis too."""
        return [self.up.pid]

    def put(self) -> None:
        """`rollbook backfill`."""
        backfilling.read(self.up, self.order.file)

    def live(self, row: Row) -> None:
        """A job of the live lane, and the bell, in one transaction as every door does it."""
        first, _, last = row["Name"].partition(" ")
        person = Person(
            {"email": row["Email"], "first_name": first, "last_name": last},
            add_tags=frozenset({f"course: {row['Course']}".lower()}),
        )
        put(self.up.store, self.order.crm.location, [person], Lane.LIVE, (Kind.PUSH,))
        self.bell.ring()

    def kill(self) -> None:
        """kill -9 to every process but Redis and the supervisor, which starts them again."""
        for pid, usage in family(self.pids).items():
            if pid != self.up.pid and usage.role != "redis":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def open(self) -> int:
        """Jobs of the ledger that are not settled."""
        return ledger_view.counts(self.up.store).open


@contextlib.contextmanager
def running(order: Order, module: str = "ops.running") -> Iterator[Ours]:
    """`rollbook up` with a home of its own.

    Args:
        module: what is run; :data:`TEXTBOOK` is the same with the textbook's bucket.
    """
    with world.up(order.folder, order.crm, module=module) as up:
        mapping = backfilling.MAPPING + (NOTE if order.notes else "")
        (up.home / "bench.toml").write_text(mapping, encoding="utf-8")
        with contextlib.closing(Bell(up.redis_url)) as bell:
            yield Ours(up, order, bell)
