"""Each verb by example, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from contacts.jobs import Job, Kind, Lane
from contacts.store import ledger, ledger_view
from contacts.store.database import Store

from .conftest import HERE, again, claim, done, park, put, release, rows, take, wish

# ---------------------------------------------------------------- put


def test_a_thousand_edits_of_one_contact_are_one_job(store: Store) -> None:
    for _ in range(10):
        put(store, *[wish()] * 100)
    assert len(release(store)) == 1


def test_the_more_urgent_lane_and_the_newer_run_win(store: Store) -> None:
    put(store, wish(lane=Lane.LIVE, run=1))
    put(store, wish(lane=Lane.SWEEP, run=2))
    put(store, wish(lane=Lane.SWEEP))
    (row,) = rows(store)
    assert (row.lane, row.run) == (0, 2)


def test_wishes_of_one_key_in_one_put_are_as_if_one_came_after_the_other(store: Store) -> None:
    put(store, wish(lane=Lane.SWEEP, run=1), wish(lane=Lane.LIVE, run=2), wish(lane=Lane.BULK))
    (row,) = rows(store)
    assert (row.lane, row.run) == (0, 2)


def test_two_notes_of_one_contact_are_two_jobs(store: Store) -> None:
    put(store, wish(kind=Kind.NOTE, subject=1), wish(kind=Kind.NOTE, subject=2))
    assert len(rows(store)) == 2


def test_a_wish_for_a_parked_job_wakes_it_with_fresh_attempts(store: Store) -> None:
    put(store, wish())
    park(store, take(store))
    assert release(store) == []
    put(store, wish())
    job = take(store)
    assert job.attempts == 0
    assert len(rows(store)) == 1


def test_a_wish_does_not_shorten_a_backoff(store: Store) -> None:
    put(store, wish())
    again(store, take(store), seconds=60)
    put(store, wish())
    assert release(store) == []
    store.clock.tick(60)
    assert take(store).attempts == 1


def test_a_live_wish_pulls_the_contacts_other_jobs_along(store: Store) -> None:
    put(store, *[wish(contact) for contact in range(2, 50)])
    put(store, wish(1), wish(1, Kind.NOTE, subject=7, lane=Lane.LIVE))
    first = release(store, limit=1)
    assert [(ticket.contact, ticket.kind, ticket.lane) for ticket in first] == [
        (1, Kind.PUSH, Lane.LIVE)
    ]


# ---------------------------------------------------------------- claim and its outcomes


def test_of_two_deliveries_of_one_release_one_gets_the_job(store: Store) -> None:
    put(store, wish())
    (ticket,) = release(store)
    claim(store, ticket)
    assert ledger.claim(store, ticket, worker="worker-2", lease_s=60) is None


def test_a_delivery_of_an_older_release_is_out_of_date(store: Store) -> None:
    put(store, wish())
    (old,) = release(store)
    ledger.withdraw(store, [old])
    (new,) = release(store)
    assert ledger.claim(store, old, worker="worker-1", lease_s=60) is None
    assert claim(store, new).release == old.release + 1


def test_later_keeps_the_attempts_and_again_counts_them(store: Store) -> None:
    put(store, wish())
    job = take(store)
    with store.write() as tx:
        assert ledger.later(
            tx, job, now=store.clock(), seconds=3, code="rate-limited", reason="no token"
        )
    assert release(store) == []
    store.clock.tick(3)
    job = take(store)
    assert (job.attempts, job.doubtful) == (0, False)
    assert again(store, job, doubtful=True)
    store.clock.tick(5)
    job = take(store)
    assert (job.attempts, job.doubtful) == (1, True)


def test_a_wish_that_comes_while_the_job_runs_is_done_afterwards(store: Store) -> None:
    put(store, wish())
    job = take(store)
    put(store, wish())
    assert release(store) == []
    assert done(store, job)
    assert take(store).id != job.id


@pytest.mark.parametrize("outcome", [again, park])
def test_a_job_that_comes_back_takes_the_newer_wish_over(store: Store, outcome: Any) -> None:
    put(store, wish(run=1), wish(kind=Kind.TAG, run=1))
    (ticket,) = release(store)
    job = claim(store, ticket)
    put(store, wish(run=2, lane=Lane.LIVE))
    outcome(store, job)
    store.clock.tick(5)
    again_taken = take(store)
    assert (again_taken.id, again_taken.run, again_taken.lane) == (job.id, 2, Lane.LIVE)


def test_a_job_that_comes_back_is_live_when_a_live_one_waits_behind_it(store: Store) -> None:
    put(store, wish(1), *[wish(contact) for contact in range(2, 9)])
    (ticket,) = release(store, limit=1)
    job = claim(store, ticket)
    put(store, wish(1, Kind.TAG, lane=Lane.LIVE))
    again(store, job, seconds=0)
    assert [(t.contact, t.kind, t.lane) for t in release(store, limit=1)] == [
        (1, Kind.PUSH, Lane.LIVE)
    ]


def step_back(store: Store, job: Job) -> bool:
    with store.write() as tx:
        return ledger.step_back(tx, job, now=store.clock(), seconds=5, code="x", reason="y")


def test_a_job_that_steps_back_is_the_last_of_its_contact_and_still_itself(store: Store) -> None:
    put(store, wish(lane=Lane.LIVE, run=3))
    again(store, take(store), doubtful=True)
    store.clock.tick(60)
    job = take(store)
    put(store, wish(kind=Kind.PULL, subject=7))
    put(store, wish())  # the same again, while it is held

    assert step_back(store, job)

    assert take(store).kind is Kind.PULL
    waiting = [row for row in rows(store) if row.state == "waiting"]
    (last,) = waiting
    assert (last.kind, last.lane, last.run, last.attempts, last.doubtful, last.code) == (
        Kind.PUSH.value, 0, 3, 2, True, "x",
    )  # fmt: skip
    assert last.due_at == store.clock() + 5


def test_a_worker_that_lost_its_job_steps_nobody_back(store: Store) -> None:
    put(store, wish())
    job = take(store)
    store.clock.tick(61)
    ledger.reclaim(store)

    assert not step_back(store, job)

    assert len(rows(store)) == 1


def test_what_was_parked_in_doubt_is_still_doubtful_when_a_person_retries_it(
    store: Store,
) -> None:
    put(store, wish())
    job = take(store)
    with store.write() as tx:
        ledger.park(tx, job, now=store.clock(), code="x", reason="y", doubtful=True)
    with store.write() as tx:
        ledger.unpark(tx, everything=True, now=store.clock())
    assert take(store).doubtful


def test_a_worker_that_lost_its_lease_writes_nothing(store: Store) -> None:
    put(store, wish())
    job = take(store)
    store.clock.tick(61)
    assert ledger.reclaim(store) == 1
    other = take(store)
    assert not done(store, job)
    assert not again(store, job)
    assert not park(store, job)
    assert done(store, other)


# ---------------------------------------------------------------- withdraw, reclaim


def test_what_a_killed_worker_had_begun_is_doubtful(store: Store) -> None:
    put(store, wish(1), wish(2))
    first, second = release(store)
    claim(store, first)
    store.clock.tick(61)
    assert ledger.reclaim(store) == 2
    taken = {job.contact: job for job in (claim(store, ticket) for ticket in release(store))}
    assert (taken[first.contact].attempts, taken[first.contact].doubtful) == (1, True)
    assert (taken[second.contact].attempts, taken[second.contact].doubtful) == (0, False)


def test_an_empty_redis_gives_back_only_what_no_worker_has(store: Store) -> None:
    put(store, wish(1), wish(2))
    first, second = release(store)
    claim(store, first)
    assert ledger.reclaim(store, unstarted=True) == 1
    assert [ticket.contact for ticket in release(store)] == [second.contact]


def test_two_jobs_of_a_location_that_were_out_at_once_come_back_as_one(store: Store) -> None:
    for begun in (False, True):
        for _ in range(2):
            put(store, wish(0, Kind.FIELDS))
            for ticket in release(store):
                if begun:
                    claim(store, ticket)
        store.clock.tick(61)
        assert ledger.reclaim(store) == 2
        assert [row.state for row in rows(store)] == ["waiting"]


def test_a_job_that_kills_every_worker_is_parked_at_last(store: Store) -> None:
    put(store, wish())
    for _ in range(3):
        take(store)
        store.clock.tick(61)
        ledger.reclaim(store, attempts_max=3)
    (parked,) = ledger_view.parked(store)
    assert (parked.code, parked.attempts) == ("worker-lost", 3)


def test_a_job_that_a_worker_claimed_is_not_withdrawn(store: Store) -> None:
    put(store, wish())
    (ticket,) = release(store)
    job = claim(store, ticket)
    assert ledger.withdraw(store, [ticket]) == 0
    assert done(store, job)


# ---------------------------------------------------------------- a person's verbs


def test_parked_jobs_are_listed_with_their_reason_and_retried(store: Store) -> None:
    put(store, wish(1, run=4), wish(2))
    for ticket in release(store):
        park(store, claim(store, ticket))
    first, second = ledger_view.parked(store)
    assert (first.contact, first.code, first.reason, first.run) == (
        1, "crm-refused", "field phone", 4,
    )  # fmt: skip
    assert ledger_view.parked_reasons(store) == [("crm-refused", 2, "field phone")]
    with store.write() as tx:
        assert ledger.unpark(tx, ids=[second.job], now=store.clock()) == 1
    assert take(store).contact == 2
    with store.write() as tx:
        assert ledger.unpark(tx, code="crm-refused", now=store.clock()) == 1
    assert take(store).contact == 1


def test_a_contacts_jobs_are_retried_for_one_reason_only(store: Store) -> None:
    put(store, wish(1), wish(2), wish(1, kind=Kind.NOTE, subject=7))
    for _ in range(2):  # the note goes after its contact's push
        for ticket in release(store):
            park(store, claim(store, ticket))
    put(store, wish(3))
    with store.write() as tx:
        now = store.clock()
        assert ledger.unpark_contact(tx, HERE, 1, code="not-linked", now=now) == 0
        assert ledger.unpark_contact(tx, "elsewhere", 1, code="crm-refused", now=now) == 0
        assert ledger.unpark_contact(tx, HERE, 1, code="crm-refused", now=now) == 2
    assert sorted(row.contact for row in rows(store) if row.state == "waiting") == [1, 1, 3]


def test_a_message_of_another_kind_takes_no_job(store: Store) -> None:
    put(store, wish(1))
    (ticket,) = release(store)

    assert ledger.claim(store, replace(ticket, kind=Kind.TAG), worker="w", lease_s=60) is None
    assert ledger.claim(store, ticket, worker="w", lease_s=60) is not None


def test_what_another_call_did_is_settled_with_it_and_nothing_else_is(store: Store) -> None:
    put(store, wish(1), wish(1, kind=Kind.TAG), wish(1, kind=Kind.NOTE, subject=7))
    put(store, wish(2, kind=Kind.TAG))
    job = claim(store, next(one for one in release(store) if one.contact == 1))

    with store.write() as tx:
        assert ledger.served(tx, job, Kind.TAG, now=store.clock()) == 1
        assert ledger.served(tx, job, Kind.TAG, now=store.clock()) == 0

    states = {(row.contact, row.kind): row.state for row in rows(store)}
    assert states[1, Kind.TAG] == "done"
    assert states[1, Kind.PUSH] == "released"
    assert states[1, Kind.NOTE] == "waiting"
    assert states[2, Kind.TAG] in ("waiting", "released")
    put(store, wish(1, kind=Kind.TAG))
    assert sum(row.state == "waiting" for row in rows(store) if row.kind == Kind.TAG) >= 1


@pytest.mark.parametrize("verb", ["unpark", "served"])
def test_a_contacts_resting_jobs_are_found_by_the_index(sqlite_store: Store, verb: str) -> None:
    asked: list[tuple[str, Any]] = []

    @event.listens_for(sqlite_store.engine, "before_cursor_execute")
    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    put(sqlite_store, wish(1))
    job = claim(sqlite_store, release(sqlite_store)[0])
    asked.clear()
    with sqlite_store.write() as tx:
        if verb == "unpark":
            ledger.unpark_contact(tx, HERE, 1, code="not-linked", now=0.0)
        else:
            ledger.served(tx, job, Kind.TAG, now=0.0)
        ((statement, parameters),) = [one for one in asked if one[0].startswith("UPDATE")]
        plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert "USING INDEX jobs_key (kind=? AND location=? AND contact=?" in str(plan)


def test_retrying_or_cancelling_nothing_in_particular_is_refused(store: Store) -> None:
    with store.write() as tx, pytest.raises(ValueError, match="what"):
        ledger.unpark(tx, now=store.clock())
    with pytest.raises(ValueError, match="what"):
        ledger.cancel(store)


def test_cancel_stops_what_waits_and_lets_run_what_runs(store: Store) -> None:
    put(store, *[wish(contact, run=1) for contact in (1, 2, 3)])
    put(store, wish(4, run=2))
    ticket, *_ = release(store, limit=1)
    assert ledger.cancel(store, run=1) == 2
    assert [t.contact for t in release(store)] == [4]
    assert done(store, claim(store, ticket))
    counts = ledger_view.counts(store, run=1)
    assert (counts.done, counts.cancelled, counts.open) == (1, 2, 0)


def test_prune_forgets_only_what_was_done_long_ago(store: Store) -> None:
    put(store, wish(1), wish(2), wish(3))
    first, second, _ = release(store)
    done(store, claim(store, first))
    park(store, claim(store, second))
    store.clock.tick(1000)
    assert ledger.prune(store, older_than_s=999) == 1
    assert [row.state for row in rows(store)] == ["parked", "released"]


# ---------------------------------------------------------------- questions


def test_the_backlog_of_each_location_by_lane(store: Store) -> None:
    put(store, wish(1), wish(2, lane=Lane.LIVE), wish(3, lane=Lane.SWEEP, location="loc_2"))
    store.clock.tick(7)
    release(store, limit=1)
    first, second = ledger_view.waiting_by_location(store)
    assert (first.live, first.bulk, first.sweep, first.released) == (0, 1, 0, 1)
    assert (second.location, second.sweep, second.oldest_at) == ("loc_2", 1, store.clock() - 7)


def test_who_holds_which_job_since_when(store: Store) -> None:
    put(store, wish())
    job = take(store)
    (held,) = ledger_view.held(store)
    assert (held.job, held.worker, held.since) == (job.id, "worker-1", store.clock())
