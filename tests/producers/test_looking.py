"""Looks are put as jobs, and waited for no longer than somebody has patience."""

from __future__ import annotations

from contacts.jobs import Kind
from contacts.store import checks, ledger
from contacts.store.checks import Found, Look
from contacts.store.database import Store
from producers import looking

HERE = "loc_1"


def worker(store: Store, *looks: Look, skewed: float = 0.0):
    """A sleep in which a worker does these looks, by its own clock."""

    def sleep(seconds: float) -> None:
        store.clock.tick(1)
        for ticket in ledger.release(store, room=9, limit=9, bulk_limit=9, lease_s=30):
            job = ledger.claim(store, ticket, worker="w", lease_s=60)
            look = checks.look_of(job.subject)
            with store.write() as tx:
                if look in looks:
                    checks.keep(tx, HERE, Found(look, store.clock() + skewed))
                    ledger.done(tx, job, now=store.clock())
                else:
                    ledger.later(
                        tx, job, now=store.clock(), seconds=99, code="crm-busy", reason="busy"
                    )

    return sleep


def test_it_returns_as_soon_as_everything_is_found(store: Store) -> None:
    rung: list[int] = []
    looks = [Look.CONTACTS, Look.FIELDS]

    seen = looking.ask(
        store, {HERE: looks}, ring=lambda: rung.append(1), sleep=worker(store, *looks)
    )

    assert set(seen[HERE].found) == set(looks)
    assert seen[HERE].late == {}
    assert rung == [1]


def test_what_was_found_before_is_not_taken_for_an_answer(store: Store) -> None:
    with store.write() as tx:
        checks.keep(tx, HERE, Found(Look.CONTACTS, store.clock() + 1000))

    behind = worker(store, Look.CONTACTS, skewed=-5000)
    seen = looking.ask(store, {HERE: [Look.CONTACTS]}, ring=lambda: None, sleep=behind)

    assert seen[HERE].found[Look.CONTACTS].at < store.clock()


def test_what_does_not_come_in_time_is_told_with_its_reason(store: Store) -> None:
    seen = looking.ask(
        store,
        {HERE: [Look.CONTACTS, Look.TASKS]},
        ring=lambda: None,
        sleep=worker(store, Look.TASKS),
        patience_s=5,
    )

    assert set(seen[HERE].found) == {Look.TASKS}
    assert seen[HERE].late == {Look.CONTACTS: "busy"}


def test_a_look_is_a_live_job_with_ids_only(store: Store) -> None:
    wish = checks.wish(HERE, Look.PLATFORM)

    assert (wish.kind, wish.contact, wish.subject, wish.lane) == (Kind.CHECK, 0, 5, "live")
