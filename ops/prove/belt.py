"""The dispatcher's side of a location in virtual time: how many jobs must be out at once?

A job that is out lies in Redis, waits for its token, calls, or is being committed. The dispatcher
looks now and then and fills up; whoever waits too long for a token goes back to the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass

from contacts.jobs import Lane
from ops.prove.world import Steps, World

TICK_MS = 500.0
"""How often the dispatcher fills up (producers.dispatcher.TICK_S)."""

PATIENCE_MS = 3000.0
"""How long a bulk call waits for its token (worker.crm.transport.PATIENCE_S)."""

BELT_MS = (5.0, 40.0)
"""Publishing, a thread that is free, claiming: between these, as likely each."""

COMMIT_MS = 5.0


@dataclass
class Belt:
    """A backlog without end, of which ``room`` jobs are out at a time.

    Attributes:
        out: jobs that are out now.
        returned: jobs that went back because their token took too long.
    """

    world: World
    room: int
    out: int = 0
    returned: int = 0

    def begin(self) -> None:
        """Let the dispatcher begin."""
        self.world.begin(self._dispatch())

    def _dispatch(self) -> Steps:
        while True:
            for _ in range(self.room - self.out):
                self.out += 1
                self.world.begin(self._job())
            yield TICK_MS

    def _job(self) -> Steps:
        yield self.world.random.uniform(*BELT_MS)
        called = yield from self.world.attempt(Lane.BULK, patience=PATIENCE_MS)
        self.returned += not called
        yield COMMIT_MS
        self.out -= 1
