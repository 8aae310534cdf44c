"""Every function of the desk, against the stand-in over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contacts.errors import CrmRefused, CrmUnavailable, Unsendable
from contacts.jobs import Lane
from worker.crm.client import Call, Crm, Cursor, CustomField, Desk, LocationFacts
from worker.crm.limiter import Limiter

ADA = {"email": "ada@example.org", "phone": "+12025550143", "name": "Ada Lovelace"}
LEVEL = CustomField("cfLevel0000000000001", "level", "Level", "TEXT")

Desks = Callable[..., Desk]


@pytest.fixture
def one(conforming: Any) -> Any:
    """The stand-in; what is said to it has to conform to the official specification."""
    return conforming


@pytest.fixture
def calls() -> list[Call]:
    """The calls that were recorded."""
    return []


@pytest.fixture
def desks(one: Any, limiter: Limiter, calls: list[Call]) -> Iterator[Desks]:
    """Makes desks at the stand-in."""
    made: list[Crm] = []

    def desk(*, version: str = "2021-07-28", custom: tuple[CustomField, ...] = (LEVEL,)) -> Desk:
        crm = Crm(
            url=one.url,
            version=version,
            limiter=limiter,
            connect_timeout=5.0,
            read_timeout=10.0,
            sleep=time.sleep,
        )
        made.append(crm)
        return crm.at(
            "loc1", "pit-secret", country="US", lane=Lane.LIVE, record=calls.append, custom=custom
        )

    yield desk
    for crm in made:
        crm.close()


@pytest.fixture(params=["2021-07-28", "v3"])
def desk(request: pytest.FixtureRequest, desks: Desks) -> Desk:
    """A desk of each generation in turn."""
    return desks(version=request.param)


@pytest.fixture
def lister(desks: Desks) -> Desk:
    """A desk of the generation that has a list."""
    return desks()


def test_create_is_found_by_email_or_phone(desk: Desk, one: Any) -> None:
    made = desk.create({**ADA, "custom.level": "A"})

    assert (made.values["phone"], made.values["custom.level"]) == ("+12025550143", "A")
    assert desk.find_either("ada@example.org", None) == made.id
    assert desk.find_either("nobody@example.org", "+12025550143") == made.id
    assert desk.find_either(None, "+12025550199") is None
    assert len(one.contacts("loc1")) == 1


def test_an_update_leaves_tags_alone(desk: Desk) -> None:
    id = desk.create(ADA, ["course: bread"]).id
    assert desk.update(id, {"city": "Rome"}).tags == {"course: bread"}


def test_a_blank_email_is_not_sent(desk: Desk) -> None:
    assert desk.create({"phone": "+12025550143", "email": ""}).values["phone"] == "+12025550143"


def test_every_field_goes_there_and_back(desk: Desk) -> None:
    values = {
        **ADA, "first_name": "Ada", "last_name": "Lovelace", "gender": "female",
        "date_of_birth": "1815-12-10", "address1": "12 Square", "city": "London", "state": "LDN",
        "postal_code": "W1", "country": "GB", "website": "https://example.org",
        "timezone": "Europe/London", "company_name": "Engines", "source": "course platform",
        "custom.level": "A",
    }  # fmt: skip
    found = desk.create(values)
    assert found.values == values
    assert desk.get(found.id).values == values


def test_create_takes_tags(desk: Desk) -> None:
    made = desk.create({**ADA, "date_of_birth": "1815-12-10"}, ["b", "A"])
    assert made.tags == {"a", "b"}
    assert made.values["date_of_birth"] == "1815-12-10"
    assert made.values["name"] == "Ada Lovelace"


def test_create_of_somebody_who_is_there_names_the_twin(desk: Desk) -> None:
    id = desk.create(ADA).id
    with pytest.raises(CrmRefused) as caught:
        desk.create({"name": "Other", "phone": ADA["phone"]})
    assert (caught.value.code, caught.value.twin) == ("duplicate", id)


def test_get_reads_fields_and_tags(desk: Desk, one: Any) -> None:
    [id] = one.seed(
        "loc1",
        {
            "values": {"firstName": "Ada", "email": "Ada@Example.org"},
            "tags": ["vip"],
            "custom": {LEVEL.id: "B"},
        },
    )
    found = desk.get(id)
    assert (found.id, found.tags, found.deleted) == (id, {"vip"}, False)
    assert found.values == {
        "first_name": "Ada", "name": "Ada", "email": "ada@example.org", "custom.level": "B",
    }  # fmt: skip


def test_update_changes_what_is_named_and_keeps_the_rest(desk: Desk) -> None:
    id = desk.create({**ADA, "custom.level": "A"}, ["a"]).id
    found = desk.update(id, {"city": "Rome"})
    assert found.values["city"] == "Rome"
    assert (found.values["email"], found.values["custom.level"]) == (ADA["email"], "A")
    assert found.tags == {"a"}


def test_update_leaves_out_what_put_refuses(desk: Desk) -> None:  # 313, 314
    id = desk.create({**ADA, "gender": "female", "company_name": "Engines"}).id
    found = desk.update(id, {"gender": "male", "company_name": "Other", "city": "Rome"})
    assert (found.values["gender"], found.values["company_name"]) == ("female", "Engines")
    assert found.values["city"] == "Rome"


def test_delete_takes_the_contact_away(desk: Desk, one: Any) -> None:
    desk.delete(desk.create(ADA).id)
    assert one.contacts("loc1") == []


def test_tags_are_added_and_removed(desk: Desk) -> None:
    id = desk.create(ADA, ["old"]).id
    assert desk.add_tags(id, ["Course: Bread", "old"]) == {"course: bread", "old"}
    assert desk.add_tags(id, ["course: bread"]) == {"course: bread", "old"}
    assert desk.remove_tags(id, ["OLD", "never"]) == {"course: bread"}
    assert desk.remove_tags(id, ["old"]) == {"course: bread"}


def test_notes_are_written_and_listed(desk: Desk) -> None:
    id = desk.create(ADA).id
    made = desk.create_note(id, "Enrolled in Bread")
    assert (made.body, made.user_id) == ("Enrolled in Bread", None)
    assert desk.notes(id) == (made,)


def test_a_list_is_walked_page_by_page(lister: Desk, one: Any) -> None:
    ids = one.seed("loc1", *({"values": {"firstName": str(n)}} for n in range(25)))

    found, cursor, pages = [], None, 0
    while True:
        page = lister.contacts(cursor, limit=10)
        found += [contact.id for contact in page.contacts]
        pages += 1
        if page.cursor is None:
            break
        assert page.total == 25
        cursor = page.cursor

    assert sorted(found) == sorted(ids)
    assert pages == 4  # three with contacts, and the empty one that says it is over


def test_an_empty_location_is_one_empty_page(lister: Desk) -> None:
    page = lister.contacts()
    assert (page.contacts, page.cursor, page.total) == ((), None, 0)


def test_a_row_of_a_list_is_read_as_a_contact_is(lister: Desk) -> None:
    made = lister.create({**ADA, "custom.level": "A"}, ["a"])
    [row] = lister.contacts().contacts
    assert row == lister.get(made.id)


def test_a_list_begins_after_its_cursor(lister: Desk, one: Any) -> None:
    old, new = one.seed(
        "loc1",
        {"values": {"firstName": "Old"}, "added_ms": 1_000},
        {"values": {"firstName": "New"}, "added_ms": 2_000},
    )
    page = lister.contacts(Cursor(2_000, new))
    assert [contact.id for contact in page.contacts] == [old]


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_that_the_crm_would_not_give_is_not_asked_for(lister: Desk, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        lister.contacts(limit=limit)


def test_a_list_that_stands_still_is_an_error(lister: Desk, one: Any) -> None:
    one.settings(quirks={"list_cursor": "ignored"})
    one.seed("loc1", {"values": {"firstName": "Ada"}})
    page = lister.contacts()
    with pytest.raises(CrmUnavailable, match="repeats the page before"):
        lister.contacts(page.cursor)


def test_custom_fields_come_without_the_prefix(desk: Desk) -> None:
    assert desk.custom_fields() == (LEVEL,)


def test_a_custom_field_that_is_not_known_here_goes_by_key(desks: Desks) -> None:
    found = desks(custom=()).create({**ADA, "custom.level": "A"})
    assert found.values["custom.level"] == "A"


def test_what_a_location_is(desk: Desk) -> None:
    assert desk.location() == LocationFacts(
        "loc1", "Location", "US", "America/New_York", allows_doubles=False
    )


def test_each_call_is_recorded_under_its_name(desk: Desk, calls: list[Call], one: Any) -> None:
    id = desk.create(ADA).id
    desk.create_note(id, "hello")
    desk.notes(id)

    assert [(call.operation, call.status) for call in calls] == [
        ("contact.create", 201), ("contact.note.create", 201), ("contact.notes", 200),
    ]  # fmt: skip
    assert all(call.trace and call.location == "loc1" for call in calls)
    assert one.report()["by_operation"] == {
        "POST /contacts/": 1,
        "POST /contacts/{id}/notes": 1,
        "GET /contacts/{id}/notes": 1,
    }


def test_v3_has_no_list_and_nothing_is_sent(desks: Desks, calls: list[Call]) -> None:
    with pytest.raises(Unsendable, match="not in version v3"):
        desks(version="v3").contacts()
    assert calls == []


def test_in_v3_words_are_looked_for_by_the_search(desks: Desks, one: Any) -> None:
    desk = desks(version="v3")
    long = "a" * 80 + "@example.org"
    ids = [desk.create({"email": email}).id for email in (ADA["email"], long)]

    assert [row.theirs.id for row in desk.named(ADA["email"])] == [ids[0]]
    assert [row.theirs.id for row in desk.named(long)] == [ids[1]]
    assert "GET /contacts/" not in one.report()["by_operation"]


@pytest.mark.parametrize("version", ["2021-04-15", "2023-02-21"])
def test_all_of_it_in_the_versions_between(desks: Desks, version: str) -> None:
    desk = desks(version=version)
    id = desk.create({**ADA, "custom.level": "A"}, ["a"]).id
    assert desk.update(id, {"custom.level": "B"}).values["custom.level"] == "B"
    assert desk.update(id, {"city": "Rome"}).values["city"] == "Rome"
    assert desk.add_tags(id, ["b"]) == {"a", "b"}
    assert desk.remove_tags(id, ["a"]) == {"b"}
    assert desk.create_note(id, "hello") in desk.notes(id)
    assert [row.id for row in desk.contacts().contacts] == [id]
    assert desk.get(id).tags == {"b"}
    assert desk.custom_fields() == (LEVEL,)
    desk.delete(id)
    assert desk.contacts().contacts == ()
