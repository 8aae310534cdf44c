"""Pushing one contact: a real CRM's stand-in at the other end, over HTTP."""

from __future__ import annotations

from typing import Any

import structlog

from contacts.jobs import Kind, Wish
from contacts.store import cards, ledger, ledger_view, roster_view
from contacts.store.accounts import CustomField, save_fields

CREATE, PUT = "POST /contacts/", "PUT /contacts/{id}"
ADA = "ada@example.org"


def card(shop: Any, contact: int) -> cards.Card:
    with shop.store.read() as tx:
        return cards.load(tx, contact)


def know_level(shop: Any) -> None:
    with shop.store.write() as tx:
        save_fields(
            tx, "loc1", [CustomField("cfLevel0000000000001", "level", "Level", "TEXT")], now=1.0
        )


def test_a_new_contact_is_created_by_one_call(live_shop: Any, crm: Any) -> None:
    know_level(live_shop)
    ada = live_shop.person(
        ADA, "+12025550100", first_name="Ada", city="London", **{"custom.level": "advanced"}
    )
    assert live_shop.work() == ["done"]
    (theirs,) = crm.contacts("loc1")
    assert (theirs["email"], theirs["phone"], theirs["firstName"]) == (ADA, "+12025550100", "Ada")
    assert theirs["customFields"] == [{"id": "cfLevel0000000000001", "value": "advanced"}]
    assert crm.report()["by_operation"] == {CREATE: 1}
    assert (card(live_shop, ada).remote_id, card(live_shop, ada).refused) == (theirs["id"], {})


def test_a_contact_that_is_agreed_costs_no_call(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA, first_name="Ada")
    live_shop.work()
    live_shop.put(Wish(Kind.PUSH, "loc1", ada))
    assert live_shop.work() == ["done"]
    assert crm.report()["arrivals"] == 1


def test_a_change_sends_only_what_moved(live_shop: Any, crm: Any) -> None:
    live_shop.person(ADA, first_name="Ada", city="London")
    live_shop.work()
    (theirs,) = crm.contacts("loc1")
    crm.seed("loc1", {"id": theirs["id"], "values": {"city": "Paris"}})
    live_shop.person(ADA, first_name="Augusta")
    live_shop.work()
    (theirs,) = crm.contacts("loc1")
    assert (theirs["firstName"], theirs["city"]) == ("Augusta", "Paris")
    assert crm.report()["by_operation"] == {CREATE: 1, PUT: 1}


def test_somebody_who_is_in_the_crm_already_is_found_not_doubled(live_shop: Any, crm: Any) -> None:
    (id,) = crm.seed("loc1", {"values": {"email": ADA, "firstName": "ada"}, "tags": ["vip"]})
    ada = live_shop.person(ADA, first_name="Ada")
    live_shop.work()
    (theirs,) = crm.contacts("loc1")
    assert (theirs["id"], theirs["firstName"], theirs["tags"]) == (id, "Ada", ["vip"])
    assert card(live_shop, ada).remote_id == id


def test_a_lost_answer_leads_to_no_second_contact(live_shop: Any, crm: Any) -> None:
    crm.fault("drop", when="after", times=1)
    live_shop.person(ADA)
    assert "did not" in live_shop.once() or live_shop.row().code == "no-answer"
    live_shop.clock.tick(60)
    assert live_shop.work() == ["done"]
    assert (crm.report()["contacts"], crm.report()["duplicate_contacts"]) == (1, 0)


def test_a_field_that_the_crm_drops_is_recorded_by_name_and_not_called_agreed(
    live_shop: Any, crm: Any
) -> None:
    ada = live_shop.person(ADA, **{"custom.shoe_size": "38"})
    with structlog.testing.capture_logs() as said:
        live_shop.work()
    (found,) = roster_view.dropped(live_shop.store, "loc1")
    assert (found.contact, found.fields) == (ada, ("custom.shoe_size",))
    assert "custom.shoe_size" not in card(live_shop, ada).agreed
    assert [(line["event"], line["fields"]) for line in said] == [
        ("the CRM dropped fields", ("custom.shoe_size",))
    ]


def test_a_dropped_field_is_not_sent_for_ever_but_a_new_value_is(live_shop: Any, crm: Any) -> None:
    live_shop.person(ADA, **{"custom.shoe_size": "38"})
    live_shop.work()
    live_shop.person(ADA, **{"custom.shoe_size": "38"})
    live_shop.work()
    assert crm.report()["arrivals"] == 1
    live_shop.person(ADA, **{"custom.shoe_size": "39"})
    live_shop.work()
    assert crm.report()["arrivals"] == 2


