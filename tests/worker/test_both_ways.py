"""A contact on both sides, over real HTTP: rules of a location, blanks, files that say it again."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.contact import Person
from contacts.fields import Owner, Rule, TieBreak
from contacts.jobs import Kind, Wish
from contacts.policy import Policy
from contacts.store import cards, history, policies, roster, roster_view
from contacts.store.accounts import CustomField, save_fields

ADA, HERE = "ada@example.org", "loc1"
CREATE, PUT = "POST /contacts/", "PUT /contacts/{id}"


def card(shop: Any, contact: int) -> cards.Card:
    with shop.store.read() as tx:
        return cards.load(tx, contact)


def rule(shop: Any, **own: Rule) -> None:
    with shop.store.write() as tx:
        policies.keep(tx, HERE, Policy(own), now=shop.clock())


def push(shop: Any, contact: int) -> None:
    shop.put(Wish(Kind.PUSH, HERE, contact))
    assert set(shop.work()) <= {"done"}


def edit(shop: Any, crm: Any, **values: Any) -> None:
    """Somebody changes the only contact in the CRM."""
    (theirs,) = crm.contacts(HERE)
    crm.seed(HERE, {"id": theirs["id"], "values": values})


def look(shop: Any, contact: int) -> None:
    """Read the contact, by writing something else."""
    shop.clock.tick(60)
    shop.person(ADA, website=f"example.org/{shop.clock()}")
    assert set(shop.work()) <= {"done"}


def theirs(crm: Any) -> dict[str, Any]:
    (found,) = crm.contacts(HERE)
    return dict(found)


# ---------------------------------------------------------------- rules of a location


def test_what_the_crm_owns_is_not_sent_to_a_new_contact_either(live_shop: Any, crm: Any) -> None:
    rule(live_shop, city=Rule(Owner.CRM))

    live_shop.person(ADA, city="Bonn", first_name="Ada")
    live_shop.work()

    assert (theirs(crm).get("city"), theirs(crm)["firstName"]) == (None, "Ada")
    live_shop.person(ADA, city="Köln")
    assert live_shop.work() == []


def test_what_the_platform_owns_is_put_right_and_the_edit_is_kept(live_shop: Any, crm: Any) -> None:
    rule(live_shop, city=Rule(Owner.PLATFORM))
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()
    edit(live_shop, crm, city="Köln")

    look(live_shop, ada)

    assert theirs(crm)["city"] == "Bonn"
    with live_shop.store.read() as tx:
        assert [(one.lost, one.cause) for one in history.of(tx, ada)] == [("Köln", "owner")]


# ---------------------------------------------------------------- blanks


def test_a_field_emptied_there_is_emptied_here(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()
    edit(live_shop, crm, city=None)

    look(live_shop, ada)

    assert "city" not in card(live_shop, ada).fields


def empty(shop: Any, contact: int, name: str) -> None:
    """A connector says that the platform's field is blank now."""
    with shop.store.write() as tx:
        roster.upsert(tx, HERE, [Person({"email": ADA, name: ""})], now=shop.clock())
    push(shop, contact)


def test_a_field_emptied_here_is_emptied_there(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA, city="Bonn", state="NRW")
    live_shop.work()

    empty(live_shop, ada, "city")

    assert (theirs(crm).get("city"), theirs(crm)["state"]) == (None, "NRW")
    assert "city" not in card(live_shop, ada).agreed
    push(live_shop, ada)
    assert crm.report()["by_operation"] == {CREATE: 1, PUT: 1}


def test_where_null_empties_nothing_the_field_is_named_as_left_out(
    sqlite_store: Any, open_shop: Any, simulator: Any
) -> None:
    crm = simulator(quirks={"null": "ignored"})
    shop = open_shop(sqlite_store, crm)
    ada = shop.person(ADA, city="Bonn")
    shop.work()

    empty(shop, ada, "city")

    assert theirs(crm)["city"] == "Bonn"
    assert roster_view.dropped(shop.store, HERE)[0].fields == ("city",)
    push(shop, ada)
    assert crm.report()["by_operation"] == {CREATE: 1, PUT: 1}


def test_a_field_emptied_here_is_not_forgotten_when_they_change_another(
    live_shop: Any, crm: Any
) -> None:
    ada = live_shop.person(ADA, city="Bonn", state="NRW")
    live_shop.work()
    with live_shop.store.write() as tx:
        roster.upsert(tx, HERE, [Person({"email": ADA, "city": ""})], now=live_shop.clock())
    edit(live_shop, crm, state="Hessen")

    push(live_shop, ada)

    assert (theirs(crm).get("city"), theirs(crm)["state"]) == (None, "Hessen")
    assert card(live_shop, ada).fields["state"] == "Hessen"


# ---------------------------------------------------------------- the same file again


def test_the_same_file_again_does_not_undo_what_the_crms_people_changed(
    live_shop: Any, crm: Any
) -> None:
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()
    edit(live_shop, crm, city="Köln")
    look(live_shop, ada)

    live_shop.person(ADA, city="Bonn")

    assert live_shop.work() == []
    assert card(live_shop, ada).fields["city"] == "Köln"
    live_shop.person(ADA, city="Hamm")
    live_shop.work()
    assert theirs(crm)["city"] == "Hamm"


def test_the_same_file_again_knows_somebody_whose_email_changed_there(
    live_shop: Any, crm: Any
) -> None:
    ada = live_shop.person(ADA, first_name="Ada")
    live_shop.work()
    edit(live_shop, crm, email="augusta@example.org")
    push_something(live_shop)

    assert live_shop.person(ADA, first_name="Augusta") == ada
    live_shop.work()

    assert (theirs(crm)["email"], theirs(crm)["firstName"]) == ("augusta@example.org", "Augusta")


