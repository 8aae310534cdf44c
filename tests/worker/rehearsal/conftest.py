"""One set of data twice: rehearsed on a copy, and then really done, with the plan attached."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from contacts.contact import Person
from contacts.jobs import Lane
from contacts.plans import Touched
from contacts.store import (
    accounts,
    audit,
    copying,
    database,
    findings,
    ledger,
    plans,
    roster,
    runs,
    walks,
)
from contacts.store.database import Store
from contacts.store.tables import metadata
from worker.planned import Planned
from worker.rehearsal.play import Rehearsed, Stage, open_stage

HERE = "loc1"


@dataclass(frozen=True)
class Outcome:
    """What was told to the CRM in a run.

    Attributes:
        calls: by operation.
        told: how many contacts were told of a field, by field.
    """

    calls: dict[str, int]
    told: dict[str, int]


def outcome(store: Store, run: int) -> Outcome:
    found = runs.get(store, run)
    assert found is not None
    fields = findings.by_field(store, found)
    return Outcome(
        {one.operation: one.calls for one in audit.by_operation(store, run=run)},
        {name: what["sent"] for name, what in fields.items() if "sent" in what},
    )


@dataclass
class Rehearsal:
    """A plan, as a rehearsal made it."""

    touched: Sequence[Touched]
    outcome: Outcome
    reads: int
    asked: dict[str, int] = field(default_factory=dict)


@dataclass
class House:
    """A worker that calls the stand-in, and what a plan needs beside it."""

    shop: Any
    crm: Any
    redis_url: str
    folder: Path
    empty: Path
    copies: int = 0

    @property
    def store(self) -> Store:
        store: Store = self.shop.store
        return store

    def rehearse(self, people: Sequence[Person]) -> Rehearsal:
        """What a file of these people would do."""
        with self._copy() as copy:
            return self._play(copy, self.read_in(copy, people, None))

    def rehearse_walk(self) -> Rehearsal:
        """What a reconciliation would do."""
        with self._copy() as copy:
            return self._play(copy, self._begin_walk(copy, None))

    def apply(self, planned: Rehearsal, people: Sequence[Person]) -> Outcome:
        """Really do it, as far as it is planned."""
        run = self.read_in(self.store, people, planned.touched)
        self.work()
        return outcome(self.store, run)

    def apply_walk(self, planned: Rehearsal) -> Outcome:
        run = self._begin_walk(self.store, planned.touched)
        self.work()
        found = runs.get(self.store, run)
        assert found is not None
        if found.state == "asking":
            with self.store.write() as tx:
                walks.confirm(tx, run, now=self.store.clock())
            self.work()
        return outcome(self.store, run)

    def work(self) -> None:
        """Work everything, also what comes back later."""
        while True:
            self.shop.work()
            with self.store.read() as tx:
                at = copying.next_due(tx, HERE)
            if at is None or at > self.shop.clock() + 100:
                return
            self.shop.clock.now = max(at, self.shop.clock())

    def rows(self) -> dict[str, list[Any]]:
        """All that the database holds."""
        with self.store.read() as tx:
            return {
                table.name: sorted(map(repr, tx.execute(select(table)).all()))
                for table in metadata.sorted_tables
            }

    def theirs(self) -> list[Any]:
        """All that the CRM holds, without ids and times."""
        return sorted(
            (
                str(one.get("email")), str(one.get("phone")), str(one.get("city")),
                str(one.get("firstName")), str(one.get("lastName")), sorted(one["tags"]),
                sorted(note["body"] for note in one["notes"]),
                sorted(str(custom["value"]) for custom in one["customFields"]),
            )
            for one in self.crm.contacts(HERE)
        )  # fmt: skip

    def arrivals(self) -> list[Any]:
        """Calls that the CRM saw, but for those that only read."""
        return [one for one in self.crm.arrivals(HERE) if one["method"] != "GET"]

    @contextmanager
    def _copy(self) -> Iterator[Store]:
        self.copies += 1
        file = self.folder / f"copy-{self.copies}.db"
        shutil.copyfile(self.empty, file)
        copy = database.open_store(f"sqlite:///{file}", clock=self.store.clock)
        try:
            copying.copy(self.store, copy, HERE)
            yield copy
        finally:
            copy.close()
            file.unlink()

    def read_in(
        self, store: Store, people: Sequence[Person], planned: Sequence[Touched] | None
    ) -> int:
        with store.write() as tx:
            now = store.clock()
            run = runs.start(tx, location=HERE, kind="backfill", title="file", now=now)
            if planned is not None:
                plans.attach(tx, run, planned, now=now)
            done = roster.upsert(tx, HERE, people, now=now, run=run)
            ledger.put(tx, roster.wishes(HERE, done, lane=Lane.BULK, run=run), now=now)
            runs.read(tx, run, {}, now)
        return run

    def _begin_walk(self, store: Store, planned: Sequence[Touched] | None) -> int:
        with store.write() as tx:
            now = store.clock()
            run = walks.begin(tx, HERE, way=walks.Way.LIST, title="reconcile", now=now)
            assert run is not None
            if planned is not None:
                plans.attach(tx, run, planned, now=now)
        return run

    def _play(self, copy: Store, run: int) -> Rehearsal:
        stage = self._open(copy, run)
        try:
            stage.play()
            found = outcome(stage.bench.store, run)
            return Rehearsal(stage.notebook.touched(), found, stage.shadow.reads, stage.asked)
        finally:
            stage.bench.crm.close()
            stage.bench.redis.close()
            stage.bench.store.close()

    def _open(self, copy: Store, run: int) -> Stage:
        url = str(copy.engine.url)
        settings = self.shop.bench.settings.model_copy(
            update={"database_url": _secret(url), "redis_url": _secret(self.redis_url)}
        )
        return open_stage(settings, Rehearsed(run, HERE, 1.0), real=self.store.clock)


def _secret(text: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(text)


Houses = Callable[..., House]


@pytest.fixture
def new_house(
    store_factory: Callable[[], Store],
    open_shop: Any,
    crm: Any,
    redis_server: str,
    tmp_path: Path,
    empty_sqlite: Path,
) -> Houses:
    """Makes houses over an empty CRM, each with an empty database: SQLite, if none is given."""

    def make(store: Store | None = None) -> House:
        crm.reset(contacts=True)
        shop = open_shop(store or store_factory(), crm, window_calls=1000, window_seconds=1.0)
        with shop.store.write() as tx:
            accounts.save_fields(
                tx,
                HERE,
                [accounts.CustomField("cfLevel0000000000001", "level", "Level", "TEXT")],
                now=shop.clock(),
            )
        shop = shop.using(checks=Planned(shop.store).check)
        return House(shop, crm, redis_server, tmp_path, empty_sqlite)

    return make


@pytest.fixture
def store_factory(tmp_path: Path, empty_sqlite: Path, clock: Any) -> Iterator[Callable[[], Store]]:
    """Makes empty SQLite stores."""
    made: list[Store] = []

    def make() -> Store:
        file = tmp_path / f"ours-{len(made)}.db"
        shutil.copyfile(empty_sqlite, file)
        made.append(database.open_store(f"sqlite:///{file}", clock=clock))
        return made[-1]

    yield make
    for one in made:
        one.close()
