"""Our values and the CRM's JSON: what goes out, what comes back, and that nothing is lost."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.cleaning import Value, text
from contacts.fields import FIELDS
from contacts.merge import settle
from worker.crm import operations as op
from worker.crm.shapes import CustomField
from worker.crm.wire import Dictionary, contact, contact_body, sendable

LEVEL = CustomField("cfLevel", "level", "Level", "TEXT")
SCORE = CustomField("cfScore", "score", "Score", "NUMERICAL")
START = CustomField("cfStart", "start", "Start", "DATE")
TOPICS = CustomField("cfTopics", "topics", "Topics", "CHECKBOX")
KNOWN = Dictionary([LEVEL, SCORE, START, TOPICS])
NONE = Dictionary()


def body(values: dict[str, Value], operation: op.Operation = op.CREATE) -> dict[str, object]:
    return contact_body(values, operation, location="loc1", dictionary=KNOWN)


def test_a_create_names_the_location_and_an_update_does_not() -> None:
    assert body({"first_name": "Ann"}) == {"firstName": "Ann", "locationId": "loc1"}
    assert body({"first_name": "Ann"}, op.UPDATE) == {"firstName": "Ann"}


def test_v3_has_another_name_for_the_value_of_a_custom_field() -> None:
    values: dict[str, Value] = {"custom.score": "7", "custom.unheard": "A1"}
    sent = contact_body(values, op.UPDATE, location="loc1", dictionary=KNOWN, v3=True)
    assert sent["customFields"] == [
        {"id": "cfScore", "fieldValue": 7},
        {"key": "unheard", "fieldValue": "A1"},
    ]


def test_an_empty_email_is_never_sent() -> None:
    assert body({"email": "", "city": "Bonn"}, op.UPDATE) == {"city": "Bonn"}


def test_an_update_leaves_out_what_it_does_not_take() -> None:
    values: dict[str, Value] = {"gender": "male", "company_name": "Acme", "city": "Bonn"}
    assert sendable(values, op.UPDATE) == {"city": "Bonn"}
    assert sendable(values, op.CREATE) == values
    assert body(values, op.UPDATE) == {"city": "Bonn"}


def test_tags_travel_with_a_create_only() -> None:
    sent = contact_body({}, op.CREATE, location="loc1", dictionary=NONE, tags=["b", "a"])
    assert sent == {"tags": ["a", "b"], "locationId": "loc1"}
    with pytest.raises(ValueError, match="deltas"):
        contact_body({}, op.UPDATE, location="loc1", dictionary=NONE, tags=["a"])
    assert "tags" not in body({"city": "Bonn"}, op.UPDATE)


@pytest.mark.parametrize(
    ("name", "value", "item"),
    [
        ("custom.level", "A1", {"id": "cfLevel", "field_value": "A1"}),
        ("custom.cfLevel", "A1", {"id": "cfLevel", "field_value": "A1"}),
        ("custom.unheard", "A1", {"key": "unheard", "field_value": "A1"}),
        ("custom.score", "7.5", {"id": "cfScore", "field_value": 7.5}),
        ("custom.score", "12", {"id": "cfScore", "field_value": 12}),
        ("custom.score", "seven", {"id": "cfScore", "field_value": "seven"}),
        ("custom.start", "01/02/2026", {"id": "cfStart", "field_value": "2026-01-02"}),
        ("custom.start", "soon", {"id": "cfStart", "field_value": "soon"}),
        ("custom.topics", "maths", {"id": "cfTopics", "field_value": ["maths"]}),
        ("custom.topics", ["a", "b"], {"id": "cfTopics", "field_value": ["a", "b"]}),
    ],
)
def test_a_custom_field_goes_out_by_id_and_in_its_type(
    name: str, value: Value, item: dict[str, object]
) -> None:
    assert body({name: value})["customFields"] == [item]


def test_an_unknown_field_is_a_defect() -> None:
    with pytest.raises(KeyError):
        body({"shoe_size": "44"})


def read(raw: dict[str, object], sent: dict[str, Value] | None = None) -> dict[str, Value]:
    return contact({"id": "c1", **raw}, country="US", dictionary=KNOWN, sent=sent).values


def test_a_contact_comes_back_in_our_words() -> None:
    theirs = contact(
        {
            "id": "c1",
            "email": "Ann@Example.COM",
            "phone": "(415) 555-0100",
            "firstName": "Ann",
            "lastName": None,
            "dateOfBirth": "1990-05-01T00:00:00.000Z",
            "postalCode": 94107,
            "country": "us",
            "tags": ["VIP", " ", 3],
            "customFields": [{"id": "cfLevel", "value": "A1"}, {"id": "cfScore", "value": 7.5}],
            "deleted": False,
        },
        country="US",
        dictionary=KNOWN,
    )
    assert theirs.values == {
        "email": "ann@example.com",
        "phone": "+14155550100",
        "first_name": "Ann",
        "name": "Ann",
        "date_of_birth": "1990-05-01",
        "postal_code": "94107",
        "country": "US",
        "custom.level": "A1",
        "custom.score": 7.5,
    }
    assert theirs.tags == {"vip"}
    assert not theirs.deleted


def test_a_list_row_gives_the_names_as_they_were_typed() -> None:
    values = read(
        {
            "firstName": "ann",
            "firstNameRaw": "Ann",
            "lastName": "lee",
            "contactName": "ann lee",
            "address": "1 Main St",
        }
    )
    assert values["first_name"] == "Ann"
    assert values["last_name"] == "lee"
    assert values["name"] == "ann lee"
    assert values["address1"] == "1 Main St"


def test_a_search_row_gives_the_birthday_as_an_epoch() -> None:
    assert read({"dateOfBirth": 641520000000})["date_of_birth"] == "1990-05-01"
    assert read({"dateOfBirth": 641520000000.0})["date_of_birth"] == "1990-05-01"


def test_what_we_would_not_accept_is_still_what_they_hold() -> None:
    assert read({"phone": "call me", "country": "Germany"}) == {
        "phone": "call me",
        "country": "Germany",
    }


def test_a_custom_field_keeps_the_name_it_was_sent_under() -> None:
    raw: dict[str, object] = {"customFields": [{"id": "cfLevel", "value": "A1"}]}
    assert read(raw, {"custom.cfLevel": "A1"}) == {"custom.cfLevel": "A1"}
    assert read(raw, {"custom.level": "A1"}) == {"custom.level": "A1"}
    assert read(raw) == {"custom.level": "A1"}


def test_a_field_sent_by_key_alone_is_recognised_by_its_value() -> None:
    raw: dict[str, object] = {
        "customFields": [{"id": "x1", "value": "other"}, {"id": "x2", "value": "A1"}]
    }
    values = read(raw, {"custom.unheard": "A1"})
    assert values == {"custom.x1": "other", "custom.unheard": "A1"}


def test_two_fields_sent_by_key_are_not_both_proved_by_one_value() -> None:
    raw: dict[str, object] = {"customFields": [{"id": "x1", "value": "yes"}]}
    sent: dict[str, Value] = {"custom.one": "yes", "custom.two": "yes"}
    assert len(settle(sent, read(raw, sent), {}, {}).dropped) == 1


@pytest.mark.parametrize("items", [None, {}, ["x"], [{"value": "x"}], [{"id": "a", "value": None}]])
def test_odd_custom_fields_are_passed_over(items: object) -> None:
    assert read({"customFields": items}) == {}


@pytest.mark.parametrize("raw", [{}, {"id": ""}, {"id": 5}])
def test_a_contact_without_an_id_is_none(raw: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="id"):
        contact(raw, country="US", dictionary=NONE)


TEXT = st.text("abcXYZ 019-äéß", min_size=1, max_size=12).map(lambda t: text(t, "")).filter(bool)
PEOPLE = st.fixed_dictionaries(
    {"email": st.from_regex(r"[a-z]{1,8}@[a-z]{2,8}\.com", fullmatch=True)},
    optional={
        "phone": st.integers(4155550100, 4155559999).map(lambda n: f"+1{n}"),
        "first_name": TEXT,
        "last_name": TEXT,
        "name": TEXT,
        "gender": st.sampled_from(["male", "female"]),
        "company_name": TEXT,
        "city": TEXT,
        "postal_code": st.from_regex(r"[0-9]{5}", fullmatch=True),
        "country": st.sampled_from(["US", "DE", "GB"]),
        "date_of_birth": st.dates(min_value=datetime.date(1900, 1, 1)).map(str),
        "custom.level": TEXT,
        "custom.unheard": TEXT,
        "custom.score": st.one_of(
            st.integers(-999, 999).map(str), st.sampled_from(["7.50", "0.10", "12.0"])
        ),
        "custom.start": st.dates().map(str),
        "custom.topics": TEXT,
    },
)


def answer(sent: dict[str, object]) -> dict[str, object]:
    """A contact as the API gives it back after this body: other spellings, nothing lost."""
    raw = {name: value for name, value in sent.items() if name != "customFields"}
    if "name" in raw and "firstName" not in raw and "lastName" not in raw:
        first, _, last = str(raw.pop("name")).partition(" ")
        raw |= {"firstName": first, "lastName": last, "contactName": f"{first} {last}".lower()}
    if "dateOfBirth" in raw:
        raw["dateOfBirth"] = f"{raw['dateOfBirth']}T00:00:00.000Z"
    items = []
    for item in sent.get("customFields", []):  # type: ignore[attr-defined]
        value = item["field_value"]
        if item.get("id") == "cfScore":
            value = str(value)
        if item.get("id") == "cfStart":
            value = f"{value}T00:00:00.000Z"
        items.append({"id": item.get("id", "someId" + item.get("key", "")), "value": value})
    return {"id": "c1", **raw, "customFields": items}


@settings(deadline=None)
@given(values=PEOPLE)
def test_what_the_crm_took_is_agreed_whatever_its_spelling(values: dict[str, Value]) -> None:
    sent = sendable(values, op.CREATE)
    theirs = contact(answer(body(sent)), country="US", dictionary=KNOWN, sent=sent)
    settled = settle(sent, theirs.values, {}, {})
    assert settled.dropped == ()
    assert settled.agreed == values


def test_every_field_of_the_table_goes_out_and_comes_back() -> None:
    values: dict[str, Value] = {
        field.name: {
            "email": "a@b.co",
            "phone": "+14155550100",
            "date_of_birth": "1990-05-01",
            "country": "US",
            "website": "www.example.com",
            "gender": "female",
        }.get(field.name, "some text")
        for field in FIELDS
    }
    assert read(body(values)) == values


def test_emails_and_phones_beside_the_first_ones_are_read_in_both_forms() -> None:
    raw = {
        "id": "c1",
        "additionalEmails": ["Ada@Work.example", {"email": "ada@old.example"}],
        "additionalPhones": ["(202) 555-0143", {"phoneLabel": "home"}],
    }
    found = contact(raw, country="US", dictionary=NONE)
    assert found.also == {"ada@work.example", "ada@old.example", "+12025550143"}
