"""A contact that is gone in the CRM, found by whichever job writes to it next: no webhook told."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from contacts import events
from contacts.contact import Person
from contacts.jobs import Kind, Lane, Wish
from contacts.store import cards, history, inbox, ledger_view, roster
from contacts.store.tables import jobs, webhooks

ADA, BOB, HERE = "ada@example.org", "bob@example.org", "loc1"
WRITES = (Kind.PUSH, Kind.TAG, Kind.NOTE)


@pytest.fixture
def crm(simulator: Any, clock: Any) -> Any:
    """A stand-in with the worker's clock: which edit is the later one matters here."""
    return simulator(clock=clock)


def linked(shop: Any, email: str = ADA, **more: Any) -> tuple[int, str]:
    """A contact of ours that is in the CRM: (our id, its id there)."""
    ours = shop.person(email, **more)
    assert set(shop.work()) <= {"done"}
    return ours, str(card(shop, ours).remote_id)


def card(shop: Any, ours: int) -> cards.Card:
    with shop.store.read() as tx:
        return cards.load(tx, ours)


def owe(shop: Any, kind: Kind, email: str = ADA) -> None:
    """The platform says something that leads to a job of that kind."""
    shop.clock.tick(60)
    said: dict[Kind, dict[str, Any]] = {
        Kind.PUSH: {"city": "Bonn"},
        Kind.TAG: {"tags": ["course: bread"]},
        Kind.NOTE: {"notes": ["Enrolled"]},
    }
    shop.person(email, **said[kind])


def has(theirs: dict[str, Any], kind: Kind) -> bool:
    return {
        Kind.PUSH: theirs.get("city") == "Bonn",
        Kind.TAG: "course: bread" in theirs["tags"],
        Kind.NOTE: [note["body"] for note in theirs["notes"]] == ["Enrolled"],
    }[kind]


def outcomes(shop: Any) -> list[str]:
    query = select(webhooks.c.outcome).order_by(webhooks.c.id)
    with shop.store.read() as tx:
        return list(tx.execute(query).scalars())


@pytest.mark.parametrize("kind", WRITES)
def test_what_is_owed_to_a_contact_that_was_merged_goes_to_the_one_that_is_left(
    live_shop: Any, crm: Any, kind: Kind
) -> None:
    ours, child = linked(live_shop)
    (master,) = crm.seed(HERE, {"values": {"email": "ada@work.example", "firstName": "Ada"}})
    live_shop.clock.tick(60)
    crm.merge(HERE, master, child)

    owe(live_shop, kind)
    ended = live_shop.work()

    assert ended[0].startswith("Retry: the CRM no longer knows the contact")
    assert set(ended[1:]) == {"done"}
    (theirs,) = crm.contacts(HERE)
    assert (theirs["id"], has(theirs, kind)) == (master, True)
    assert card(live_shop, ours).remote_id == master
    assert outcomes(live_shop) == ["relinked"]
    assert ledger_view.parked(live_shop.store) == []


@pytest.mark.parametrize("kind", WRITES)
def test_a_contact_that_was_deleted_is_marked_and_nothing_waits_for_it(
    live_shop: Any, crm: Any, kind: Kind
) -> None:
    ours, remote = linked(live_shop)
    crm.delete(HERE, [remote])

    owe(live_shop, kind)
    live_shop.work()

    assert card(live_shop, ours).gone
    assert outcomes(live_shop) == ["deleted"]
    assert {row.state for row in live_shop.rows()} == {"done"}
    with live_shop.store.read() as tx:
        assert history.past_remotes(tx, ours) == [(remote, "deleted")]


@pytest.mark.parametrize("kind", WRITES)
def test_where_deleted_contacts_are_kept_it_is_made_anew_with_what_is_owed(
    sqlite_store: Any, open_shop: Any, crm: Any, kind: Kind
) -> None:
    shop = open_shop(sqlite_store, crm, deleted="keep")
    ours, remote = linked(shop)
    crm.delete(HERE, [remote])

    owe(shop, kind)
    shop.work()

    (theirs,) = crm.contacts(HERE)
    assert theirs["id"] != remote
    assert has(theirs, kind)
    assert card(shop, ours).remote_id == theirs["id"]
    assert ledger_view.parked(shop.store) == []


@pytest.mark.parametrize("kind", WRITES)
def test_where_deleted_contacts_are_deleted_here_too_it_goes_with_its_jobs(
    sqlite_store: Any, open_shop: Any, crm: Any, kind: Kind
) -> None:
    shop = open_shop(sqlite_store, crm, deleted="delete")
    ours, remote = linked(shop)
    crm.delete(HERE, [remote])

    owe(shop, kind)
    shop.work()

    assert crm.contacts(HERE) == []
    with shop.store.read() as tx:
        assert roster.owed(tx, [ours]) == []
        left = select(jobs.c.id).where(jobs.c.contact == ours, jobs.c.state != "done")
        assert tx.execute(left).all() == []


