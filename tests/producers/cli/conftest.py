"""The commands as a person types them: in a folder and a home of their own, on SQLite."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contacts.jobs import Job, Kind, Lane, Wish
from contacts.store import accounts, audit, database, ledger, processes
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from producers.cli import main

HERE = "loc_here"

EXPORT = """\
Name,Email,Phone,Course,Level
Ada Brown,ada@example.org,+1 202 200 0001,Baking,beginner
Bo Smith,bo@example.org,,Guitar,advanced
Bo Smith,bo@example.org,,Baking,advanced
Nobody,,,Guitar,
Cy Rossi,not an email,,Guitar,
"""
"""Two people in three rows, and two rows that cannot be used."""


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to type commands in, with a home of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLLBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


Rollbook = Callable[..., Said]


@pytest.fixture
def rollbook(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rollbook:
    """Types a command; stdout and stderr are pipes."""

    def run(*words: str, stdin: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["rollbook", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        try:
            code = main.main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def export(folder: Path) -> Path:
    """A small export."""
    path = Path("students.csv")
    path.write_text(EXPORT, encoding="utf-8")
    return path


@pytest.fixture
def book(folder: Path, empty_sqlite: Path) -> Iterator[Store]:
    """The database of the home that the commands use, with the machine's clock."""
    file = folder / "home" / "rollbook.db"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(empty_sqlite, file)
    store = database.open_store(f"sqlite:///{file}")
    yield store
    store.close()


@pytest.fixture
def location(book: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A location with a token, the only one."""
    cipher = Cipher.from_settings(settings_of(folder))
    with book.write() as tx:
        accounts.ensure_location(tx, HERE, token="pit-secret", cipher=cipher, country="US")
    return HERE


def settings_of(folder: Path) -> Any:
    from contacts.settings import load

    return load(home=folder / "home")


@pytest.fixture
def alive(book: Store) -> None:
    """A dispatcher, a worker and beat that have just given a pulse."""
    for kind, slots in (("dispatcher", 0), ("worker", 32), ("beat", 0)):
        processes.beat(book, f"{kind}@machine:1", kind, slots)


def put(store: Store, *contacts: int, kind: Kind = Kind.PUSH, run: int | None = None) -> None:
    """Put jobs into the ledger."""
    wishes = [Wish(kind, HERE, contact, lane=Lane.BULK, run=run) for contact in contacts]
    with store.write() as tx:
        ledger.put(tx, wishes, now=store.clock())


def take(store: Store) -> list[Job]:
    """Be dispatcher and worker: every job that may run now, claimed."""
    tickets = ledger.release(store, room=500, limit=500, bulk_limit=500, lease_s=60)
    claimed = (ledger.claim(store, one, worker="worker@machine:1", lease_s=60) for one in tickets)
    return [job for job in claimed if job is not None]


def finish(store: Store, job: Job) -> None:
    """The job is done, by one call."""
    with store.write() as tx:
        call = audit.Call(store.clock(), job.location, "contact.create", 200, 120.0, job.id,
                          job.run, None)  # fmt: skip
        audit.record(tx, [call])
        ledger.done(tx, job, now=store.clock())


def park(store: Store, job: Job, code: str = "duplicate", reason: str = "there is a twin") -> None:
    """The job waits for a person."""
    with store.write() as tx:
        ledger.park(tx, job, now=store.clock(), code=code, reason=reason)


def work(store: Store) -> int:
    """Do everything that is owed; returns how many jobs."""
    total = 0
    while jobs := take(store):
        for job in jobs:
            finish(store, job)
        total += len(jobs)
    return total
