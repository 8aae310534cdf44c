"""Runs, audit and processes: what people watch."""

from __future__ import annotations

from contacts.contact import Person
from contacts.jobs import Kind, Wish
from contacts.store import audit, cards, inbox, ledger, processes, roster, runs
from contacts.store.audit import Call, Wanted
from contacts.store.database import Store

HERE = "loc_1"


def call(at: float, operation: str = "contact.create", status: int = 200, **more: object) -> Call:
    fields = {"ms": 100.0, "job": 1, "run": 1, "trace": None} | more
    return Call(at, HERE, operation, status, **fields)  # type: ignore[arg-type]


def test_a_run_is_finished_when_its_last_job_is(store: Store) -> None:
    with store.write() as tx:
        run = runs.start(tx, location=HERE, kind="backfill", title="students.csv", now=1.0)
        ledger.put(tx, [Wish(Kind.PUSH, HERE, 1, run=run)], now=1.0)
        runs.progress(tx, run, {"rows": 1})
    assert runs.get(store, run).state == "reading"
    with store.write() as tx:
        runs.read(tx, run, {"rows": 2}, now=2.0)
    assert runs.get(store, run).state == "queued"
    (ticket,) = ledger.release(store, room=9, limit=9, bulk_limit=9, lease_s=30)
    job = ledger.claim(store, ticket, worker="w", lease_s=60)
    store.clock.tick(5)
    with store.write() as tx:
        ledger.done(tx, job, now=store.clock())
    found = runs.latest(store)
    assert (found.state, found.finished_at, found.counts) == (
        "finished", store.clock(), {"rows": 2},
    )  # fmt: skip


def test_a_run_that_had_nothing_to_do_ends_when_it_was_read(store: Store) -> None:
    with store.write() as tx:
        run = runs.start(tx, location=HERE, kind="backfill", title="x", now=1.0)
        runs.read(tx, run, {}, now=3.0)
    found = runs.get(store, run)
    assert (found.state, found.finished_at) == ("finished", 3.0)
    assert runs.get(store, run + 1) is None


def test_an_interrupted_run_stays_interrupted_and_the_newest_comes_first(store: Store) -> None:
    with store.write() as tx:
        first = runs.start(tx, location=HERE, kind="backfill", title="a", now=1.0)
        runs.interrupt(tx, first, {"rows": 5}, now=2.0)
        second = runs.start(tx, location=HERE, kind="backfill", title="b", now=3.0)
        runs.cancel(tx, second, now=4.0)
    assert [(run.id, run.state) for run in runs.recent(store)] == [
        (second, "cancelled"), (first, "interrupted"),
    ]  # fmt: skip


def test_calls_are_counted_by_operation_and_status(store: Store) -> None:
    now = store.clock()
    with store.write() as tx:
        audit.record(tx, [])
        audit.record(tx, [call(now - 20), call(now - 1), call(now, status=503, ms=400.0)])
        audit.record(tx, [call(now, "contact.tags.add", run=2, job=2)])
    assert audit.rate(store, location=HERE, seconds=10) == 0.3
    tally, tags = audit.by_operation(store, location=HERE)
    assert (tally.calls, tally.mean_ms, tally.statuses) == (3, 200.0, {200: 2, 503: 1})
    assert [t.operation for t in audit.by_operation(store, run=2)] == [tags.operation]
    assert [c.status for c in audit.recent(store, job=1)] == [503, 200, 200]


def test_old_calls_are_forgotten(store: Store) -> None:
    now = store.clock()
    with store.write() as tx:
        audit.record(tx, [call(now - 100), call(now)])
    assert audit.prune(store, older_than_s=50) == 1
    assert len(audit.recent(store)) == 1


def test_the_access_log_knows_process_and_job_of_a_call_and_finds_by_either(store: Store) -> None:
    now = store.clock()
    with store.write() as tx:
        ledger.put(tx, [Wish(Kind.NOTE, HERE, 7, 3), Wish(Kind.PUSH, HERE, 8)], now=now)
    first, second = ledger.release(store, room=9, limit=9, bulk_limit=9, lease_s=30)
    with store.write() as tx:
        audit.record(tx, [
            call(now, "contact.notes", job=first.job, worker="worker-1@here:1"),
            call(now + 1, "contact.note.create", job=first.job, status=401),
            call(now + 2, "contact.noteworthy", job=second.job),
            call(now + 3, "oauth.token", job=None),
        ])  # fmt: skip

    def found(**wanted: object) -> list[str]:
        return [one.operation for one in audit.accesses(store, Wanted(**wanted), 10)]  # type: ignore[arg-type]

    (one,) = audit.accesses(store, Wanted(operation="contact.notes"), 10)
    assert (one.worker, one.kind, one.contact) == ("worker-1@here:1", "contact.note", 7)
    assert found() == ["oauth.token", "contact.noteworthy", "contact.note.create", "contact.notes"]
    assert found(contact=7) == ["contact.note.create", "contact.notes"]
    assert found(operation="contact.note") == ["contact.note.create"]
    assert found(failed=True) == ["contact.note.create"]
    assert found(since=now + 3) == ["oauth.token"]
    assert found(location="elsewhere") == []
    assert len(audit.accesses(store, Wanted(), 2)) == 2


def test_what_a_webhook_asked_for_is_found_by_the_contact_it_was_about(store: Store) -> None:
    now = store.clock()
    with store.write() as tx:
        (ours,) = roster.upsert(tx, HERE, [Person({"email": "ada@example.org"})], now=now)
        cards.settle(
            tx, ours.contact, location=HERE, remote_id="remote1", agreed={}, refused={}, now=now
        )
        inbox.look(tx, HERE, ["remote1", "remote2"], now=now)
    pulls = ledger.release(store, room=9, limit=9, bulk_limit=9, lease_s=30)
    with store.write() as tx:
        audit.record(tx, [call(now, "contact.get", job=one.job) for one in pulls])

    assert len(audit.accesses(store, Wanted(), 9)) == 2
    assert len(audit.accesses(store, Wanted(contact=ours.contact), 9)) == 1


def test_a_silent_process_is_not_counted_as_living(store: Store) -> None:
    processes.beat(store, "worker-1@here:1", "worker", 32)
    processes.beat(store, "worker-1@here:1", "worker", 32)
    processes.beat(store, "dispatcher@here:2", "dispatcher", 0)
    assert processes.slots(store, "worker") == 32
    store.clock.tick(processes.ALIVE_S + 1)
    processes.beat(store, "worker-2@here:3", "worker", 16)
    assert [process.name for process in processes.living(store)] == ["worker-2@here:3"]
    processes.gone(store, "worker-2@here:3")
    assert processes.slots(store, "worker") == 0
