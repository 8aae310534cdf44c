"""A location that is given files, and a CRM that takes whatever it is sent."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from contacts.jobs import Kind
from contacts.store import (
    cards,
    contact_tasks,
    ledger,
    notebook,
    runs,
    tables,
    written_notes,
    written_tasks,
)
from contacts.store.database import Store
from contacts.store.tables import tags
from producers import mapping, readers, rejects
from producers.backfill import Backfill, Ended
from producers.bell import Bell
from producers.people import People
from producers.survey import survey

HEADER = ("Email", "Phone", "Name", "Tag", "Note")
EXPORT = mapping.parse(
    {
        "fields": {"email": "Email", "phone": "Phone", "name": "Name"},
        "tags": [{"column": "Tag"}],
        "notes": [{"template": "says {Note}"}],
    },
    origin="rollbook.toml",
)


@dataclass
class Place:
    """One location, and what it was given."""

    store: Store
    folder: Path
    location: str

    def file(self, rows: Sequence[Sequence[str]], name: str = "students.csv") -> Path:
        """Write an export of these rows; a short one ends early."""
        path = self.folder / name
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEADER, *rows])
        return path

    def backfill(self, path: Path, export: mapping.Export = EXPORT, **more: Any) -> Backfill:
        """Everything up to the moment of reading."""
        source = readers.open_source(path)
        people = People(export, source.columns)
        options: dict[str, Any] = {
            "store": self.store,
            "rejects": rejects.Rejects(rejects.where(path), source.columns),
            "bell": Bell(None),
            "recurring": survey(source, people, "US").recurring,
        }
        return Backfill(
            source=source, people=people, location=self.location, country="US", **options | more
        )

    def give(self, rows: Sequence[Sequence[str]], **more: Any) -> Ended:
        """A backfill of these rows, to its end."""
        return self.backfill(self.file(rows), **more).run()

    def work(self) -> int:
        """Do every job as a CRM that takes everything; returns how many there were."""
        worked = 0
        while tickets := ledger.release(
            self.store, room=10_000, limit=10_000, bulk_limit=10_000, lease_s=30
        ):
            for ticket in tickets:
                job = ledger.claim(self.store, ticket, worker="w", lease_s=60)
                assert job is not None
                with self.store.write() as tx:
                    self._take(tx, job)
                    assert ledger.done(tx, job, now=self.store.clock())
                worked += 1
        return worked

    def _take(self, tx: Any, job: Any) -> None:
        now = self.store.clock()
        if job.kind is Kind.PUSH:
            ours = cards.load(tx, job.contact)
            cards.settle(
                tx, job.contact, location=self.location, remote_id=f"remote{job.contact}",
                agreed=ours.fields, refused={}, now=now,
            )  # fmt: skip
        elif job.kind is Kind.TAG:
            mine = tags.c.contact == job.contact
            tx.execute(update(tags).where(mine).values(agreed=tags.c.wanted))
        elif job.kind is Kind.TASK:
            asked = contact_tasks.load(tx, job.subject).values
            written_tasks.settle(
                tx, job, remote_id=f"task{job.subject}", sent=asked, shown=asked, now=now
            )
        else:
            body = notebook.load(tx, job.subject).body
            written_notes.settle(
                tx, job, remote_id=f"note{job.subject}", sent=body, shown=body, now=now
            )

    def people(self) -> dict[str, dict[str, Any]]:
        """What the roster holds, and what it owes, by email or else phone: no ids of ours."""
        with self.store.read() as tx:
            contacts = tx.execute(
                select(tables.contacts).where(tables.contacts.c.location == self.location)
            ).all()
            tags = tx.execute(select(tables.tags)).all()
            notes = {row.id: row for row in tx.execute(select(tables.notes))}
            jobs = tx.execute(select(tables.jobs).where(tables.WAITING)).all()
        return {
            row.email or row.phone: {
                "fields": row.fields,
                "tags": sorted(tag.tag for tag in tags if tag.contact == row.id),
                "notes": sorted(note.body for note in notes.values() if note.contact == row.id),
                "owed": sorted(
                    (job.kind, notes[job.subject].body if job.subject else "")
                    for job in jobs
                    if job.contact == row.id
                ),
            }
            for row in contacts
        }

    def run(self, ended: Ended) -> runs.Run:
        """The run as it stands now."""
        found = runs.get(self.store, ended.run)
        assert found is not None
        return found


@pytest.fixture
def new_place(store: Store, tmp_path: Path) -> Callable[[], Place]:
    """Makes locations that know nothing of each other, in one database."""
    numbers = itertools.count(1)

    def make() -> Place:
        number = next(numbers)
        folder = tmp_path / f"place-{number}"
        folder.mkdir()
        return Place(store, folder, f"loc_{number}")

    return make


@pytest.fixture
def place(new_place: Callable[[], Place]) -> Place:
    """A location that knows nobody."""
    return new_place()