def test_several_jobs_of_one_contact_lead_to_one_look(live_shop: Any, crm: Any) -> None:
    ours, child = linked(live_shop)
    (master,) = crm.seed(HERE, {"values": {"email": "ada@work.example"}})
    crm.merge(HERE, master, child)

    live_shop.person(ADA, tags=["a"], notes=["one", "two"], city="Bonn")
    live_shop.work()

    (theirs,) = crm.contacts(HERE)
    assert (theirs["tags"], theirs["city"], len(theirs["notes"])) == (["a"], "Bonn", 2)
    assert outcomes(live_shop) == ["relinked"]
    assert card(live_shop, ours).remote_id == master


def test_a_note_whose_answer_was_lost_is_looked_for_at_the_contact_it_was_merged_into(
    live_shop: Any, crm: Any
) -> None:
    _, child = linked(live_shop)
    owe(live_shop, Kind.NOTE)
    crm.fault("drop", when="after", times=1)
    live_shop.once()
    (master,) = crm.seed(HERE, {"values": {"email": "ada@work.example"}})
    crm.merge(HERE, master, child)

    live_shop.clock.tick(60)
    live_shop.work()

    (theirs,) = crm.contacts(HERE)
    assert [note["body"] for note in theirs["notes"]] == ["Enrolled"]


@pytest.mark.parametrize("kind", WRITES)
def test_a_contact_that_is_gone_on_write_and_there_on_read_is_parked_in_the_end(
    live_shop: Any, crm: Any, kind: Kind
) -> None:
    linked(live_shop)
    operation = {
        Kind.PUSH: "PUT /contacts/{id}",
        Kind.TAG: "POST /contacts/{id}/tags",
        Kind.NOTE: "POST /contacts/{id}/notes",
    }[kind]
    crm.fault("error", status=400, message="Contact not found", operations=[operation])

    owe(live_shop, kind)
    for _ in range(10):
        live_shop.work()
        live_shop.clock.tick(3600)

    (parked,) = ledger_view.parked(live_shop.store)
    assert (parked.kind, parked.code) == (kind, "contact-gone")
    assert "calls it gone when it is written to (3 attempts)" in parked.reason
    assert crm.report()["by_operation"][operation] <= 1 + 3
    assert live_shop.work() == []


def test_reading_notes_of_a_contact_that_is_gone_has_it_looked_at(live_shop: Any, crm: Any) -> None:
    ours, remote = linked(live_shop)
    crm.delete(HERE, [remote])
    body = (
        f'{{"type":"NoteCreate","locationId":"{HERE}","contactId":"{remote}","id":"n1","body":"x"}}'
    )
    with live_shop.store.write() as tx:
        inbox.receive(tx, [events.read(body.encode(), now=1.0)], now=live_shop.clock())

    live_shop.work()

    assert card(live_shop, ours).gone
    assert ledger_view.parked(live_shop.store) == []


def test_a_wish_that_comes_in_while_the_job_is_held_is_one_job_behind_the_look(
    live_shop: Any, crm: Any
) -> None:
    ours, remote = linked(live_shop)
    crm.delete(HERE, [remote])
    owe(live_shop, Kind.PUSH)
    (ticket,) = live_shop.release()
    live_shop.put(Wish(Kind.PUSH, HERE, ours, lane=Lane.LIVE))

    live_shop.run(ticket)

    waiting = [row for row in live_shop.rows() if row.state == "waiting"]
    assert [row.kind for row in waiting] == ["contact.pull", "contact.push"]
    assert {row.lane for row in waiting} == {0}


def test_a_look_that_waits_already_is_one_look(shop: Any) -> None:
    with shop.store.write() as tx:
        roster.upsert(tx, HERE, [Person({"email": ADA})], now=1.0)
        for _ in range(2):
            inbox.look(tx, HERE, ["remote1"], now=1.0)

    with shop.store.read() as tx:
        assert len(tx.execute(select(webhooks.c.id)).all()) == 1
    assert [row.kind for row in shop.rows()] == ["contact.pull"]


def test_somebody_else_with_the_same_phone_is_not_who_was_deleted(live_shop: Any, crm: Any) -> None:
    ours, remote = linked(live_shop, phone="+12025550100")
    crm.delete(HERE, [remote])
    (bob,) = crm.seed(HERE, {"values": {"email": BOB, "phone": "+12025550100"}})

    owe(live_shop, Kind.PUSH)
    live_shop.work()

    assert card(live_shop, ours).gone
    (theirs,) = crm.contacts(HERE)
    assert (theirs["id"], theirs["email"]) == (bob, BOB)


def test_of_a_merge_the_master_keeps_its_email_and_ours_is_known_by_both(
    live_shop: Any, crm: Any
) -> None:
    ours, child = linked(live_shop)
    (master,) = crm.seed(HERE, {"values": {"email": "ada@work.example"}})
    live_shop.clock.tick(60)
    crm.merge(HERE, master, child)

    owe(live_shop, Kind.PUSH)
    live_shop.work()

    (theirs,) = crm.contacts(HERE)
    assert (theirs["email"], theirs["additionalEmails"]) == ("ada@work.example", [ADA])
    assert card(live_shop, ours).fields["email"] == "ada@work.example"
    assert live_shop.person(ADA) == ours
