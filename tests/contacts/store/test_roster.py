from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from contacts.contact import Person, fingerprint
from contacts.errors import GiveUp
from contacts.jobs import Kind
from contacts.store import cards, ledger, notebook, roster, roster_view
from contacts.store.database import Store
from contacts.store.roster import Upserted
from contacts.store.roster_view import Dropped
from contacts.store.tables import notes
from contacts.store.tables import tags as tag_table

HERE = "loc_1"


def person(email: str | None = None, phone: str | None = None, **more: Any) -> Person:
    tags, gone, notes = more.pop("tags", ()), more.pop("gone", ()), more.pop("notes", ())
    fields = {"email": email, "phone": phone, **more}
    return Person(
        {name: value for name, value in fields.items() if value},
        frozenset(tags),
        frozenset(gone),
        tuple(notes),
    )


def upsert(store: Store, *people: Person, location: str = HERE) -> list[Upserted]:
    with store.write() as tx:
        return roster.upsert(tx, location, people, now=store.clock())


def settle(store: Store, contact: int, remote_id: str, **agreed: Any) -> None:
    with store.write() as tx:
        cards.settle(
            tx, contact, location=HERE, remote_id=remote_id, agreed=agreed, refused={}, now=1.0
        )


def card(store: Store, contact: int) -> cards.Card:
    with store.read() as tx:
        return cards.load(tx, contact)


def test_a_person_is_new_once_and_the_same_row_again_changes_nothing(store: Store) -> None:
    (first,) = upsert(store, person("ada@example.org", first_name="Ada"))
    assert (first.new, first.changed, first.owes_push) == (True, True, True)
    settle(store, first.contact, "remote1", email="ada@example.org", first_name="Ada")
    (again,) = upsert(store, person("ada@example.org", first_name="Ada"))
    assert (again.contact, again.new, again.changed, again.owes_push) == (
        first.contact, False, False, False,
    )  # fmt: skip


def test_a_changed_field_is_owed_and_one_not_mentioned_stays(store: Store) -> None:
    (first,) = upsert(store, person("ada@example.org", first_name="Ada", city="London"))
    settle(store, first.contact, "r", email="ada@example.org", first_name="Ada", city="London")
    (second,) = upsert(store, person("ada@example.org", first_name="Augusta"))
    assert (second.changed, second.owes_push) == (True, True)
    assert card(store, first.contact).fields == {
        "email": "ada@example.org", "first_name": "Augusta", "city": "London",
    }  # fmt: skip


def test_rows_of_one_person_merge_within_a_batch_and_the_later_wins(store: Store) -> None:
    found = upsert(
        store,
        person("ada@example.org", first_name="Ada", tags=["a"]),
        person("ada@example.org", first_name="Augusta", tags=["b"]),
    )
    assert found[0].contact == found[1].contact
    assert card(store, found[0].contact).fields["first_name"] == "Augusta"
    with store.read() as tx:
        assert cards.load_tags(tx, found[0].contact).owed_add == {"a", "b"}


def test_a_person_without_email_is_known_by_the_phone(store: Store) -> None:
    (by_phone,) = upsert(store, person(phone="+12025550100"))
    (with_email,) = upsert(store, person("ada@example.org", "+12025550100"))
    assert with_email.contact == by_phone.contact
    assert card(store, by_phone.contact).email == "ada@example.org"


def test_two_people_with_one_phone_stay_two_and_the_second_goes_without_it(store: Store) -> None:
    ada, brother = upsert(
        store, person("ada@example.org", "+12025550100"), person("bob@example.org", "+12025550100")
    )
    assert ada.contact != brother.contact
    assert (ada.conflict, brother.conflict) == (None, "phone")
    assert card(store, brother.contact).phone is None


def test_phones_may_be_swapped_in_one_batch(store: Store) -> None:
    upsert(store, person("a@example.org", "+12025550100"), person("b@example.org", "+12025550101"))
    upsert(store, person("a@example.org", "+12025550102"), person("b@example.org", "+12025550100"))
    found = roster_view.find(store, HERE, phone="+12025550100")
    assert found == roster_view.find(store, HERE, email="b@example.org")


def test_one_email_in_two_locations_is_two_contacts(store: Store) -> None:
    (here,) = upsert(store, person("ada@example.org"))
    (there,) = upsert(store, person("ada@example.org"), location="loc_2")
    assert here.contact != there.contact
    assert roster_view.counts(store, HERE) == {"contacts": 1, "linked": 0}


def test_tags_are_owed_until_settled_and_a_removal_is_owed_too(store: Store) -> None:
    (first,) = upsert(store, person("ada@example.org", tags=["a", "b"]))
    assert first.owes_tags
    with store.write() as tx:
        tx.execute(update(tag_table).values(agreed=tag_table.c.wanted))
    (same,) = upsert(store, person("ada@example.org", tags=["a"]))
    assert not same.owes_tags
    (less,) = upsert(store, person("ada@example.org", gone=["b", "never had"]))
    assert less.owes_tags
    with store.read() as tx:
        owed = cards.load_tags(tx, first.contact)
    assert (owed.owed_add, owed.owed_remove) == (frozenset(), frozenset({"b", "never had"}))


