"""Several jobs in one message: one after the other, each with its own claim, outcome and retry.

The next one is claimed in the transaction that settles the one before, so a job costs one commit,
and a worker that is killed has begun one job at most: the others wait for their lease, not in
doubt, and no attempt of theirs is burned.

Flower shows the worst of what became of them, and all of it in words: FAILURE if one is parked,
RETRY if one is tried again, else SUCCESS. Each job by itself is in the ledger, for `rollbook
status`, `parked` and `explain`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from celery.exceptions import Retry

from contacts.jobs import Job, Ticket
from contacts.store import ledger
from contacts.store.database import Tx
from worker import outcomes
from worker.outcomes import Parked
from worker.workbench import Deed, Stopping, Workbench

GIVEN_BACK = "given back"


def run(tickets: Sequence[Ticket], deed: Deed, bench: Workbench) -> str:
    """Claim, do and settle each.

    Returns:
        how many were done, or stale; of one job as :func:`outcomes.run` says it.

    Raises:
        Retry, Parked: of some of them, or of the only one.
    """
    if len(tickets) == 1:
        return outcomes.run(tickets[0], deed, bench)
    batch = _Batch(deque(tickets), deed, bench)
    batch.work()
    return batch.told()


@dataclass(slots=True)
class _Batch:
    left: deque[Ticket]
    deed: Deed
    bench: Workbench
    ended: Counter[str] = field(default_factory=Counter)
    troubles: list[tuple[int, Retry | Parked]] = field(default_factory=list)

    def work(self) -> None:
        ahead: Job | None = None
        while self.left:
            if ahead is None and self.bench.stopping.is_set():
                self._give_back()
                return
            ticket = self.left.popleft()
            try:
                job = ahead or outcomes.begin(ticket, self.bench)
            except Retry as away:
                self.troubles.append((ticket.job, away))
                return  # the others would find no database either; their lease brings them back
            ahead = None if job is None else self._one(job)
            if job is None:
                self.ended[outcomes.STALE] += 1

    def _one(self, job: Job) -> Job | None:
        """Do one; returns the next one, if it is claimed already."""
        deed = _stop if self.bench.stopping.is_set() else self.deed
        try:
            ended, ahead = outcomes.work(job, deed, self.bench, self._claim_next)
        except (Retry, Parked) as trouble:
            self.troubles.append((job.id, trouble))
            return None
        self.ended[ended] += 1
        return ahead

    def _claim_next(self, tx: Tx) -> Job | None:
        if not self.left or self.bench.stopping.is_set():
            return None
        bench = self.bench
        lease_s = bench.settings.lease_seconds
        return ledger.take(tx, self.left[0], worker=bench.name, lease_s=lease_s, now=bench.clock())

    def _give_back(self) -> None:
        first = self.left[0]
        try:
            outcomes.give_back(list(self.left), self.bench)
            self.ended[GIVEN_BACK] += len(self.left)
        except Retry as away:
            self.troubles.append((first.job, away))

    def told(self) -> str:
        """What became of all, in words.

        Raises:
            Retry, Parked: the worst of it.
        """
        words = [f"{number} {what}" for what, number in sorted(self.ended.items())]
        words += [f"job {job}: {trouble}" for job, trouble in self.troubles]
        text = "; ".join(words)
        if any(isinstance(trouble, Parked) for _, trouble in self.troubles):
            raise Parked(text)
        retries = [trouble for _, trouble in self.troubles if isinstance(trouble, Retry)]
        if retries:
            raise Retry(text, exc=outcomes.Again(text), when=min(one.when for one in retries))
        return text


def _stop(*_: object) -> NoReturn:
    raise Stopping(outcomes.STOPPING, seconds=0.0, code="stopping")
