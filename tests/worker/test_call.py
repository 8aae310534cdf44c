"""A call by name: made once, whatever is lost on the way, and not twice where twice is more."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from contacts.catalogue import BY_NAME, checking
from contacts.catalogue.checking import Request
from contacts.jobs import Lane
from contacts.store import asked, cards, ledger
from contacts.store.tables import asked as asked_rows
from contacts.store.tables import tags

HERE = "loc1"
ADA = {"email": "ada@example.org", "firstName": "Ada"}
LOST = [
    {"kind": "drop", "when": "after"},
    {"kind": "error", "when": "after", "status": 500},
    {"kind": "html", "when": "after", "status": 200},
]
LOST_IDS = ["no answer", "500", "a page that says yes"]


def ask(shop: Any, name: str, **given: Any) -> int:
    """Ask for a call; returns its number."""
    made, mistakes = checking.request(
        BY_NAME[name], given, location=HERE, version=shop.bench.settings.crm_version
    )
    assert mistakes == []
    with shop.store.write() as tx:
        (id,) = asked.put(
            tx,
            HERE,
            name,
            asked.seal(shop.bench.cipher, [(None, made)]),
            lane=Lane.LIVE,
            now=shop.clock(),
        )
    return int(id)


def outcome(shop: Any, id: int) -> Any:
    return asked.outcome(shop.store, id, shop.bench.cipher)


def done(shop: Any, name: str, **given: Any) -> dict[str, Any]:
    """Ask, work, and take the answer."""
    id = ask(shop, name, **given)
    shop.work()
    found = outcome(shop, id)
    assert found.state == "done", found
    return dict(found.answer)


@pytest.fixture
def crm(simulator: Any, clock: Any) -> Any:
    """The stand-in on our clock: what is older than the question was not made by it."""
    return simulator(clock=clock)


@pytest.fixture
def ada(live_shop: Any) -> str:
    """Ada's id in the CRM."""
    return str(done(live_shop, "contact.create", **ADA)["contact"]["id"])


def calls(shop: Any, name: str) -> int:
    return sum(operation == name for operation, _ in shop.calls())


def test_the_whole_answer_is_kept(live_shop: Any, ada: str) -> None:
    found = done(live_shop, "contact.get", contactId=ada)

    assert found["contact"]["email"] == ADA["email"]


def test_neither_what_was_sent_nor_what_was_answered_can_be_read_in_the_database(
    live_shop: Any, ada: str
) -> None:
    with live_shop.store.read() as tx:
        rows = tx.execute(select(asked_rows)).all()

    sealed = b"".join(bytes(row.request) + bytes(row.answer) for row in rows)
    assert rows
    assert b"ada" not in sealed.lower()


def test_a_contact_that_a_call_changed_is_pulled_so_that_ours_learns_it(
    live_shop: Any, crm: Any
) -> None:
    live_shop.person(ADA["email"], first_name="Ada")
    live_shop.work()
    (theirs,) = crm.contacts(HERE)

    done(live_shop, "contact.update", contactId=theirs["id"], city="Turin")

    assert [row.kind for row in live_shop.rows()][-2:] == ["crm.call", "contact.pull"]
    assert live_shop.calls()[-2:] == [("contact.update", 200), ("contact.get", 200)]


def test_a_read_pulls_nobody(live_shop: Any, ada: str) -> None:
    before = len(live_shop.rows())

    done(live_shop, "contact.notes", contactId=ada)

    assert len(live_shop.rows()) == before + 1


@pytest.mark.parametrize("fault", LOST, ids=LOST_IDS)
def test_a_note_whose_answer_was_lost_is_found_and_not_written_twice(
    live_shop: Any, crm: Any, ada: str, fault: dict[str, Any]
) -> None:
    crm.fault(times=1, operations=["POST /contacts/{id}/notes"], **fault)
    id = ask(live_shop, "contact.note.create", contactId=ada, body="Paid by card")
    live_shop.work()
    live_shop.clock.tick(60)
    live_shop.work()

    assert outcome(live_shop, id).answer["note"]["body"] == "Paid by card"
    (theirs,) = crm.contacts(HERE)
    assert len(theirs["notes"]) == 1


