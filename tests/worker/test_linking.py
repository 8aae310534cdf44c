"""The first call for a contact: made once, found, never overwritten, never somebody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from contacts.contact import Person
from contacts.jobs import Kind, Wish
from contacts.store import cards, history, ledger_view, roster, roster_view

ADA, BOB, WORK, HERE = "ada@example.org", "bob@example.org", "ada@work.example", "loc1"
PHONE, OTHER = "+12025550100", "+12025550199"
CREATE, GET, PUT = "POST /contacts/", "GET /contacts/{id}", "PUT /contacts/{id}"
FIND, PLACE = "GET /contacts/search/duplicate", "GET /locations/{id}"


def card(shop: Any, contact: int) -> cards.Card:
    with shop.store.read() as tx:
        return cards.load(tx, contact)


def call(shop: Any, contact: int, email: str) -> None:
    """A platform with ids of its own calls somebody by another email."""
    with shop.store.write() as tx:
        roster.upsert(tx, HERE, [Person({"email": email}, contact=contact)], now=shop.clock())


def theirs(crm: Any, id: str) -> dict[str, Any]:
    return next(one for one in crm.contacts(HERE) if one["id"] == id)


@pytest.fixture
def crm(simulator: Any, clock: Any) -> Any:
    """A stand-in with the worker's clock: which edit is the later one matters here."""
    return simulator(clock=clock)


@pytest.fixture
def asking(live_shop: Any) -> Any:
    """A worker that knows nothing of the location's setting yet."""
    live_shop.bench.doubles.clear()
    return live_shop


def allow(crm: Any, **more: Any) -> None:
    crm.settings(locations=[{"id": HERE, "allow_duplicates": True, **more}])


# ---------------------------------------------------------------- somebody who is there already


def test_what_a_person_typed_there_is_not_overwritten_unseen(live_shop: Any, crm: Any) -> None:
    (id,) = crm.seed(HERE, {"values": {"email": ADA, "city": "Hamm", "state": "NRW"}})
    ada = live_shop.person(ADA, city="Bonn")

    assert live_shop.work() == ["done", "done"]

    assert (theirs(crm, id)["city"], theirs(crm, id)["state"]) == ("Bonn", "NRW")
    assert card(live_shop, ada).fields["state"] == "NRW"
    with live_shop.store.read() as tx:
        assert [(one.name, one.lost, one.side) for one in history.of(tx, ada)] == [
            ("city", "Hamm", "theirs")
        ]
    assert crm.report()["by_operation"] == {CREATE: 1, GET: 1, PUT: 1}