def test_a_field_that_was_made_in_the_crm_meanwhile_is_sent_when_a_person_says_so(
    live_shop: Any, crm: Any
) -> None:
    ada = live_shop.person(ADA, **{"custom.shoe_size": "38"})
    live_shop.work()
    crm.settings(
        locations=[{"id": "loc1", "custom_fields": [{"id": "cfShoe", "key": "shoe_size"}]}]
    )
    with live_shop.store.write() as tx:
        cards.owe_again(tx, ada, field="custom.shoe_size")
    live_shop.put(Wish(Kind.PUSH, "loc1", ada))
    assert live_shop.work() == ["done"]
    (theirs,) = crm.contacts("loc1")
    assert theirs["customFields"] == [{"id": "cfShoe", "value": "38"}]
    assert roster_view.dropped(live_shop.store) == []


def test_a_phone_of_somebody_else_in_the_crm_is_named_as_dropped(live_shop: Any, crm: Any) -> None:
    crm.seed("loc1", {"values": {"email": "bob@example.org", "phone": "+12025550100"}})
    (id,) = crm.seed("loc1", {"values": {"email": ADA}})
    ada = live_shop.person(ADA, "+12025550100")
    live_shop.work()
    assert card(live_shop, ada).remote_id == id
    (found,) = roster_view.dropped(live_shop.store, "loc1")
    assert (found.contact, found.fields) == (ada, ("phone",))


def test_two_of_ours_that_are_one_person_there_are_parked_by_our_id(
    live_shop: Any, crm: Any
) -> None:
    crm.seed("loc1", {"values": {"email": ADA, "phone": "+12025550100"}})
    by_email = live_shop.person(ADA)
    live_shop.person(phone="+12025550100")
    live_shop.work()
    (parked,) = ledger_view.parked(live_shop.store)
    assert (parked.code, f"our contact {by_email}:" in parked.reason) == ("link-taken", True)


def test_a_phone_of_another_contact_is_left_out_of_an_update_and_named_as_dropped(
    live_shop: Any, crm: Any
) -> None:
    ada = live_shop.person(ADA, "+12025550100", first_name="Ada")
    live_shop.work()
    crm.seed("loc1", {"values": {"email": "bob@example.org", "phone": "+12025550199"}})

    live_shop.person(ADA, "+12025550199", city="Bonn")

    assert live_shop.work() == ["done"]
    theirs = next(one for one in crm.contacts("loc1") if one["email"] == ADA)
    assert (theirs["phone"], theirs["city"]) == ("+12025550100", "Bonn")
    (found,) = roster_view.dropped(live_shop.store, "loc1")
    assert (found.contact, found.fields) == (ada, ("phone",))
    live_shop.put(Wish(Kind.PUSH, "loc1", ada))
    assert live_shop.work() == ["done"]
    assert crm.report()["by_operation"][PUT] == 2  # refused once, and not asked again


def test_an_email_of_another_contact_is_parked_alone_without_naming_anybody(
    live_shop: Any, crm: Any
) -> None:
    live_shop.person(phone="+12025550100", first_name="Ada")
    live_shop.work()
    (bob,) = crm.seed("loc1", {"values": {"email": ADA, "firstName": "Bob"}})

    live_shop.person(ADA, "+12025550100", city="Bonn")

    assert live_shop.work() == [
        "done",
        f"Parked: duplicate: the CRM has another contact with this email ({bob}), and allows no "
        "duplicates",
    ]
    theirs = next(one for one in crm.contacts("loc1") if one["id"] != bob)
    assert (theirs.get("email"), theirs["city"]) == (None, "Bonn")


def test_tags_and_notes_that_waited_for_the_link_go_on_after_the_push(
    live_shop: Any, crm: Any
) -> None:
    crm.fault("error", status=400, times=1)
    live_shop.person(ADA, tags=["course: bread"], notes=["Enrolled"])
    shown = live_shop.work()
    assert shown[0].startswith("Parked: crm-refused")
    assert [one.partition(": ")[2].partition(":")[0] for one in shown[1:]] == ["not-linked"] * 2
    with live_shop.store.write() as tx:
        ledger.unpark(tx, code="crm-refused", now=live_shop.clock())
    assert live_shop.work() == ["done"] * 3
    (theirs,) = crm.contacts("loc1")
    assert (theirs["tags"], [note["body"] for note in theirs["notes"]]) == (
        ["course: bread"], ["Enrolled"],
    )  # fmt: skip


def test_a_contact_that_left_the_roster_is_parked(live_shop: Any) -> None:
    live_shop.put(Wish(Kind.PUSH, "loc1", 4711))
    (shown,) = live_shop.work()
    assert shown.startswith("Parked: contact-unknown")