def test_a_note_like_it_of_long_before_is_not_taken_for_it(
    live_shop: Any, crm: Any, ada: str
) -> None:
    done(live_shop, "contact.note.create", contactId=ada, body="No answer")
    live_shop.clock.tick(7200)
    crm.fault("drop", when="before", times=1, operations=["POST /contacts/{id}/notes"])
    id = ask(live_shop, "contact.note.create", contactId=ada, body="No answer")
    live_shop.work()
    live_shop.clock.tick(60)
    live_shop.work()

    assert outcome(live_shop, id).state == "done"
    assert len(crm.contacts(HERE)[0]["notes"]) == 2


def test_a_422_for_what_was_done_all_the_same_is_looked_at(
    live_shop: Any, crm: Any, ada: str
) -> None:
    write = ["POST /contacts/{id}/notes"]
    crm.fault("error", when="after", status=422, times=1, operations=write)

    assert done(live_shop, "contact.note.create", contactId=ada, body="Paid")["note"]["id"]

    live_shop.clock.tick(600)
    crm.fault("error", when="before", status=422, times=1, operations=write)
    id = ask(live_shop, "contact.note.create", contactId=ada, body="Paid")
    live_shop.work()
    assert outcome(live_shop, id).code == "crm-refused"  # the one that is there is an older one


def test_a_task_that_was_not_written_is_looked_for_and_written(
    live_shop: Any, crm: Any, ada: str
) -> None:
    crm.fault("drop", when="before", times=1, operations=["POST /contacts/{id}/tasks"])
    task = {"title": "Call", "dueDate": "2027-01-15T10:00:00.000Z", "completed": False}
    id = ask(live_shop, "contact.task.create", contactId=ada, **task)
    live_shop.work()
    live_shop.clock.tick(60)
    live_shop.work()

    assert outcome(live_shop, id).answer["task"]["title"] == "Call"
    assert calls(live_shop, "contact.tasks") == 1


@pytest.mark.parametrize("fault", LOST, ids=LOST_IDS)
def test_a_task_whose_answer_was_lost_is_found_however_its_time_is_spelled(
    live_shop: Any, crm: Any, ada: str, fault: dict[str, Any]
) -> None:
    crm.fault(times=1, operations=["POST /contacts/{id}/tasks"], **fault)
    task = {"title": "Call", "dueDate": "2027-01-15T11:00:00+01:00", "completed": False}
    id = ask(live_shop, "contact.task.create", contactId=ada, **task)
    live_shop.work()
    live_shop.clock.tick(60)
    live_shop.work()

    assert outcome(live_shop, id).state == "done"
    assert len(done(live_shop, "contact.tasks", contactId=ada)["tasks"]) == 1


def test_a_contact_whose_answer_was_lost_is_found_by_its_email(live_shop: Any, crm: Any) -> None:
    shop = live_shop
    crm.fault("drop", when="after", times=1, operations=["POST /contacts/"])
    id = ask(shop, "contact.create", **ADA)
    shop.work()
    shop.clock.tick(60)
    shop.work()

    (theirs,) = crm.contacts(HERE)
    assert outcome(shop, id).answer["contact"]["id"] == theirs["id"]
    assert calls(shop, "contact.create") == 1


@pytest.mark.parametrize("fault", LOST, ids=LOST_IDS)
def test_a_workflow_whose_answer_was_lost_is_parked_as_perhaps_done(
    live_shop: Any, crm: Any, ada: str, fault: dict[str, Any]
) -> None:
    crm.fault(times=1, operations=["POST /contacts/{id}/workflow/{thing}"], **fault)
    id = ask(live_shop, "contact.workflow.add", contactId=ada, workflowId="wf1")
    live_shop.work()

    found = outcome(live_shop, id)
    assert (found.state, found.code) == ("parked", "perhaps-done")
    assert calls(live_shop, "contact.workflow.add") == 1


def test_a_person_who_has_looked_and_retries_it_has_it_made(
    live_shop: Any, crm: Any, ada: str
) -> None:
    crm.fault("drop", when="before", times=1, operations=["POST /contacts/{id}/workflow/{thing}"])
    id = ask(live_shop, "contact.workflow.add", contactId=ada, workflowId="wf1")
    live_shop.work()
    with live_shop.store.write() as tx:
        ledger.unpark(tx, now=live_shop.clock(), code="perhaps-done")
    live_shop.work()

    assert outcome(live_shop, id).state == "done"


