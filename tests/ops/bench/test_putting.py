"""Made-up people and their jobs, on both databases."""

from __future__ import annotations

from contacts.jobs import Kind, Lane
from contacts.store import ledger_view
from contacts.store.database import Store
from ops.bench.putting import people, put


def test_people_come_in_batches_and_are_all_different() -> None:
    batches = list(people(250, "waiting"))

    assert [len(batch) for batch in batches] == [100, 100, 50]
    assert len({one.email for batch in batches for one in batch}) == 250


def test_each_contact_gets_a_job_of_each_kind_in_its_lane(store: Store) -> None:
    (batch,) = people(5, "live")

    contacts = put(store, "loc1", batch, Lane.LIVE, (Kind.PUSH, Kind.TAG))

    (backlog,) = ledger_view.waiting_by_location(store)
    assert len(set(contacts)) == 5
    assert (backlog.live, backlog.bulk) == (10, 0)
