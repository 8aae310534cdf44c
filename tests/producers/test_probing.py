"""A probe is a job: it is put, waited for, and not made where it would disturb."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.errors import UsageError
from contacts.jobs import Kind, Lane, Wish
from contacts.store import audit, ledger, probes
from contacts.store.database import Store
from producers import probing

HERE = "loc_1"


def put(store: Store, *wishes: Wish) -> None:
    with store.write() as tx:
        ledger.put(tx, wishes, now=store.clock())


def test_an_idle_location_may_be_probed(sqlite_store: Store) -> None:
    put(sqlite_store, Wish(Kind.FIELDS, "another"))

    assert probing.busy(sqlite_store, HERE) is None


def test_a_location_whose_jobs_wait_is_busy(sqlite_store: Store) -> None:
    put(sqlite_store, Wish(Kind.FIELDS, HERE))

    assert probing.busy(sqlite_store, HERE) == "1 of its jobs wait or run"


def test_a_location_that_was_called_just_now_is_busy(sqlite_store: Store, clock: Any) -> None:
    call = audit.Call(clock() - 10, HERE, "contact.update", 200, 90.0, 1, 1, "trace")
    with sqlite_store.write() as tx:
        audit.record(tx, [call])

    assert probing.busy(sqlite_store, HERE) == "it made calls in the last 30 s"
    clock.tick(31)
    assert probing.busy(sqlite_store, HERE) is None


def test_it_waits_for_both_parts_and_says_where_it_is(sqlite_store: Store, clock: Any) -> None:
    said: list[str] = []
    rings: list[bool] = []

    def sleep(seconds: float) -> None:
        """A worker makes the first part at once, the second after a minute."""
        if not rings or clock() > 1_800_000_200:
            raise AssertionError
        clock.tick(30)
        part = 1 if probes.seen(sqlite_store, HERE, 1) is None else 2
        with sqlite_store.write() as tx:
            probes.keep(tx, HERE, part, {"model": "token bucket"}, now=clock())

    found = probing.run(
        sqlite_store, HERE, ring=lambda: rings.append(True), tell=said.append, sleep=sleep
    )

    assert found["model"] == "token bucket"
    assert [line.partition(" ")[0] for line in said] == ["first", "the"]
    (ticket,) = ledger.release(sqlite_store, room=9, limit=9, bulk_limit=9, lease_s=30)
    assert (ticket.kind, ticket.lane) == (Kind.PROBE, Lane.LIVE)


def test_nobody_who_does_it_is_said(sqlite_store: Store, clock: Any) -> None:
    with pytest.raises(UsageError, match="are dispatcher and worker alive"):
        probing.run(sqlite_store, HERE, ring=lambda: None, tell=lambda _: None, sleep=clock.tick)


def test_one_that_was_given_up_is_said(sqlite_store: Store, clock: Any) -> None:
    def sleep(seconds: float) -> None:
        (ticket,) = ledger.release(sqlite_store, room=9, limit=9, bulk_limit=9, lease_s=30)
        job = ledger.claim(sqlite_store, ticket, worker="w", lease_s=30)
        assert job is not None
        with sqlite_store.write() as tx:
            ledger.park(tx, job, now=clock(), code="probe-too-long", reason="too long")

    with pytest.raises(UsageError, match="given up: too long"):
        probing.run(sqlite_store, HERE, ring=lambda: None, tell=lambda _: None, sleep=sleep)
