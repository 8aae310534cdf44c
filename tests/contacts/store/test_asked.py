"""Calls by name in the database: encrypted, in order, and forgotten in time."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from contacts.catalogue.checking import Request
from contacts.errors import UsageError
from contacts.jobs import Kind, Lane
from contacts.store import asked, ledger, runs
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.store.tables import asked as rows
from contacts.store.tables import jobs

HERE = "loc1"
ADA = Request(("ada1",), {"limit": 5}, {"email": "ada@example.org", "tags": ["ä"]})


@pytest.fixture
def cipher() -> Cipher:
    return Cipher(Fernet.generate_key())


def put(store: Store, cipher: Cipher, *requests: Request, run: int | None = None) -> list[int]:
    sealed = asked.seal(cipher, enumerate(requests, start=2))
    with store.write() as tx:
        return asked.put(
            tx, HERE, "contact.upsert", sealed, lane=Lane.BULK, run=run, now=store.clock()
        )


def take(store: Store) -> list[Any]:
    tickets = ledger.release(store, room=99, limit=99, bulk_limit=99, lease_s=30)
    return [ledger.claim(store, one, worker="w", lease_s=30) for one in tickets]


def test_what_was_asked_comes_back_as_it_was(store: Store, cipher: Cipher) -> None:
    (id,) = put(store, cipher, ADA)

    with store.read() as tx:
        found = asked.get(tx, id, cipher)

    assert found is not None
    assert (found.request, found.line, found.operation) == (ADA, 2, "contact.upsert")


def test_without_the_key_nobody_reads_it(store: Store, cipher: Cipher) -> None:
    (id,) = put(store, cipher, ADA)
    with store.read() as tx:
        assert b"ada" not in bytes(tx.execute(select(rows.c.request)).scalar_one())
        with pytest.raises(UsageError):
            asked.get(tx, id, Cipher(Fernet.generate_key()))


def test_numbers_come_in_the_order_of_the_rows_each_with_its_job(
    store: Store, cipher: Cipher
) -> None:
    many = [Request((f"c{number}",)) for number in range(300)]

    ids = put(store, cipher, *many)

    with store.read() as tx:
        sent = [asked.get(tx, id, cipher) for id in ids]
        subjects = tx.execute(
            select(jobs.c.subject).where(jobs.c.kind == Kind.CALL.value).order_by(jobs.c.subject)
        ).scalars()
        assert list(subjects) == ids
    assert [one.request.ids for one in sent if one] == [one.ids for one in many]


def test_a_call_is_waiting_under_way_parked_or_done(store: Store, cipher: Cipher) -> None:
    (id,) = put(store, cipher, ADA)

    def state() -> str:
        found = asked.outcome(store, id, cipher)
        return found.state if found else ""

    assert state() == "waiting"
    (job,) = take(store)
    assert state() == "released"
    with store.write() as tx:
        ledger.park(tx, job, now=store.clock(), code="crm-refused", reason="no")
    assert state() == "parked"
    with store.write() as tx:
        ledger.unpark(tx, now=store.clock(), everything=True)
    (job,) = take(store)
    with store.write() as tx:
        asked.answer(tx, id, {"new": True}, cipher, now=store.clock())
        ledger.done(tx, job, now=store.clock())
    assert state() == "done"


def test_the_calls_of_a_run_are_told_in_order_whatever_became_of_them(
    store: Store, cipher: Cipher
) -> None:
    with store.write() as tx:
        run = runs.start(tx, location=HERE, kind="call", title="x", now=store.clock())
    put(store, cipher, ADA, ADA, ADA, run=run)
    put(store, cipher, ADA)
    first, second, *_ = take(store)
    with store.write() as tx:
        asked.answer(tx, first.subject, {"new": False}, cipher, now=store.clock())
        ledger.done(tx, first, now=store.clock())
        ledger.park(tx, second, now=store.clock(), code="scope", reason="no scope")

    found = list(asked.of_run(store, run, cipher))

    assert [one.line for one in found] == [2, 3, 4]
    assert [one.state for one in found] == ["done", "parked", "released"]
    assert found[0].answer == {"new": False}


def test_what_is_old_is_forgotten_with_what_rests_of_it(
    store: Store, cipher: Cipher, clock: Any
) -> None:
    (old,) = put(store, cipher, ADA)
    (job,) = take(store)
    with store.write() as tx:
        ledger.park(tx, job, now=clock(), code="scope", reason="no scope")
    clock.tick(100)
    (new,) = put(store, cipher, ADA)

    assert asked.prune(store, older_than_s=50) == 1

    assert asked.outcome(store, old, cipher) is None
    assert asked.outcome(store, new, cipher) is not None
    with store.read() as tx:
        assert list(tx.execute(select(jobs.c.subject)).scalars()) == [new]