def test_a_worker_that_died_over_a_workflow_leaves_it_parked(
    live_shop: Any, crm: Any, ada: str
) -> None:
    id = ask(live_shop, "contact.workflow.add", contactId=ada, workflowId="wf1")
    (ticket,) = live_shop.release()
    ledger.claim(live_shop.store, ticket, worker="w", lease_s=1)
    live_shop.clock.tick(5)
    ledger.reclaim(live_shop.store)
    live_shop.work()

    assert outcome(live_shop, id).code == "perhaps-done"
    assert calls(live_shop, "contact.workflow.add") == 0


def test_a_delete_whose_answer_was_lost_is_done_when_it_is_gone(
    live_shop: Any, crm: Any, ada: str
) -> None:
    crm.fault("drop", when="after", times=1, operations=["DELETE /contacts/{id}"])
    id = ask(live_shop, "contact.delete", contactId=ada)
    live_shop.work()
    live_shop.clock.tick(60)
    live_shop.work()

    assert outcome(live_shop, id).answer == {"gone": True}


def test_a_scope_that_only_this_call_lacks_does_not_stop_the_location(
    sqlite_store: Any, open_shop: Any, simulator: Any
) -> None:
    token = {"token": "pit-secret", "location": HERE, "scopes": ["contacts.readonly"]}
    shop = open_shop(sqlite_store, simulator(tokens=[token]))
    id = ask(shop, "location.tags")
    shop.work()

    found = outcome(shop, id)
    assert (found.state, found.code) == ("parked", "scope")
    assert "locations/tags.readonly" in found.reason
    assert done(shop, "contacts.search", pageLimit=10)["contacts"] == []


def test_a_call_that_wants_an_apps_token_does_not_stop_the_location(
    sqlite_store: Any, open_shop: Any, simulator: Any
) -> None:
    shop = open_shop(sqlite_store, simulator(), crm_version="v3")
    id = ask(shop, "contacts.lookup", email="ada@example.org")
    shop.work()

    assert outcome(shop, id).state == "parked"
    assert done(shop, "contacts.search", pageLimit=10)["contacts"] == []


def test_a_call_of_an_agency_that_has_not_installed_is_parked(live_shop: Any) -> None:
    id = ask(live_shop, "oauth.installed_locations", companyId="nobody", appId="app1")
    live_shop.work()

    assert outcome(live_shop, id).code == "no-agency"
    assert live_shop.calls() == []


def test_a_contact_that_is_deleted_by_a_call_is_marked_here(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA["email"])
    live_shop.work()
    (theirs,) = crm.contacts(HERE)

    done(live_shop, "contact.delete", contactId=theirs["id"])

    with live_shop.store.read() as tx:
        assert cards.load(tx, ada).gone


def test_a_tag_that_a_call_gives_is_a_tag_of_ours(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA["email"])
    live_shop.work()
    (theirs,) = crm.contacts(HERE)

    done(live_shop, "contact.tags.add", contactId=theirs["id"], tags="honours")

    with live_shop.store.read() as tx:
        assert "honours" in tx.execute(select(tags.c.tag).where(tags.c.contact == ada)).scalars()


def test_an_unknown_contact_is_a_refusal_and_not_looked_for(live_shop: Any) -> None:
    id = ask(live_shop, "contact.get", contactId="nobody0000000000000x")

    live_shop.work()

    assert outcome(live_shop, id).code == "crm-refused"


def test_a_parked_call_is_forgotten_with_its_job(live_shop: Any) -> None:
    id = ask(live_shop, "contact.get", contactId="nobody0000000000000x")
    live_shop.work()
    assert outcome(live_shop, id).reason.startswith("contact.get: ")

    live_shop.clock.tick(10)
    asked.prune(live_shop.store, older_than_s=5)

    assert live_shop.rows() == []


def test_what_was_forgotten_meanwhile_is_not_sent(live_shop: Any) -> None:
    id = ask(live_shop, "contacts.search", pageLimit=1)
    live_shop.clock.tick(10)
    assert asked.prune(live_shop.store, older_than_s=5) == 1
    live_shop.work()

    assert live_shop.rows()[-1].code == "call-unknown"
    assert outcome(live_shop, id) is None
    assert live_shop.calls() == []


def test_an_upsert_that_may_make_a_double_is_not_safe_to_repeat() -> None:
    from worker.call import how

    twice = Request(body={"email": "a@example.org", "createNewIfDuplicateAllowed": True})

    assert how(BY_NAME["contact.upsert"], twice).name == "ASK"
    assert how(BY_NAME["contact.upsert"], Request(body={"email": "a"})).name == "SAFE"
