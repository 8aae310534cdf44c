"""Contacts that are owed the same tags share a call, and each has an outcome of its own."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from contacts.jobs import Kind, Lane, Wish
from contacts.store import accounts, audit, cards, forgetting, forgotten, ledger, story
from worker import tags

ADD, REMOVE = "POST /contacts/{id}/tags", "DELETE /contacts/{id}/tags"
BULK = "POST /contacts/bulk/tags/update/{id}"
HERE = "loc1"


class Class:
    """Some students, all of them in the CRM."""

    def __init__(self, shop: Any, crm: Any, count: int) -> None:
        self.shop, self.crm = shop, crm
        self.ids = [shop.person(self.email(n)) for n in range(count)]
        shop.work()
        self.before = self.total()

    def email(self, n: int) -> str:
        return f"student{n}@example.org"

    def remote(self, n: int) -> str:
        with self.shop.store.read() as tx:
            return str(cards.load_tags(tx, self.ids[n]).remote_id)

    def say(self, some: Any = None, **tags: Any) -> None:
        for n in range(len(self.ids)) if some is None else some:
            self.shop.person(self.email(n), **tags)

    def total(self) -> Counter[str]:
        return Counter(self.crm.report()["by_operation"])

    def made(self) -> dict[str, int]:
        """Calls since the beginning, by operation."""
        return dict(self.total() - self.before)

    def has(self, n: int) -> list[str]:
        (one,) = [x for x in self.crm.contacts(HERE) if x["email"] == self.email(n)]
        return sorted(one["tags"])

    def owed(self, n: int) -> Any:
        with self.shop.store.read() as tx:
            card = cards.load_tags(tx, self.ids[n])
        return card.owed_add | card.owed_remove

    def job(self, n: int) -> Any:
        """The newest job of the tags of one."""
        mine = [row for row in self.shop.rows() if row.contact == self.ids[n]]
        return [row for row in mine if row.kind == "contact.tag"][-1]


@pytest.fixture
def school(odd_school: Any) -> Any:
    return odd_school


@pytest.fixture
def odd_school(sqlite_store: Any, open_shop: Any, simulator: Any) -> Any:
    """The same where the CRM answers in its own way."""

    def make(count: int, settings: Any = None, **quirks: Any) -> Class:
        crm = simulator(quirks=quirks)
        chosen = {"attempts": 8, **(settings or {})}
        return Class(open_shop(sqlite_store, crm, **chosen), crm, count)

    return make


# ---------------------------------------------------------------- how many calls


def test_contacts_that_are_owed_the_same_tags_share_one_call(school: Any) -> None:
    them = school(5)
    them.say(tags=["course: bread", "2026"])

    assert set(them.shop.work()) == {"done", "stale"}

    assert them.made() == {BULK: 1}
    assert all(them.has(n) == ["2026", "course: bread"] for n in range(5))
    assert all(not them.owed(n) and them.job(n).state == "done" for n in range(5))


def test_a_batch_takes_so_many_as_the_setting_says(odd_school: Any) -> None:
    them = odd_school(7, settings={"tag_batch": 3})
    them.say(tags=["a"])
    them.shop.work()
    assert them.made() == {BULK: 2, ADD: 1}, "three, three, and one alone"


def test_a_batch_of_one_is_the_ordinary_call(odd_school: Any) -> None:
    them = odd_school(2, settings={"tag_batch": 1})
    them.say(tags=["a"])
    them.shop.work()
    assert them.made() == {ADD: 2}


def test_other_tags_go_by_another_call(school: Any) -> None:
    them = school(6)
    them.say(range(3), tags=["a"])
    them.say(range(3, 6), tags=["a", "b"])
    them.shop.work()
    assert them.made() == {BULK: 2}
    assert [them.has(n) for n in (0, 5)] == [["a"], ["a", "b"]]


def test_what_is_added_is_shared_whatever_is_removed_from_each(school: Any) -> None:
    them = school(4)
    them.say(range(2), tags=["lead"])
    them.say(range(2, 4), tags=["trial"])
    them.shop.work()
    them.before = them.total()

    them.say(range(2), tags=["student"], gone=["lead"])
    them.say(range(2, 4), tags=["student"], gone=["trial"])
    them.shop.work()

    assert them.made() == {BULK: 3}, "one puts on, two take off"
    assert all(them.has(n) == ["student"] for n in range(4))


def test_tags_wait_until_all_else_is_done_so_that_they_come_together(school: Any) -> None:
    them = school(9)
    for n in range(9):
        them.shop.person(them.email(n), city="Bonn", tags=["a"])

    while tickets := ledger.release(them.shop.store, room=2, limit=2, bulk_limit=2, lease_s=30):
        for ticket in tickets:
            them.shop.run(ticket)

    assert them.made() == {"PUT /contacts/{id}": 9, BULK: 1}


def test_a_live_job_does_not_wait_for_a_bulk_of_them_nor_take_them_along(school: Any) -> None:
    them = school(4)
    them.say(range(3), tags=["a"])
    them.say([3], tags=["a"])
    them.shop.put(Wish(Kind.TAG, HERE, them.ids[3], lane=Lane.LIVE))

    (first, *_) = them.shop.release()
    assert (first.contact, them.shop.run(first)) == (them.ids[3], "done")

    assert them.made() == {ADD: 1}


def test_live_jobs_that_are_alike_go_together(school: Any) -> None:
    them = school(3)
    them.say(tags=["a"])
    them.shop.put(*(Wish(Kind.TAG, HERE, id, lane=Lane.LIVE) for id in them.ids))
    them.shop.work()
    assert them.made() == {BULK: 1}


# ---------------------------------------------------------------- each its own outcome


def test_one_that_was_deleted_there_is_looked_for_and_the_others_are_done(school: Any) -> None:
    them = school(4)
    them.crm.delete(HERE, [them.remote(2)])
    them.say(tags=["a"])

    them.shop.work()

    made = them.made()
    assert made[BULK] == 1
    assert made["GET /contacts/{id}"] == 1, "was it merged, or deleted?"
    assert all(them.has(n) == ["a"] for n in (0, 1, 3))
    with them.shop.store.read() as tx:
        assert cards.load_tags(tx, them.ids[2]).gone


def test_the_first_of_them_may_be_the_one_that_was_deleted(school: Any) -> None:
    them = school(3)
    them.crm.delete(HERE, [them.remote(0)])
    them.say(tags=["a"])
    them.shop.work()
    assert them.made()[BULK] == 1
    assert all(them.has(n) == ["a"] for n in (1, 2))


def test_one_whose_refusal_is_no_known_sentence_is_asked_alone(odd_school: Any) -> None:
    them = odd_school(3, bulk_tags_errors=1.0)
    them.say(tags=["a"])
    them.shop.work()
    assert them.made() == {BULK: 1, ADD: 3}
    assert all(them.has(n) == ["a"] for n in range(3))
    assert all(them.job(n).attempts == 0 for n in range(3)), "nothing failed"


def test_a_tag_that_the_crm_does_not_take_is_parked_for_each_by_its_own_call(school: Any) -> None:
    them = school(2)
    them.say(tags=["VIP"])  # a spelling that no source of ours would give
    them.shop.work()
    assert [them.job(n).code for n in range(2)] == ["tags-dropped"] * 2
    assert them.made() == {BULK: 1, ADD: 2}


def test_one_that_is_not_in_the_crm_is_parked_and_the_others_are_done(school: Any) -> None:
    them = school(3)
    with them.shop.store.write() as tx:
        tx.execute(cards.links.delete().where(cards.links.c.contact == them.ids[1]))
    them.say(tags=["a"])
    ledger.cancel(
        them.shop.store,
        ids=[row.id for row in them.shop.rows() if row.kind == "contact.push"],
    )

    them.shop.work()

    assert [them.job(n).state for n in range(3)] == ["done", "parked", "done"]
    assert them.job(1).code == "not-linked"
    assert them.made() == {BULK: 1}


def test_one_that_is_owed_something_else_by_now_goes_by_its_own_call(school: Any) -> None:
    them = school(3)
    them.say(tags=["a"])
    number = them.job(0).alike
    them.say([1], tags=["b"])
    with them.shop.store.write() as tx:  # as if its job had been put before
        jobs = ledger.jobs
        tx.execute(jobs.update().where(jobs.c.contact == them.ids[1]).values(alike=number))

    them.shop.work()

    assert them.made() == {BULK: 1, ADD: 1}
    assert [them.has(n) for n in range(3)] == [["a"], ["a", "b"], ["a"]]


def test_one_that_is_owed_nothing_any_more_is_done_without_a_call(school: Any) -> None:
    them = school(3)
    them.say(tags=["a"])
    with them.shop.store.write() as tx:
        tx.execute(
            cards.tags.update().where(cards.tags.c.contact == them.ids[2]).values(agreed=True)
        )
    them.shop.work()
    assert them.job(2).state == "done"
    assert [them.has(n) for n in range(3)] == [["a"], ["a"], []], "that row was made up here"


def test_what_people_tagged_meanwhile_is_taken_in_from_each_ones_answer(school: Any) -> None:
    them = school(3)
    them.crm.seed(HERE, {"id": them.remote(1), "tags": ["vip"]})
    them.say(tags=["a"])
    them.shop.work()
    before = them.total()
    them.say([1], gone=["vip"])
    them.shop.work()
    assert them.has(1) == ["a"]
    assert dict(them.total() - before) == {REMOVE: 1}, "it was known, and so can be taken off"


def test_tags_that_change_while_the_call_is_on_its_way_are_told_afterwards(school: Any) -> None:
    them = school(3)
    them.say(tags=["a"])
    first = them.shop.release()[0]

    def and_meanwhile(job: Any, bench: Any, trail: Any) -> Any:
        effect = tags.contact(job, bench, trail)
        them.say([0, 2], gone=["a"])
        return effect

    assert them.shop.run(first, and_meanwhile) == "done"
    them.shop.work()
    assert [them.has(n) for n in range(3)] == [[], ["a"], []]
    assert them.made()[BULK] == 2


# ---------------------------------------------------------------- the call as a whole


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_brings_all_of_them_back_together(school: Any, when: str) -> None:
    them = school(4)
    them.crm.fault("drop", when=when, times=1, operations=[BULK])
    them.say(tags=["a"])
    them.shop.work()
    assert {them.job(n).attempts for n in range(4)} == {1}
    assert all(them.job(n).doubtful for n in range(4))

    them.shop.clock.tick(60)
    them.shop.work()

    assert them.made() == {BULK: 2}
    assert all(them.has(n) == ["a"] for n in range(4))


def test_what_is_taken_back_while_the_answer_was_lost_is_taken_off(school: Any) -> None:
    them = school(3)
    them.crm.fault("drop", when="after", times=1, operations=[BULK])
    them.say(tags=["a"])
    them.shop.work()
    them.say([1], gone=["a"])
    them.shop.clock.tick(60)
    them.shop.work()
    assert [them.has(n) for n in range(3)] == [["a"], [], ["a"]]


def test_too_many_requests_pauses_the_location_and_burns_no_attempt(school: Any) -> None:
    them = school(3)
    them.crm.fault("too-many", times=1, operations=[BULK], retry_after_s=20)
    them.say(tags=["a"])
    them.shop.work()
    assert {(them.job(n).state, them.job(n).attempts) for n in range(3)} == {("waiting", 0)}
    them.shop.clock.tick(21)
    them.shop.work()
    assert them.made() == {BULK: 2}


def test_a_maximum_that_nobody_knew_is_found_by_halves(odd_school: Any) -> None:
    them = odd_school(9, bulk_tags_most=3)
    them.say(tags=["a"])
    them.shop.work()
    assert all(them.has(n) == ["a"] for n in range(9))
    # 9 and 4 are refused; 2 at a time, and one is left.
    assert them.made() == {BULK: 6, ADD: 1}
    assert all(them.job(n).attempts == 0 for n in range(9))


@pytest.mark.parametrize(
    ("quirks", "calls"),
    [
        pytest.param({}, {BULK: 1}, id="as the specification's example"),
        pytest.param({"bulk_tags_answer": "asked"}, {BULK: 1}, id="lists what was asked"),
        pytest.param({"bulk_tags_answer": "bare"}, {BULK: 1}, id="says only that it went well"),
        pytest.param({"bulk_tags_answer": "changed"}, {BULK: 1}, id="says not what it had"),
        pytest.param({"bulk_tags_answer": "nothing"}, {BULK: 1, ADD: 3}, id="speaks of nobody"),
        pytest.param({"bulk_tags_there": False}, {BULK: 2, ADD: 3}, id="there is no such call"),
        pytest.param({"bulk_tags_most": 1}, {BULK: 2, ADD: 3}, id="takes one at a time"),
        pytest.param({"bulk_counts": "each"}, {BULK: 1}, id="counts each"),
    ],
)
def test_whatever_the_crm_answers_all_have_their_tags(
    odd_school: Any, quirks: Any, calls: Any
) -> None:
    them = odd_school(3, **quirks)
    them.say(tags=["a"])
    them.shop.work()
    assert all(them.has(n) == ["a"] and not them.owed(n) for n in range(3))
    if "bulk_tags_there" in quirks or "bulk_tags_most" in quirks:
        calls = {BULK: 1, ADD: 3}  # half of three is one
    assert them.made() == calls


@pytest.mark.parametrize("unknown", ["left-out", "refused"])
def test_an_unknown_contact_does_not_hold_the_others_up(odd_school: Any, unknown: str) -> None:
    them = odd_school(4, bulk_tags_unknown=unknown)
    them.crm.delete(HERE, [them.remote(1)])
    them.say(tags=["a"])
    them.shop.work()
    assert all(them.has(n) == ["a"] for n in (0, 2, 3))
    with them.shop.store.read() as tx:
        assert cards.load_tags(tx, them.ids[1]).gone


def test_a_token_that_may_not_make_the_call_makes_the_ordinary_ones(
    sqlite_store: Any, open_shop: Any, simulator: Any
) -> None:
    crm = simulator()
    them = Class(open_shop(sqlite_store, crm), crm, 3)
    crm.fault(
        "error", status=401, message="The token is not authorized for this scope.",
        operations=[BULK],
    )  # fmt: skip
    them.say(tags=["a"])
    them.shop.work()
    assert them.made() == {BULK: 1, ADD: 3}


def test_after_many_failures_each_is_tried_alone(odd_school: Any) -> None:
    them = odd_school(2, settings={"attempts": 5})
    them.crm.fault("error", status=500, operations=[BULK])
    them.say(tags=["a"])
    for _ in range(6):
        them.shop.work()
        them.shop.clock.tick(900)
    assert them.made() == {BULK: 3, ADD: 2}
    assert all(them.has(n) == ["a"] for n in range(2))


# ---------------------------------------------------------------- who does not go along


def test_nobody_goes_along_whose_contact_has_another_job_before(school: Any) -> None:
    them = school(3)
    them.shop.put(Wish(Kind.PUSH, HERE, them.ids[1]))  # older than its tags'
    them.say(tags=["a"])
    first = next(t for t in them.shop.release() if t.contact == them.ids[0])
    assert them.shop.run(first) == "done"
    assert [them.has(n) for n in range(3)] == [["a"], [], ["a"]]


def test_nobody_goes_along_while_the_location_is_paused(school: Any) -> None:
    them = school(3)
    them.say(tags=["a"])
    first, *_ = them.shop.release()
    with them.shop.store.write() as tx:
        accounts.pause(tx, HERE, them.shop.clock() + 60, "a person said so")
    them.shop.run(first)
    assert [them.job(n).state for n in range(3)] == ["done", "released", "released"]


def test_nobody_goes_along_in_read_only_mode(school: Any, open_shop: Any) -> None:
    them = school(3)
    them.say(tags=["a"])
    first, *_ = them.shop.release()
    them.shop.using(settings=them.shop.bench.settings.model_copy(update={"read_only": True})).run(
        first
    )
    assert them.made() == {}
    assert {them.job(n).state for n in range(3)} == {"waiting", "released"}


def test_parked_and_cancelled_ones_rest(school: Any) -> None:
    them = school(4)
    them.say(tags=["a"])
    ledger.cancel(them.shop.store, ids=[them.job(3).id])
    ticket = next(t for t in them.shop.release() if t.contact == them.ids[2])
    job = ledger.claim(them.shop.store, ticket, worker="w", lease_s=60)
    assert job is not None
    with them.shop.store.write() as tx:
        ledger.park(tx, job, now=them.shop.clock(), code="x", reason="y")
    ledger.reclaim(them.shop.store, unstarted=True)
    them.shop.work()
    assert [them.has(n) for n in range(4)] == [["a"], ["a"], [], []]


def test_one_that_is_forgotten_while_it_goes_along_leaves_no_trace(school: Any) -> None:
    them = school(3)
    forgotten.use_key(them.shop.store, lambda: b"a key of thirty-two bytes, or so")
    them.say(tags=["a"])
    first = them.shop.release()[0]

    def and_meanwhile(job: Any, bench: Any, trail: Any) -> Any:
        effect = tags.contact(job, bench, trail)
        with bench.store.write() as tx:
            assert forgetting.erase(tx, them.ids[1], now=bench.clock())
        return effect

    assert them.shop.run(first, and_meanwhile) == "done"
    assert not [row for row in them.shop.rows() if row.contact == them.ids[1]]
    with them.shop.store.read() as tx:
        assert story.of(tx, them.ids[1], now=0.0) is None


def test_a_worker_that_dies_with_them_gives_all_back(school: Any) -> None:
    them = school(3)
    them.say(tags=["a"])
    ticket = them.shop.release()[0]

    class Killed(BaseException):
        pass

    def dies(job: Any, bench: Any, trail: Any) -> Any:
        tags.contact(job, bench, trail)
        raise Killed

    with pytest.raises(Killed):
        them.shop.run(ticket, dies)
    them.shop.clock.tick(61)
    ledger.reclaim(them.shop.store)
    assert all(them.job(n).doubtful for n in range(3))
    them.shop.work()
    assert {them.job(n).state for n in range(3)} == {"done"}


def test_a_defect_in_what_is_kept_burns_one_attempt_of_each(
    school: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    them = school(3)
    them.say(tags=["a"])
    first = them.shop.release()[0]

    def breaks(*_: Any, **__: Any) -> None:
        raise ValueError("ada@example.org")

    with monkeypatch.context() as patched:
        patched.setattr("contacts.store.tag_changes.settle", breaks)
        assert "a defect in Rollbook: ValueError" in them.shop.run(first)
    assert {(them.job(n).attempts, them.job(n).code) for n in range(3)} == {(1, "defect")}
    them.shop.clock.tick(60)
    them.shop.work()
    assert all(not them.owed(n) for n in range(3))


# ---------------------------------------------------------------- what people are shown


def test_the_call_is_counted_once_and_told_of_each(school: Any) -> None:
    them = school(3)
    them.say(tags=["a"])
    them.shop.work()

    tally = audit.by_operation(them.shop.store)
    assert [one.calls for one in tally if one.operation == "contacts.bulk.tags"] == [1]
    for n in range(3):
        with them.shop.store.read() as tx:
            told = story.of(tx, them.ids[n], now=0.0)
        assert told is not None
        sent = [one for one in told.entries if one.what == "sent"][-1]
        (call,) = told.calls[sent.job]
        assert (call.operation, call.status, call.contacts) == ("contacts.bulk.tags", 201, 3)
        wanted = audit.Wanted(contact=them.ids[n], operation="contacts.bulk.tags")
        (access,) = audit.accesses(them.shop.store, wanted, 10)
        assert access.contacts == 3


def test_what_calls_were_shared_is_forgotten_with_them(school: Any) -> None:
    them = school(3)
    them.say(tags=["a"])
    them.shop.work()
    them.shop.clock.tick(100)
    assert audit.prune(them.shop.store, older_than_s=50)
    with them.shop.store.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM shared_calls").scalar_one() == 0
