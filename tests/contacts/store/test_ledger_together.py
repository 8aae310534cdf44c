"""Jobs that are alike go along with one of them: who does, who does not, and how they come back."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from contacts.jobs import LAST, Job, Kind, Lane
from contacts.store import accounts, ledger, ledger_together, ledger_view, turns
from contacts.store.database import Store
from contacts.store.tables import links, tags

from .conftest import HERE, claim, put, release, rows, wish


def owe(store: Store, *contacts: int, tag: str = "a", put_too: bool = True, **more: Any) -> None:
    with store.write() as tx:
        for contact in contacts:
            tx.execute(tags.insert().values(contact=contact, tag=tag, wanted=True))
    if put_too:
        put(store, *(wish(contact, Kind.TAG, **more) for contact in contacts))


def join(store: Store, job: Job, room: int = 99, attempts: int = 6) -> list[int]:
    """The contacts that go along."""
    return [one.contact for one in joined(store, job, room, attempts)]


def joined(store: Store, job: Job, room: int = 99, attempts: int = 6) -> list[Job]:
    (mark,) = (row.alike for row in rows(store) if row.id == job.id)
    now = store.clock()
    with store.write() as tx:
        return ledger_together.join(
            tx, job, mark, room=room, attempts=attempts, worker="w", now=now
        )


def first(store: Store) -> Job:
    return claim(store, release(store, room=1)[0])


def test_those_that_are_alike_go_along_oldest_first(store: Store) -> None:
    owe(store, 1, 2, 3, 4)
    owe(store, 5, tag="b")
    assert join(store, first(store), room=2) == [2, 3]


def test_one_that_lies_in_redis_goes_along_and_its_message_finds_it_taken(store: Store) -> None:
    owe(store, 1, 2)
    mine, other = release(store)

    job = claim(store, mine)

    assert join(store, job) == [2]
    assert ledger.claim(store, other, worker="late", lease_s=60) is None
    assert ledger.withdraw(store, [other]) == 0


def test_one_that_another_worker_has_does_not_go_along(store: Store) -> None:
    owe(store, 1, 2, 3)
    mine, other, _ = release(store)
    claim(store, other)
    assert join(store, claim(store, mine)) == [3]


@pytest.mark.parametrize(
    ("lane", "along"), [(Lane.BULK, [2, 3]), (Lane.SWEEP, [2, 3]), (Lane.LIVE, [4])]
)
def test_live_ones_go_with_live_ones_and_the_others_with_each_other(
    store: Store, lane: Lane, along: list[int]
) -> None:
    owe(store, 1, lane=lane)
    job = first(store)
    owe(store, 2, lane=Lane.BULK)
    owe(store, 3, lane=Lane.SWEEP)
    owe(store, 4, lane=Lane.LIVE)
    assert join(store, job) == along


def test_one_that_is_not_due_or_failed_too_often_or_goes_alone_does_not(
    store: Store, clock: Any
) -> None:
    owe(store, 1, 2, 3, 4, 5)
    mine, *others = release(store)
    for ticket in others[:3]:
        job = claim(store, ticket)
        code = ledger_together.ALONE if job.contact == 4 else "crm-error"
        seconds = 60.0 if job.contact == 2 else 0.0
        with store.write() as tx:
            ledger.again(tx, job, now=clock(), seconds=seconds, code=code, reason="503")
    assert join(store, claim(store, mine), attempts=1) == [5]


def test_another_location_is_another_call(store: Store) -> None:
    owe(store, 1)
    owe(store, 2, location="loc_2")
    job = claim(store, next(t for t in release(store) if t.location == HERE))
    assert join(store, job) == []


def test_one_whose_contact_has_an_older_job_waits_for_it(store: Store) -> None:
    owe(store, 1)
    job = first(store)
    put(store, wish(2, Kind.PUSH))
    owe(store, 2, 3)
    assert join(store, job) == [3]


@pytest.mark.parametrize("bulk_only", [False, True])
def test_nobody_goes_along_in_a_paused_location(
    store: Store, clock: Any, bulk_only: bool, a_location: None
) -> None:
    owe(store, 1, 2)
    job = first(store)
    with store.write() as tx:
        accounts.pause(tx, HERE, clock() + 60, "the day is used up", bulk_only=bulk_only)
    assert join(store, job) == []
    clock.tick(61)
    assert join(store, job) == [2]


@pytest.fixture
def a_location(store: Store) -> None:
    from contacts.store.tables import locations

    with store.write() as tx:
        tx.execute(locations.insert().values(id=HERE))


def test_they_come_back_together_and_one_that_was_lost_does_not(store: Store, clock: Any) -> None:
    owe(store, 1, 2, 3)
    job = first(store)
    some = joined(store, job)
    with store.write() as tx:
        ledger.drop(tx, 3)  # resting jobs only: it stays
        tx.execute(ledger.jobs.delete().where(ledger.jobs.c.contact == 3))

    with store.write() as tx:
        ledger_together.wait_again(
            tx, some, now=clock(), seconds=5, code="crm-error", reason="503", failed=True,
            doubtful=True,
        )  # fmt: skip

    (back,) = [row for row in rows(store) if row.contact != 1]
    assert (back.contact, back.state, back.attempts, back.doubtful) == (2, "waiting", 1, True)
    assert back.due_at == clock() + 5


def test_those_that_are_no_longer_ours_are_not_done(store: Store, clock: Any) -> None:
    owe(store, 1, 2)
    some = joined(store, first(store))
    clock.tick(61)
    ledger.reclaim(store)
    with store.write() as tx:
        assert ledger_together.done(tx, some, now=clock()) == []
    assert {row.state for row in rows(store)} == {"waiting"}


def test_one_that_parts_waits_as_it_did_with_its_number_put_right(store: Store, clock: Any) -> None:
    owe(store, 1, 2)
    (other,) = joined(store, first(store))
    with store.write() as tx:
        ledger_together.part_with(tx, {other: 7}, now=clock())
    row = rows(store)[1]
    assert (row.state, row.alike, row.attempts, row.doubtful) == ("waiting", 7, 0, False)


def test_a_new_wish_brings_its_number_to_one_that_comes_back(store: Store, clock: Any) -> None:
    owe(store, 1, 2)
    job = first(store)
    some = joined(store, job)
    before = rows(store)[1].alike
    owe(store, 2, tag="b")
    with store.write() as tx:
        ledger_together.wait_again(tx, some, now=clock(), seconds=0, code="x", reason="y")
    assert rows(store)[1].alike not in (before, None)


def test_tags_that_nobody_waits_for_come_after_all_else(store: Store) -> None:
    owe(store, 1)
    put(store, wish(2, Kind.PUSH, lane=Lane.SWEEP), wish(3, Kind.PUSH))
    assert [ticket.contact for ticket in release(store)] == [3, 2, 1]
    assert [row.lane for row in rows(store) if row.contact == 1] == [LAST]


def test_workers_that_take_at_the_same_time_take_no_job_twice(store: Store) -> None:
    owe(store, *range(1, 61))
    tickets = release(store, room=6)
    found: list[list[int]] = []
    errors: list[BaseException] = []

    def work(ticket: Any) -> None:
        try:
            job = ledger.claim(store, ticket, worker="w", lease_s=60)
            if job is not None:
                found.append([job.contact, *join(store, job, room=9)])
        except BaseException as error:  # noqa: BLE001  shown below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(ticket,)) for ticket in tickets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    taken = [contact for some in found for contact in some]
    assert errors == []
    assert len(taken) == len(set(taken)) >= 10


def test_of_a_run_it_is_known_how_many_who_are_there_are_owed_the_same(store: Store) -> None:
    owe(store, 1, 2, 3, 7, run=9)
    owe(store, 4, 5, tag="b", run=9)
    owe(store, 6, tag="b", run=8)
    links_of(store, *range(1, 7))
    job = first(store)
    with store.write() as tx:
        ledger.done(tx, job, now=store.clock())
    assert sorted(ledger_view.alike(store, 9)) == [2, 2], "one is told, and 7 is not there"


def links_of(store: Store, *contacts: int) -> None:
    made = [
        {"contact": n, "location": HERE, "remote_id": f"r{n}", "agreed": {}, "refused": {}}
        for n in contacts
    ]
    with store.write() as tx:
        tx.execute(links.insert().values(settled_at=0.0), made)


# ---------------------------------------------------------------- edits that gather

GATHER = turns.Gather(quiet_s=0.5, after_s=15.0)


def due(store: Store) -> int:
    found = ledger.release(store, room=9, limit=9, bulk_limit=9, lease_s=30, gather=GATHER)
    ledger.withdraw(store, found)
    return len(found)


@pytest.mark.parametrize(
    ("kind", "told"),
    [(Kind.PUSH, "settled_at"), (Kind.PULL, "settled_at"), (Kind.TAG, "tags_at")],
)
def test_what_was_told_lately_waits_until_it_is_quiet(
    store: Store, clock: Any, kind: Kind, told: str
) -> None:
    values = {"contact": 1, "location": HERE, "remote_id": "r", "agreed": {}, "refused": {}}
    with store.write() as tx:
        tx.execute(links.insert().values(**values, settled_at=0.0))
        tx.execute(links.update().values({told: clock()}))
    clock.tick(1)
    put(store, wish(1, kind))
    assert due(store) == 0
    clock.tick(0.3)
    put(store, wish(1, kind))
    clock.tick(0.3)
    assert due(store) == 0, "it was said again"
    clock.tick(0.3)
    assert due(store) == 1


def test_what_is_said_again_and_again_waits_no_longer_than_so(store: Store, clock: Any) -> None:
    values = {"contact": 1, "location": HERE, "remote_id": "r", "agreed": {}, "refused": {}}
    with store.write() as tx:
        tx.execute(links.insert().values(**values, settled_at=clock()))
    waited = 0
    while not waited or due(store) == 0:
        clock.tick(0.25)
        put(store, wish())
        waited += 1
    assert waited == 60, "15 s, a quarter of a second each"


def test_what_was_told_long_ago_or_never_goes_at_once(store: Store) -> None:
    put(store, wish(1), wish(2, Kind.NOTE, subject=1))
    assert due(store) == 2
