"""Job by job, as a worker does them, until nothing of the run is owed any more."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from celery.exceptions import Retry

from contacts.cleaning import Value
from contacts.errors import SyncError, UsageError
from contacts.jobs import OAUTH, Job, Lane, Ticket
from contacts.settings import Reconcile, Settings
from contacts.store import accounts, audit, copying, ledger, runs, walks
from contacts.store.due import ELSEWHERE
from worker import doubles, outcomes
from worker.crm.client import Cursor, Desk
from worker.crm.lists import LARGEST_PAGE, LARGEST_SEARCH
from worker.crm.shadow import Shadow
from worker.crm.wire import Dictionary
from worker.rehearsal import pace
from worker.rehearsal.known import Rows
from worker.rehearsal.notebook import Notebook
from worker.tasks import DEEDS
from worker.workbench import Deed, Effect, Trail, Workbench, nothing, open_bench

ROUND: Final = 200
"""Jobs that are released at once; each is done before the next."""

LEASE_S: Final = 1e9
"""Nobody else is there to take a job over."""

PLATFORM: Final = ELSEWHERE.rstrip("%")
"""Jobs of these kinds call the course platform: they are counted, and not rehearsed."""

Tell = Callable[[str, int, int], None]
"""(what is done, how far, of how many)."""


def untold(_: str, __: int, ___: int) -> None:
    """Nobody wants to hear how far it is."""


@dataclass(slots=True)
class Clock:
    """The time in a rehearsal: the machine's, and what its calls would have taken."""

    ahead: float = 0.0
    real: Callable[[], float] = time.time

    def __call__(self) -> float:
        return self.real() + self.ahead


@dataclass(slots=True)
class Stage:
    """A rehearsal of one run on a copy.

    Attributes:
        reads: calls that the rehearsal itself made, all of them reading.
        gap_s: seconds of a call, by which the rehearsal's time goes on.
        left: jobs for the course platform, which are not rehearsed, by kind.
        asked: to how many contacts the run would do what, so that it asks first.
    """

    bench: Workbench
    shadow: Shadow
    notebook: Notebook
    clock: Clock
    run: int
    location: str
    gap_s: float
    tell: Tell = untold
    left: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    done: int = 0

    def play(self) -> None:
        """Do all jobs of the location that are due, and those that come of them; where the run
        would ask a person, note what, and go on as if the answer was yes.

        Raises:
            UsageError: the CRM could not be read, so nothing can be planned.
        """
        self._play()
        run = runs.get(self.bench.store, self.run)
        if run is not None and run.state == "asking":
            counts = run.counts.items()
            self.asked = {
                name.partition(":")[2]: n for name, n in counts if name.startswith("guarded:")
            }
            with self.bench.store.write() as tx:
                walks.confirm(tx, self.run, now=self.clock())
            self._play()

    def _play(self) -> None:
        while True:
            tickets = ledger.release(
                self.bench.store, room=ROUND, limit=ROUND, bulk_limit=ROUND, lease_s=LEASE_S
            )
            for ticket in tickets:
                self._job(ticket)
            if not tickets and not self._skip():
                return

    def _skip(self) -> bool:
        """Go on to when the next job is due; False: none is, within what a run waits for."""
        with self.bench.store.read() as tx:
            at = copying.next_due(tx, self.location)
        now = self.clock()
        if at is None or at <= now or at > now + self.bench.settings.late_seconds / 2:
            return False
        self.clock.ahead += at - now
        return True

    def _job(self, ticket: Ticket) -> None:
        deed: Deed = DEEDS[ticket.kind]
        if ticket.location == OAUTH or ticket.kind.value.startswith(PLATFORM):
            self.left[ticket.kind.value] = self.left.get(ticket.kind.value, 0) + 1
            deed = _nothing
        self.notebook.ticket = ticket
        with suppress(Retry, outcomes.Parked):  # the ledger of the copy says how it ended
            outcomes.run(ticket, self._noticing(deed), self.bench)
        if self.shadow.trouble is not None:
            raise UsageError(f"nothing could be planned: {self.shadow.trouble}")
        self.done += 1
        if self.done % 50 == 0:
            self.tell("jobs", self.done, 0)

    def _noticing(self, deed: Deed) -> Deed:
        """The deed; whose run it is of is known once it is claimed, and its calls take time."""

        def noticed(job: Job, bench: Workbench, trail: Trail) -> Effect:
            self.notebook.of_run = job.run == self.run
            try:
                return deed(job, bench, trail)
            finally:
                self.clock.ahead += self.gap_s * len(trail)

        return noticed