def push_something(shop: Any) -> None:
    shop.person(ADA, state="NRW")
    assert set(shop.work()) <= {"done"}


def test_a_tag_that_they_took_off_is_not_put_on_by_the_same_file(live_shop: Any, crm: Any) -> None:
    live_shop.person(ADA, tags=["vip"])
    live_shop.work()
    (found,) = crm.contacts(HERE)
    crm.seed(HERE, {"id": found["id"], "tags": []})
    push_something(live_shop)

    live_shop.person(ADA, tags=["vip"])

    assert live_shop.work() == []
    assert theirs(crm)["tags"] == []


# ---------------------------------------------------------------- which edit is the later one


def test_the_time_of_a_field_is_its_own(live_shop: Any, crm: Any) -> None:
    ada = live_shop.person(ADA, city="Bonn", state="NRW")
    live_shop.work()
    live_shop.clock.tick(10)
    with live_shop.store.write() as tx:
        roster.upsert(tx, HERE, [Person({"email": ADA, "city": "Hamm"})], now=live_shop.clock())
    at = live_shop.clock()
    live_shop.clock.tick(10)
    with live_shop.store.write() as tx:
        roster.upsert(tx, HERE, [Person({"email": ADA, "state": "Hessen"})], now=live_shop.clock())

    assert card(live_shop, ada).moved_at == {"city": at, "state": at + 10}


# ---------------------------------------------------------------- an answer that never came


@pytest.mark.parametrize("tie_break", list(TieBreak))
def test_our_own_write_without_an_answer_does_not_come_back_as_their_edit(
    live_shop: Any, crm: Any, tie_break: TieBreak
) -> None:
    rule(live_shop, city=Rule(tie_break=tie_break))
    ada = live_shop.person(ADA, city="Bonn")
    live_shop.work()
    live_shop.person(ADA, city="Hamm")
    crm.fault("drop", when="after", times=1)
    live_shop.once()
    assert card(live_shop, ada).unanswered == {"city": ["Hamm"]}

    live_shop.person(ADA, city="Köln")
    live_shop.clock.tick(60)
    live_shop.work()

    assert (theirs(crm)["city"], card(live_shop, ada).fields["city"]) == ("Köln", "Köln")
    assert card(live_shop, ada).unanswered == {}
    with live_shop.store.read() as tx:
        assert history.of(tx, ada) == []


# ---------------------------------------------------------------- custom fields by whatever name

LEVEL = CustomField("cfLevel0000000000001", "level", "Level", "TEXT")


def know_level(shop: Any) -> None:
    with shop.store.write() as tx:
        save_fields(tx, HERE, [LEVEL], now=1.0)


@pytest.mark.parametrize("name", ["custom.level", "custom.cfLevel0000000000001"])
def test_a_custom_field_is_the_same_by_its_key_and_by_its_id(
    live_shop: Any, crm: Any, name: str
) -> None:
    know_level(live_shop)
    ada = live_shop.person(ADA, **{name: "A1"})
    live_shop.work()
    look(live_shop, ada)
    assert card(live_shop, ada).fields[name] == "A1"

    crm.seed(HERE, {"id": theirs(crm)["id"], "custom": {LEVEL.id: "B2"}})
    look(live_shop, ada)

    assert card(live_shop, ada).fields[name] == "B2"


@pytest.mark.parametrize("name", ["custom.level", "custom.cfLevel0000000000001"])
def test_a_custom_field_that_a_source_brings_is_taken_in_before_it_says_a_word_of_it(
    live_shop: Any, crm: Any, name: str
) -> None:
    know_level(live_shop)
    with live_shop.store.write() as tx:
        policies.bring(tx, HERE, ["email", name], now=live_shop.clock())
    ada = live_shop.person(ADA)
    live_shop.work()
    crm.seed(HERE, {"id": theirs(crm)["id"], "custom": {LEVEL.id: "B2"}})

    look(live_shop, ada)

    assert card(live_shop, ada).fields[name] == "B2"


def test_a_custom_field_that_no_source_brings_is_none_of_ours(live_shop: Any, crm: Any) -> None:
    know_level(live_shop)
    ada = live_shop.person(ADA)
    live_shop.work()
    crm.seed(HERE, {"id": theirs(crm)["id"], "custom": {LEVEL.id: "B2"}})

    look(live_shop, ada)

    assert "custom.level" not in card(live_shop, ada).fields


def test_a_custom_field_that_nobody_can_name_is_not_taken_for_emptied(
    live_shop: Any, crm: Any
) -> None:
    # The token may not read the custom fields, so an answer has an id that says nothing.
    ada = live_shop.person(ADA, **{"custom.level": "A1"})
    live_shop.work()

    look(live_shop, ada)

    assert card(live_shop, ada).fields["custom.level"] == "A1"
    assert theirs(crm)["customFields"] == [{"id": LEVEL.id, "value": "A1"}]


def test_a_custom_field_emptied_there_is_emptied_here(live_shop: Any, crm: Any) -> None:
    know_level(live_shop)
    ada = live_shop.person(ADA, **{"custom.level": "A1"})
    live_shop.work()
    crm.seed(HERE, {"id": theirs(crm)["id"], "custom": {LEVEL.id: ""}})

    look(live_shop, ada)

    assert "custom.level" not in card(live_shop, ada).fields