def test_an_edit_there_that_is_later_than_ours_is_kept(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.clock.tick(60)
    (id,) = crm.seed(HERE, {"values": {"email": ADA, "city": "Hamm"}})

    live_shop.work()

    assert (theirs(crm, id)["city"], card(live_shop, ada).fields["city"]) == ("Hamm", "Hamm")


def test_an_email_beside_the_first_one_is_found_and_the_first_one_stays(  # facts 3.2, 337
    live_shop: Any, crm: Any
) -> None:
    values = {"email": WORK, "additionalEmails": [ADA]}
    (id,) = crm.seed(HERE, {"values": values})
    ada = live_shop.person(ADA, city="Bonn")

    live_shop.work()

    found = theirs(crm, id)
    assert (found["email"], found["additionalEmails"], found["city"]) == (WORK, [ADA], "Bonn")
    assert card(live_shop, ada).fields["email"] == WORK
    assert live_shop.person(ADA) == ada  # a source that goes on with the old one means the same
    assert live_shop.work() == []


def test_it_is_the_same_where_the_answer_does_not_show_further_emails(
    live_shop: Any, crm: Any
) -> None:
    values = {"email": WORK, "additionalEmails": [ADA]}
    (id,) = crm.seed(HERE, {"values": values})
    crm.settings(quirks={"shows_additional": False})
    live_shop.person(ADA, city="Bonn")

    live_shop.work()

    crm.settings(quirks={"shows_additional": True})
    assert (theirs(crm, id)["email"], theirs(crm, id)["additionalEmails"]) == (WORK, [ADA])


def test_a_contact_with_our_phone_and_no_email_is_the_same_person(live_shop: Any, crm: Any) -> None:
    (id,) = crm.seed(HERE, {"values": {"phone": PHONE}})
    ada = live_shop.person(ADA, PHONE)

    live_shop.work()

    assert (card(live_shop, ada).remote_id, theirs(crm, id)["email"]) == (id, ADA)


def test_a_contact_with_our_phone_and_another_email_stays_who_it_is(  # facts 3.2, 37
    live_shop: Any, crm: Any
) -> None:
    (bob,) = crm.seed(HERE, {"values": {"email": BOB, "phone": PHONE, "city": "Hamm"}})
    before = theirs(crm, bob)
    ada = live_shop.person(ADA, PHONE, city="Bonn")

    assert live_shop.work() == ["done"]

    assert theirs(crm, bob) == before
    made = theirs(crm, str(card(live_shop, ada).remote_id))
    assert (made["email"], made.get("phone"), made["city"]) == (ADA, None, "Bonn")
    (dropped,) = roster_view.dropped(live_shop.store, HERE)
    assert (dropped.contact, dropped.fields) == (ada, ("phone",))


@pytest.mark.parametrize("primary", ["email", "phone"])
def test_an_email_and_a_phone_of_two_contacts_change_neither_ones_identity(
    live_shop: Any, crm: Any, primary: str
) -> None:
    crm.settings(locations=[{"id": HERE, "duplicate_primary": primary}])
    (mine,) = crm.seed(HERE, {"values": {"email": ADA, "phone": OTHER}})
    (bobs,) = crm.seed(HERE, {"values": {"email": BOB, "phone": PHONE}})
    ada = live_shop.person(ADA, PHONE, city="Bonn")

    live_shop.work()

    assert card(live_shop, ada).remote_id == mine
    found = {id: (theirs(crm, id)["email"], theirs(crm, id)["phone"]) for id in (mine, bobs)}
    assert found == {mine: (ADA, OTHER), bobs: (BOB, PHONE)}
    assert theirs(crm, mine)["city"] == "Bonn"
    assert ledger_view.parked(live_shop.store) == []


def test_a_contact_that_is_linked_to_somebody_else_is_not_linked_twice(
    live_shop: Any, crm: Any
) -> None:
    (id,) = crm.seed(HERE, {"values": {"email": WORK, "additionalEmails": [ADA]}})
    bob = live_shop.person(WORK)
    live_shop.work()
    ada = live_shop.person(ADA)

    assert live_shop.work()[0].startswith(f"Parked: link-taken: the CRM takes this contact for the "
                                          f"same person as our contact {bob}")  # fmt: skip

    assert (card(live_shop, bob).remote_id, card(live_shop, ada).remote_id) == (id, None)


def test_an_email_that_one_of_ours_is_about_to_give_up_is_waited_for(
    live_shop: Any, crm: Any
) -> None:
    first = live_shop.person(ADA)
    live_shop.work()
    call(live_shop, first, WORK)  # she has another one now, and a new student has hers
    second = live_shop.person(ADA)

    assert f"our contact {first} still has this email" in live_shop.once()
    live_shop.put(Wish(Kind.PUSH, HERE, first))
    for _ in range(2):
        live_shop.work()
        live_shop.clock.tick(60)

    found = {one["id"]: one["email"] for one in crm.contacts(HERE)}
    assert found == {
        card(live_shop, first).remote_id: WORK,
        card(live_shop, second).remote_id: ADA,
    }


def test_a_named_contact_that_is_gone_meanwhile_is_tried_again(live_shop: Any, crm: Any) -> None:
    (id,) = crm.seed(HERE, {"values": {"email": ADA}})
    crm.fault("error", status=400, message="Contact not found", times=1, operations=[GET])
    ada = live_shop.person(ADA)

    assert "gone" in live_shop.once()
    live_shop.clock.tick(60)
    live_shop.work()

    assert card(live_shop, ada).remote_id == id


# ---------------------------------------------------------------- the location's setting


def test_the_setting_is_asked_once_in_an_hour(asking: Any, crm: Any) -> None:
    for n in range(3):
        asking.person(f"student{n}@example.org")
    asking.work()
    assert crm.report()["by_operation"] == {PLACE: 1, CREATE: 3}

    asking.clock.tick(3601)
    asking.person("student4@example.org")
    asking.work()
    assert crm.report()["by_operation"][PLACE] == 2


def test_where_doubles_are_allowed_it_is_looked_for_first(asking: Any, crm: Any) -> None:
    allow(crm)
    (id,) = crm.seed(HERE, {"values": {"email": ADA}})
    ada = asking.person(ADA)
    asking.person(BOB)

    asking.work()

    assert card(asking, ada).remote_id == id
    assert crm.report()["duplicate_contacts"] == 0
    assert crm.report()["by_operation"] == {PLACE: 1, FIND: 2, GET: 1, CREATE: 1}


def test_where_doubles_are_allowed_siblings_share_their_phone(asking: Any, crm: Any) -> None:
    allow(crm)
    (bob,) = crm.seed(HERE, {"values": {"email": BOB, "phone": PHONE}})
    ada = asking.person(ADA, PHONE)

    asking.work()

    made = theirs(crm, str(card(asking, ada).remote_id))
    assert (made["email"], made["phone"], made["id"] == bob) == (ADA, PHONE, False)


def test_where_doubles_are_allowed_a_lost_answer_makes_none(asking: Any, crm: Any) -> None:
    allow(crm)
    crm.fault("drop", when="after", times=1, operations=[CREATE])
    asking.person(ADA)
    asking.work()
    asking.clock.tick(60)

    assert asking.work() == ["done"]
    assert crm.report()["contacts"] == 1


def test_where_doubles_are_allowed_an_email_of_another_contact_is_parked(
    asking: Any, crm: Any
) -> None:
    allow(crm)
    asking.person(phone=PHONE)
    asking.work()
    crm.seed(HERE, {"values": {"email": ADA}})
    asking.person(ADA, PHONE)

    assert asking.work()[-1].startswith("Parked: duplicate")
    assert crm.report()["duplicate_contacts"] == 0


@pytest.mark.parametrize("allowed", [True, False])
def test_where_the_token_may_not_read_the_setting_it_is_looked_for_first(
    asking: Any, crm: Any, allowed: bool
) -> None:
    scopes = ["contacts.readonly", "contacts.write"]
    crm.settings(
        locations=[{"id": HERE, "allow_duplicates": allowed}],
        tokens=[{"token": "pit-secret", "location": HERE, "scopes": scopes}],
    )
    (id,) = crm.seed(HERE, {"values": {"email": ADA}})
    ada = asking.person(ADA)

    assert set(asking.work()) <= {"done"}

    assert (card(asking, ada).remote_id, crm.report()["duplicate_contacts"]) == (id, 0)


def test_a_location_that_cannot_be_asked_now_is_asked_again(asking: Any, crm: Any) -> None:
    crm.fault("error", status=500, times=1, operations=[PLACE])
    ada = asking.person(ADA)
    asking.work()
    asking.clock.tick(60)
    asking.work()

    assert card(asking, ada).remote_id is not None


# ---------------------------------------------------------------- an email that changes


def test_an_email_that_changes_on_either_side_keeps_the_pair(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA, PHONE)
    live_shop.work()
    remote = card(live_shop, ada).remote_id
    crm.seed(HERE, {"id": remote, "values": {"email": WORK}})
    live_shop.person(ADA, PHONE, city="Bonn")
    live_shop.work()
    assert card(live_shop, ada).fields["email"] == WORK

    new = "ada@new.example"
    call(live_shop, ada, new)
    live_shop.put(Wish(Kind.PUSH, HERE, ada))
    live_shop.work()

    (found,) = crm.contacts(HERE)
    assert (found["id"], found["email"]) == (remote, new)


def test_many_first_calls_at_once_ask_the_location_once(
    sqlite_store: Any, open_shop: Any, crm: Any
) -> None:
    shop = open_shop(sqlite_store, crm)
    shop.bench.doubles.clear()
    for n in range(8):
        shop.person(f"student{n}@example.org")
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(shop.run, shop.release()))

    assert set(ended) == {"done"}
    assert crm.report()["by_operation"][PLACE] == 1