def _nothing(_: Job, __: Workbench, ___: list[audit.Call]) -> Effect:
    return nothing


# ---------------------------------------------------------------- setting the stage


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What is rehearsed.

    Attributes:
        run: of the copy.
        mean_ms: mean time to an answer of the location's calls.
        counts: how the CRM counts, as was seen; see ``contacts.tempo.Counting``.
    """

    run: int
    location: str
    mean_ms: float
    counts: int = 0


def open_stage(
    settings: Settings,
    what: Rehearsed,
    *,
    tell: Tell = untold,
    real: Callable[[], float] = time.time,
) -> Stage:
    """A worker's tools on the copy that the settings name, with a CRM that takes notes.

    Args:
        real: the machine's clock, seconds since the epoch.

    Raises:
        UsageError: no Redis is known, for the calls that read take tokens as well; or the location
            has no token that can be used.
    """
    clock = Clock(real=real)

    def agreed(remote_id: str) -> Mapping[str, Value]:
        with bench.store.read() as tx:
            return copying.agreed(tx, what.location, remote_id)

    rows = Rows(agreed)
    shadow = Shadow(url=settings.crm_url, known=rows, clock=clock)
    bench = open_bench(settings, through=shadow.over)
    copying.quicken(bench.store)
    bench.store.clock = clock
    # Nobody waits in a rehearsal for what would pass by itself, and no plan binds it.
    bench = replace(bench, clock=clock, sleep=lambda _: None, checks=lambda _: None)
    try:
        place = bench.place(what.location)
        # What the copy says of the location does not change, however far ahead its clock is.
        bench.places[what.location] = replace(place, read_at=math.inf)
        notebook = Notebook(bench.store, what.run, place.country, Dictionary(place.custom))
        shadow.wrote = notebook.wrote
        desk = _desk(bench, what.location)
        doubles.refused(bench, desk, what.location)
        _read(bench, desk, what.location, tell)
    except SyncError as error:
        raise UsageError(f"nothing could be planned: {error.reason}") from None
    step = pace.gap(place.limits, what.mean_ms, pace.counting_of(place.limits, what.counts))
    return Stage(bench, shadow, notebook, clock, what.run, what.location, step, tell)


def read_fields(stage: Stage) -> None:
    """Read the location's custom fields into the copy.

    Raises:
        UsageError: they cannot be read.
    """
    bench = stage.bench
    try:
        found = _desk(bench, stage.location).custom_fields()
    except SyncError as error:
        raise UsageError(f"nothing could be planned: {error.reason}") from None
    rows = [accounts.CustomField(one.id, one.key, one.name, one.data_type) for one in found]
    with bench.store.write() as tx:
        accounts.save_fields(tx, stage.location, rows, now=bench.clock())


def _desk(bench: Workbench, location: str) -> Desk:
    """The CRM for the rehearsal's own reads: they are no calls of the run."""
    place = bench.place(location)
    return bench.crm.at(
        location, place.token, country=place.country, lane=Lane.BULK, record=lambda _: None
    )


def _read(bench: Workbench, desk: Desk, location: str, tell: Tell) -> None:
    """Read the location's contacts by pages, where that is fewer calls than one for each contact
    that something is owed to.

    Raises:
        SyncError: see ``worker.crm.answers``.
    """
    with bench.store.read() as tx:
        needed = copying.to_be_known(tx, location)
    if needed < 2:
        return
    by_list = walks.way_of(Reconcile.LIST, bench.settings.crm_version) is walks.Way.LIST
    read = desk.contacts if by_list else desk.search
    cursor: Cursor | None = None
    done = 0
    while True:
        page = read(cursor)
        done += 1
        total = math.ceil((page.total or 0) / (LARGEST_PAGE if by_list else LARGEST_SEARCH))
        if page.cursor is None or not page.rows:
            return
        if done == 1 and (page.total is None or total > needed):
            return  # a read of each costs less
        tell("pages", done, total)
        cursor = page.cursor
