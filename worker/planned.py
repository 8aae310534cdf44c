"""A run with a plan writes what was planned, and nothing else: asked before each call that writes.

It is asked in the client, below all deeds, so that a deed which forgets it cannot be written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contacts.errors import NotPlanned
from contacts.jobs import Job, Kind
from contacts.plans import pieces
from contacts.store import plans
from contacts.store.database import Store
from worker.crm.calls import Check

UNBOUND: Final[frozenset[Kind]] = frozenset({Kind.DOUBT})
"""Kinds of job that no plan binds: what a lost answer left there twice is removed, which nobody can
have planned."""


@dataclass(frozen=True, slots=True)
class Planned:
    """Which runs have a plan, as far as this process has asked. Thread-safe."""

    store: Store
    known: dict[int, bool] = field(default_factory=dict)

    def check(self, job: Job) -> Check | None:
        """What to ask before a call of this job that writes; None: nothing.

        Raises:
            DatabaseDown: no answer.
        """
        if job.run is None or job.kind in UNBOUND or not self._has(job.run):
            return None
        run = job.run

        def ask(operation: str, ids: tuple[str, str], body: Mapping[str, object] | None) -> None:
            with self.store.read() as tx:
                parts = pieces(operation, ids, body)
                stop = plans.refusal(tx, run, job.location, job.contact, parts)
            if stop is not None:
                raise NotPlanned(stop.contact, stop.piece)

        return ask

    def _has(self, run: int) -> bool:
        found = self.known.get(run)
        if found is None:
            with self.store.read() as tx:
                found = self.known[run] = plans.has(tx, run)
        return found