def test_one_text_is_one_note_however_often_it_is_read(store: Store) -> None:
    (first,) = upsert(store, person("ada@example.org", notes=["Enrolled", "Paid", "Paid"]))
    (second,) = upsert(store, person("ada@example.org", notes=["Enrolled", "Finished"]))
    assert len(first.note_ids) == 2
    assert len(second.note_ids) == 2
    assert len({*first.note_ids, *second.note_ids}) == 3
    with store.write() as tx:
        written = update(notes).where(notes.c.id == first.note_ids[0])
        tx.execute(written.values(remote_id="remote-note"))
    (third,) = upsert(store, person("ada@example.org", notes=["Enrolled"]))
    assert third.note_ids == ()


def test_a_contact_of_the_crm_belongs_to_one_of_ours(store: Store) -> None:
    ada, bob = upsert(store, person("a@example.org"), person("b@example.org"))
    settle(store, ada.contact, "remote1")
    with pytest.raises(GiveUp, match=f"our contact {ada.contact}") as caught:
        settle(store, bob.contact, "remote1")
    assert caught.value.code == "link-taken"
    settle(store, ada.contact, "remote2")
    assert card(store, ada.contact).remote_id == "remote2"


def test_a_contact_that_is_gone_from_the_roster_is_given_up(store: Store) -> None:
    with store.read() as tx:
        with pytest.raises(GiveUp):
            cards.load(tx, 12345)
        with pytest.raises(GiveUp):
            notebook.load(tx, 12345)


def test_the_night_finds_who_is_owed_something_and_has_no_job(store: Store) -> None:
    settled, unlinked, tagged, noted = upsert(
        store,
        person("a@example.org"),
        person("b@example.org"),
        person("c@example.org", tags=["x"]),
        person("d@example.org", notes=["hello"]),
    )
    for number, one in enumerate((settled, tagged, noted)):
        email = "acd"[number] + "@example.org"
        settle(store, one.contact, f"remote{number}", email=email)
    wishes = [wish for batch in roster_view.owed(store, batch=2) for wish in batch]
    assert {(wish.kind, wish.contact, wish.subject) for wish in wishes} == {
        (Kind.PUSH, unlinked.contact, 0),
        (Kind.TAG, tagged.contact, 0),
        (Kind.NOTE, noted.contact, noted.note_ids[0]),
    }
    with store.write() as tx:
        ledger.put(tx, wishes, now=store.clock())
    assert list(roster_view.owed(store)) == []


def test_fields_that_the_crm_dropped_are_listed_by_name(store: Store) -> None:
    ada, bob = upsert(store, person("a@example.org"), person("b@example.org", city="Lima"))
    settle(store, ada.contact, "remote1")
    refused = {"city": fingerprint("Lima")}
    with store.write() as tx:
        cards.settle(
            tx, bob.contact, location=HERE, remote_id="r2", agreed={}, refused=refused, now=1
        )
    found = Dropped(bob.contact, HERE, ("city",), {"city": "dropped"})
    assert roster_view.dropped(store, HERE) == roster_view.dropped(store, field="city") == [found]
    assert roster_view.dropped(store, "loc_2") == roster_view.dropped(store, field="state") == []


def test_a_field_that_was_dropped_is_owed_again_when_a_person_says_so(store: Store) -> None:
    (ada,) = upsert(store, person("a@example.org", city="London", state="LND"))
    agreed = {"email": "a@example.org"}
    refused = {"city": fingerprint("London"), "state": fingerprint("LND")}
    with store.write() as tx:
        cards.settle(
            tx, ada.contact, location=HERE, remote_id="r", agreed=agreed, refused=refused, now=1
        )
    assert not upsert(store, person("a@example.org"))[0].owes_push
    with store.write() as tx:
        cards.owe_again(tx, ada.contact, field="city")
    assert card(store, ada.contact).refused == {"state": fingerprint("LND")}
    assert upsert(store, person("a@example.org"))[0].owes_push
    with store.write() as tx:
        cards.owe_again(tx, ada.contact)
    assert card(store, ada.contact).refused == {}


def test_a_value_that_was_dropped_is_no_alarm_once_ours_is_what_both_had(store: Store) -> None:
    (bob,) = upsert(store, person("b@example.org", city="Lima"))
    agreed, refused = {"email": "b@example.org", "city": "Lima"}, {"city": fingerprint("Cusco")}
    with store.write() as tx:
        cards.settle(
            tx, bob.contact, location=HERE, remote_id="r2", agreed=agreed, refused=refused, now=1
        )

    assert roster_view.dropped(store, HERE) == []
