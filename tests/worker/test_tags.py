"""Tags travel as deltas, in lower case, one call a job; but a new contact is born with its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from contacts.jobs import Kind, Wish
from contacts.store import cards, timeline
from contacts.store.tables import tags as table
from worker import push, tags

ADD, REMOVE = "POST /contacts/{id}/tags", "DELETE /contacts/{id}/tags"
ADA = "ada@example.org"


def test_a_contact_that_is_made_is_born_with_its_tags(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA, tags=["course: bread", "2026"])

    assert live_shop.work() == ["done"]

    (theirs,) = crm.contacts("loc1")
    assert sorted(theirs["tags"]) == ["2026", "course: bread"]
    assert [row.state for row in live_shop.rows()] == ["done", "done"]  # also that of the tags
    assert crm.report()["by_operation"] == {"POST /contacts/": 1}
    with live_shop.store.read() as tx:
        told = [one.changes for one in timeline.of(tx, ada) if one.what == timeline.What.SENT]
    assert {"tag:2026": [False, True], "tag:course: bread": [False, True]} in told


def test_a_contact_whose_create_is_lost_has_its_tags_once(live_shop: Any, crm: Any) -> None:
    crm.fault("drop", when="after", times=1, operations=["POST /contacts/"])
    ada = live_shop.person(ADA, tags=["a", "b"])
    live_shop.work()
    live_shop.person(ADA, gone=["b"])
    live_shop.clock.tick(60)

    live_shop.work()

    (theirs,) = crm.contacts("loc1")
    assert theirs["tags"] == ["a"]
    with live_shop.store.read() as tx:
        card = cards.load_tags(tx, ada)
    assert not card.owed_add | card.owed_remove


def test_tags_that_change_while_the_contact_is_made_are_told_afterwards(
    live_shop: Any, crm: Any
) -> None:
    live_shop.person(ADA, tags=["a", "b"])
    (ticket,) = live_shop.release()

    def and_meanwhile(job: Any, bench: Any, trail: Any) -> Any:
        effect = push.contact(job, bench, trail)
        live_shop.person(ADA, gone=["a"], tags=["c"])
        return effect

    assert live_shop.run(ticket, and_meanwhile) == "done"
    live_shop.work()
    (theirs,) = crm.contacts("loc1")
    assert sorted(theirs["tags"]) == ["b", "c"]


def test_tags_are_added_to_those_that_are_there(live_shop: Any, crm: Any) -> None:
    crm.seed("loc1", {"values": {"email": ADA}, "tags": ["vip"]})
    live_shop.person(ADA, tags=["course: bread", "2026"])
    assert live_shop.work() == ["done", "done"]
    (theirs,) = crm.contacts("loc1")
    assert sorted(theirs["tags"]) == ["2026", "course: bread", "vip"]


def test_what_is_to_be_removed_then_is_another_job_of_the_same_run_and_lane(
    live_shop: Any, crm: Any
) -> None:
    live_shop.person(ADA, tags=["old", "older"])
    live_shop.work()
    live_shop.person(ADA, tags=["new"], gone=["old", "older"])

    (ticket,) = live_shop.release()
    assert live_shop.run(ticket) == "done"
    (theirs,) = crm.contacts("loc1")
    assert sorted(theirs["tags"]) == ["new", "old", "older"]
    assert live_shop.work() == ["done"]
    (theirs,) = crm.contacts("loc1")
    assert theirs["tags"] == ["new"]
    assert crm.report()["by_operation"][ADD] == 1
    assert crm.report()["by_operation"][REMOVE] == 1


def test_tags_that_are_agreed_cost_no_call(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA, tags=["a"])
    live_shop.work()
    before = crm.report()["arrivals"]
    live_shop.put(Wish(Kind.TAG, "loc1", ada))
    assert live_shop.work() == ["done"]
    assert crm.report()["arrivals"] == before


def test_a_tag_that_changed_its_mind_while_it_was_sent_is_told_afterwards(
    live_shop: Any, crm: Any
) -> None:
    live_shop.person(ADA)
    live_shop.work()
    live_shop.person(ADA, tags=["a"])
    (ticket,) = live_shop.release()

    def and_meanwhile(job: Any, bench: Any, trail: Any) -> Any:
        effect = tags.contact(job, bench, trail)
        live_shop.person(ADA, gone=["a"])
        return effect

    assert live_shop.run(ticket, and_meanwhile) == "done"
    assert live_shop.work() == ["done"]
    (theirs,) = crm.contacts("loc1")
    assert theirs["tags"] == []


def test_a_lost_answer_needs_no_look(live_shop: Any, crm: Any) -> None:
    live_shop.person(ADA)
    live_shop.work()
    crm.fault("drop", when="after", times=1, operations=[ADD])
    live_shop.person(ADA, tags=["a"])
    live_shop.work()
    live_shop.clock.tick(60)
    assert live_shop.work() == ["done"]
    assert crm.report()["by_operation"] == {"POST /contacts/": 1, ADD: 2}
    (theirs,) = crm.contacts("loc1")
    assert theirs["tags"] == ["a"]


def test_a_tag_that_does_not_come_back_is_not_agreed(live_shop: Any, crm: Any) -> None:
    live_shop.person(ADA, tags=["VIP", "fine"])  # a spelling that no source of ours would give
    assert live_shop.work()[-1] == ("Parked: tags-dropped: the CRM did not take 1 of the tags sent")
    ada = live_shop.person(ADA)
    with live_shop.store.read() as tx:
        assert cards.load_tags(tx, ada).owed_add == {"VIP"}


def test_what_people_tagged_meanwhile_is_taken_in_by_the_answer(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA, tags=["a"])
    live_shop.work()
    (theirs,) = crm.contacts("loc1")
    crm.seed("loc1", {"id": theirs["id"], "tags": ["vip"]})  # and took a off

    live_shop.person(ADA, tags=["b"])
    live_shop.work()

    query = select(table.c.tag).where(table.c.contact == ada, table.c.wanted.is_(True))
    with live_shop.store.read() as tx:
        assert set(tx.execute(query).scalars()) == {"b", "vip"}
    (theirs,) = crm.contacts("loc1")
    assert sorted(theirs["tags"]) == ["b", "vip"]


def test_a_tag_that_the_platform_took_back_while_its_answer_was_lost_is_taken_off(
    live_shop: Any, crm: Any
) -> None:
    live_shop.person(ADA, tags=["a"], gone=["b"])
    live_shop.work()
    crm.fault("drop", when="after", times=1, operations=[ADD])
    live_shop.person(ADA, tags=["b"])
    live_shop.work()

    live_shop.person(ADA, gone=["b"])
    live_shop.clock.tick(60)
    assert set(live_shop.work()) <= {"done"}

    (theirs,) = crm.contacts("loc1")
    assert theirs["tags"] == ["a"]
