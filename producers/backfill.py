"""A file of many people: into the roster, and into the ledger what the CRM lacks of them.

The file is read twice. First to see who has several rows; then in batches of 100 rows, each one
transaction. Somebody with several rows is put into the ledger after the last row: otherwise the
same file again would send the first row's values, then the last row's, and cost two calls where
nothing has changed.

Whether people who are not linked are in the CRM already is found out by its list, where that is
cheaper than one by one: their pushes wait until the file is read and the list has told, see
``contacts.existence``.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final, Literal, TypeVar

from contacts.errors import UsageError
from contacts.existence import Existence
from contacts.jobs import Kind, Lane, Wish
from contacts.store import ledger, pairing, roster, runs, said_papers
from contacts.store.database import DatabaseDown, Store, Tx
from contacts.store.roster import Upserted
from contacts.store.walks import Way
from producers.bell import Bell
from producers.latecomers import Latecomer, Latecomers
from producers.people import People, Read
from producers.readers import Source
from producers.recurring import Numbers, Recurring
from producers.rejects import Complaint, Outcome, Rejects
from producers.rows import Row
from producers.survey import Tally

BATCH: Final = 100
"""Rows of one transaction: it holds SQLite's one write lock for about 20 ms, and a live job waits
for it three times. With 500 a file is read no faster (20,000 rows in 9.5 s, with 100 in 9.4)."""

AGAIN_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""A database that restarts is waited for, 15 s in all. A batch is safe to repeat."""

Ending = Callable[[Tx, int, Mapping[str, int], float], None]
"""Writes down how reading ended."""

T = TypeVar("T")


def _nobody(_: Tally) -> None:
    """Nobody wants to hear how far it is."""


def _nothing_more(_: Tx, __: int) -> None:
    """Nothing else belongs to the run's beginning."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How reading ended.

    Attributes:
        run: id of the run.
        rejects: the file of complaints; None if there were none.
    """

    run: int
    state: Literal["read", "interrupted"]
    tally: Tally
    rejects: Path | None


@dataclass(slots=True)
class Backfill:
    """One file on its way into roster and ledger.

    Attributes:
        country: of the location, for phones without a country code.
        recurring: what :func:`survey` saw.
        tell: called with the tally after each batch.
        begun: called with the run, in the transaction that begins it.
        sleep: seconds; injected in tests.
        rows_a_batch: rows of one transaction.
        existence: how it is found out who is in the CRM already.
        way: which list of the CRM there is.
    """

    store: Store
    source: Source
    people: People
    location: str
    country: str
    rejects: Rejects
    bell: Bell
    recurring: Recurring
    tell: Callable[[Tally], None] = _nobody
    begun: Callable[[Tx, int], None] = _nothing_more
    sleep: Callable[[float], None] = time.sleep
    rows_a_batch: int = BATCH
    existence: Existence = Existence.EACH
    way: Way = Way.LIST
    tally: Tally = field(default_factory=Tally)
    _run: int = 0
    _seen: Numbers = field(default_factory=Numbers)
    _owed: Numbers = field(default_factory=Numbers)
    _settled: Numbers = field(default_factory=Numbers)
    _noted: Numbers = field(default_factory=Numbers)
    _tasked: Numbers = field(default_factory=Numbers)
    _unlinked: Numbers = field(default_factory=Numbers)

    def run(self) -> Ended:
        """Read the file to its end, or until Ctrl-C.

        Raises:
            UsageError: the file became unreadable, or the rejects cannot be written.
            DatabaseDown: it stayed away. What was committed stays, and the same file may be given
                again.
        """
        self.rejects.keep_off(self.source.path)
        self._run = self._write(self._start)
        late = Latecomers()
        try:
            rows = self.source.rows()
            while batch := list(islice(rows, self.rows_a_batch)):
                self._batch(batch, late)
            for chunk in late.batches(self.rows_a_batch):
                self._put_late(chunk)
            self.tally.in_step = self._seen.size - self._owed.size
            return self._end("read")
        except KeyboardInterrupt:
            return self._end("interrupted")
        except (UsageError, DatabaseDown):
            with contextlib.suppress(DatabaseDown):
                self._end("interrupted")
            raise
        finally:
            late.close()

    def _start(self, tx: Tx) -> int:
        run = runs.start(
            tx,
            location=self.location,
            kind="backfill",
            title=self.source.path.name,
            now=self.store.clock(),
        )
        self.begun(tx, run)
        return run

    def _batch(self, batch: Sequence[Row], late: Latecomers) -> None:
        read = [(row, self.people.read(row, self.country)) for row in batch]
        people = [one.person for _, one in read if one.person is not None]
        is_late = [self.recurring.has(person) for person in people]

        def write(tx: Tx) -> tuple[Tally, list[Upserted], list[Wish]]:
            outcomes = roster.upsert(
                tx, self.location, people, now=self.store.clock(), run=self._run
            )
            kept = [done for done in outcomes if not done.forgotten]
            ready = [done for done, wait in zip(outcomes, is_late, strict=True) if not wait]
            tally, wishes = self._put(tx, ready)
            tally.rows += len(batch)
            tally.left_out += len(batch) - len(kept)
            tally.forgotten += len(people) - len(kept)
            tally.new += sum(done.new for done in outcomes)
            tally.people += len({done.contact for done in kept if done.contact not in self._seen})
            tally.merged = tally.rows - tally.left_out - tally.people
            runs.progress(tx, self._run, tally.counts())
            return tally, outcomes, wishes

        self.tally, outcomes, wishes = self._write(write)
        self._remember((done.contact for done in outcomes if not done.forgotten), wishes)
        self._count_unlinked(wishes, outcomes)
        for done, wait in zip(outcomes, is_late, strict=True):
            if wait and not done.forgotten:
                late.add(Latecomer(done.contact, done.note_ids, done.task_ids))
        self._reject(read, iter(outcomes))
        self.bell.ring()
        self.tell(self.tally)

    def _put_late(self, chunk: Sequence[Latecomer]) -> None:
        """Put what people with several rows are owed after the last of them, once for each."""
        fresh = dict.fromkeys(one.contact for one in chunk if one.contact not in self._settled)
        notes = {n: one.contact for one in chunk for n in one.notes if n not in self._noted}
        tasks = {t: one.contact for one in chunk for t in one.tasks if t not in self._tasked}

        def write(tx: Tx) -> tuple[Tally, list[Wish], list[Upserted]]:
            owed = roster.owed(tx, list(fresh))
            owed += [
                Upserted(notes[id], note_ids=(id,))
                for id in sorted(said_papers.still_owed(tx, "notes", notes))
            ]
            owed += [
                Upserted(tasks[id], task_ids=(id,))
                for id in sorted(said_papers.still_owed(tx, "tasks", tasks))
            ]
            tally, wishes = self._put(tx, owed)
            runs.progress(tx, self._run, tally.counts())
            return tally, wishes, owed

        self.tally, wishes, owed = self._write(write)
        self._remember((), wishes)
        self._count_unlinked(wishes, owed)
        for contact in fresh:
            self._settled.add(contact)
        for note in notes:
            self._noted.add(note)
        for task in tasks:
            self._tasked.add(task)
        self.bell.ring()
        self.tell(self.tally)

    def _put(self, tx: Tx, outcomes: Sequence[Upserted]) -> tuple[Tally, list[Wish]]:
        """Put what these people are owed, and count it."""
        wishes = roster.wishes(self.location, outcomes, lane=Lane.BULK, run=self._run)
        now = self.store.clock()
        ledger.put(tx, self._held(wishes, outcomes, now), now=now)
        kinds = Counter(wish.kind for wish in wishes)
        tally = replace(
            self.tally,
            pushes=self.tally.pushes + kinds[Kind.PUSH],
            tags=self.tally.tags + kinds[Kind.TAG],
            notes=self.tally.notes + kinds[Kind.NOTE],
            tasks=self.tally.tasks + kinds[Kind.TASK],
        )
        return tally, wishes

    def _held(self, wishes: list[Wish], outcomes: Sequence[Upserted], now: float) -> list[Wish]:
        """The pushes of people who are not linked wait for the list, what else they are owed behind
        them, and the tags of all for its end: then those who share a change are told together."""
        if self.existence is Existence.EACH:
            return wishes
        linked = {one.contact for one in outcomes if one.linked}
        return [
            replace(wish, due_at=now + pairing.HOLD_S)
            if wish.kind is Kind.TAG or (wish.kind is Kind.PUSH and wish.contact not in linked)
            else wish
            for wish in wishes
        ]

    def _remember(self, contacts: Iterable[int], wishes: Iterable[Wish]) -> None:
        """Who was seen and who is owed something; after the commit, for a batch may be repeated,
        and its new people then have other ids."""
        for contact in contacts:
            self._seen.add(contact)
        for wish in wishes:
            self._owed.add(wish.contact)

    def _count_unlinked(self, wishes: Iterable[Wish], outcomes: Iterable[Upserted]) -> None:
        linked = {one.contact for one in outcomes if one.linked}
        for wish in wishes:
            if wish.kind is Kind.PUSH and wish.contact not in linked:
                self._unlinked.add(wish.contact)

    def _reject(self, read: Sequence[tuple[Row, Read]], outcomes: Iterator[Upserted]) -> None:
        for row, one in read:
            complaints = list(one.complaints)
            if one.person is not None and next(outcomes).conflict:
                column = self.people.column("phone")
                complaints.append(Complaint(column, "belongs to another person already"))
            if complaints:
                trimmed = one.person is not None
                self.tally.trimmed += trimmed
                outcome = Outcome.TRIMMED if trimmed else Outcome.LEFT_OUT
                self.rejects.add(row.line, complaints, outcome, row.cells)

    def _end(self, state: Literal["read", "interrupted"]) -> Ended:
        ending = runs.read if state == "read" else runs.interrupt
        try:
            # First the file: it is there even if the database stays away.
            rejects = self.rejects.close()
        finally:
            self._write(lambda tx: self._ended(tx, ending))
            self.bell.ring()
        return Ended(self._run, state, self.tally, rejects)

    def _ended(self, tx: Tx, ending: Ending) -> None:
        """The file is read, or given up: now it is known how many are asked for."""
        now = self.store.clock()
        ending(tx, self._run, self.tally.counts(), now)
        asked, people = self.existence, self._unlinked.size
        pairing.begin(
            tx, self._run, self.location, asked=asked, people=people, way=self.way, now=now
        )

    def _write(self, deed: Callable[[Tx], T]) -> T:
        """One transaction, waiting for a database that is only restarting."""
        for wait in AGAIN_S:
            try:
                with self.store.write() as tx:
                    return deed(tx)
            except DatabaseDown:
                self.sleep(wait)
        with self.store.write() as tx:
            return deed(tx)
