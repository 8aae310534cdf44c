"""Contacts and their tags: duplicates, upsert's silence, replaced tags, codes and spellings.

#N are issues of GoHighLevel/highlevel-api-docs, SPEC is its specification, KB its help centre.
"""

from __future__ import annotations

from typing import Any

import pytest

from ops.simulator.seeding import Seed, Seeds, seed

ADA = {"email": "Ada@example.org", "phone": "+1 202-555-0143", "name": "Ada Lovelace"}


def settings(**switches: Any) -> list[dict[str, Any]]:
    return [{"id": "loc1", **switches}]


def test_create_is_201_and_read_back_is_200(api: Any) -> None:  # SPEC
    made = api.create(**ADA)
    found = api.get(made.json["contact"]["id"])

    assert (made.status, found.status) == (201, 200)
    assert found.json["contact"]["name"] == "Ada Lovelace"
    assert found.json["contact"]["phone"] == "+12025550143"


def test_create_keeps_case_and_adds_lower_case_twins(api: Any) -> None:  # SPEC, #289
    contact = api.create(**ADA).json["contact"]
    assert contact["firstName"] == "Ada"
    assert contact["firstNameLowerCase"] == "ada"
    assert contact["lastNameLowerCase"] == "lovelace"
    assert contact["fullNameLowerCase"] == "ada lovelace"
    assert (contact["email"], contact["emailLowerCase"]) == ("Ada@example.org", "ada@example.org")


@pytest.mark.parametrize(
    ("given", "field"),
    [({"email": "ADA@example.org"}, "email"), ({"phone": "(202) 555-0143"}, "phone")],
)
def test_create_of_somebody_who_is_there_names_them(
    api: Any, given: dict[str, str], field: str
) -> None:
    id = api.new(**ADA)

    answer = api.create(name="Somebody Else", **given)

    answer.json.pop("traceId")
    assert answer.status == 400
    assert answer.json == {
        "statusCode": 400,
        "message": "This location does not allow duplicated contacts.",
        "meta": {"contactId": id, "contactName": "Ada Lovelace", "matchingField": field},
    }


def test_where_duplicates_are_allowed_there_may_be_two(stand_in: Any) -> None:  # KB
    api = stand_in(locations=settings(allow_duplicates=True))
    assert api.new(**ADA) != api.new(**ADA)


def test_the_second_field_of_the_setting_may_be_none(stand_in: Any) -> None:  # KB
    api = stand_in(locations=settings(duplicate_secondary=None))
    api.new(**ADA)
    assert api.create(phone=ADA["phone"]).status == 201
    assert api.create(email=ADA["email"]).status == 400


def test_upsert_makes_and_then_changes(api: Any) -> None:  # SPEC
    first = api.upsert(**ADA)
    again = api.upsert(email="ada@EXAMPLE.org", city="London")

    assert (first.status, first.json["new"], again.json["new"]) == (200, True, False)
    assert again.json["contact"]["id"] == first.json["contact"]["id"]
    assert again.json["contact"]["city"] == "London"
    assert again.json["contact"]["phone"] == "+12025550143"


@pytest.mark.parametrize(("primary", "winner"), [("email", 0), ("phone", 1)])
def test_upsert_of_two_people_changes_the_first_and_ignores_the_other_field(  # 37
    stand_in: Any, primary: str, winner: int
) -> None:
    api = stand_in(locations=settings(duplicate_primary=primary))
    people = [api.new(email="a@example.org"), api.new(phone="+12025550199")]

    answer = api.upsert(email="a@example.org", phone="+12025550199", city="Rome")

    contact = answer.json["contact"]
    assert contact["id"] == people[winner]
    assert contact["city"] == "Rome"
    assert ("phone" in contact, "email" in contact) == (winner == 1, winner == 0)


def test_upsert_found_by_the_second_field_takes_the_first(api: Any) -> None:
    id = api.new(phone="+12025550199")
    contact = api.upsert(email="new@example.org", phone="+12025550199").json["contact"]
    assert (contact["id"], contact["email"]) == (id, "new@example.org")


def test_upsert_makes_a_double_only_where_they_are_allowed(stand_in: Any) -> None:  # SPEC
    for allowed in (True, False):
        api = stand_in(locations=settings(allow_duplicates=allowed))
        api.new(**ADA)
        answer = api.upsert(**ADA, createNewIfDuplicateAllowed=True)
        assert answer.json["new"] is allowed


@pytest.mark.parametrize("ignored", [True, False])
def test_upsert_ignores_gender_of_somebody_who_is_there(stand_in: Any, ignored: bool) -> None:
    api = stand_in(quirks={"upsert_ignores_gender": ignored})  # 313
    api.upsert(**ADA, gender="female")
    contact = api.upsert(**ADA, gender="male").json["contact"]
    assert contact["gender"] == ("female" if ignored else "male")


def test_gender_can_be_hidden(stand_in: Any) -> None:  # SPEC lists none in its answers
    api = stand_in(quirks={"shows_gender": False})
    assert "gender" not in api.upsert(**ADA, gender="female").json["contact"]


def with_further(api: Any, **further: list[str]) -> str:
    """A contact with emails or phones beside its first ones, as only a person can make it."""
    id = api.new(email="first@example.org", phone="+12025550143")
    seed(api.standin.world, Seeds(location="loc1", contacts=(Seed(id=id, values=further),)))
    return str(id)


@pytest.mark.parametrize("shown", [True, False])
def test_additional_emails_can_be_read_where_they_are_shown(stand_in: Any, shown: bool) -> None:
    api = stand_in(quirks={"shows_additional": shown})  # 262
    id = with_further(api, additionalEmails=["second@example.org"])
    assert ("additionalEmails" in api.get(id).json["contact"]) is shown


@pytest.mark.parametrize("found", [True, False])
def test_an_additional_email_or_phone_may_count_as_somebodys(stand_in: Any, found: bool) -> None:
    api = stand_in(quirks={"finds_additional": found})  # 337, facts 3.1 (lookup)
    with_further(api, additionalEmails=["b@example.org"], additionalPhones=["+12025550199"])

    for query in ("email=b@example.org", "number=%2B12025550199"):
        answer = api("GET", f"/contacts/search/duplicate?locationId=loc1&{query}")
        assert (answer.json["contact"] is not None) is found
    assert api.create(email="b@example.org").status == (400 if found else 201)
    assert api.create(phone="+12025550199").status == (400 if found else 201)


@pytest.mark.parametrize(
    ("switch", "email"),
    [("replaces-primary", "second@example.org"), ("keeps-primary", "first@example.org")],
)
def test_upsert_by_an_additional_email(stand_in: Any, switch: str, email: str) -> None:  # 337
    api = stand_in(quirks={"upsert_by_additional_email": switch})
    id = api.new(email="first@example.org")
    more = Seed(id=id, values={"additionalEmails": ["second@example.org"]})
    seed(api.standin.world, Seeds(location="loc1", contacts=(more,)))

    answer = api.upsert(email="second@example.org")

    assert (answer.json["new"], answer.json["contact"]["id"]) == (False, id)
    assert api.get(id).json["contact"]["email"] == email


def test_put_changes_what_is_named_and_leaves_the_rest(api: Any) -> None:
    id = api.new(
        **ADA, city="London", tags=["a"], customFields=[{"id": "cfLevel", "field_value": 1}]
    )

    contact = api.update(id, city="Rome", customFields=[{"key": "score", "field_value": 7}]).json

    assert contact["contact"]["city"] == "Rome"
    assert contact["contact"]["tags"] == ["a"]
    assert contact["contact"]["email"] == "Ada@example.org"
    assert {f["id"]: f["value"] for f in contact["contact"]["customFields"]} == {
        "cfLevel": 1, "cfScore": 7,
    }  # fmt: skip


@pytest.mark.parametrize("checked", [True, False])
def test_put_of_an_email_that_somebody_has(stand_in: Any, checked: bool) -> None:
    api = stand_in(quirks={"update_checks_duplicates": checked})
    ada, bob = api.new(**ADA), api.new(email="bob@example.org")
    answer = api.update(bob, email="ada@example.org", name="Bob")
    assert answer.status == (400 if checked else 200)
    assert not checked or answer.json["meta"]["contactId"] == ada


def test_put_takes_its_own_email_again(api: Any) -> None:
    assert api.update(api.new(**ADA), email="ADA@example.org").status == 200


@pytest.mark.parametrize(("taken", "status"), [(True, 200), (False, 422)])
def test_put_and_company_name(stand_in: Any, taken: bool, status: int) -> None:  # SPEC, #314
    api = stand_in(quirks={"update_takes_company_name": taken})
    assert api.update(api.new(**ADA), companyName="Acme").status == status


@pytest.mark.parametrize(
    ("version", "put", "delete"),
    [
        ("2021-07-28", {"succeded": True}, {"succeded": True}),
        ("v3", {"succeeded": True}, {"succeeded": True, "succeded": True}),
    ],
)
def test_succeeded_is_spelled_by_version(  # SPEC, and its v3
    api: Any, version: str, put: dict[str, bool], delete: dict[str, bool]
) -> None:
    api.version = version
    id = api.new(**ADA)
    changed, gone = api.update(id).json, api("DELETE", f"/contacts/{id}").json
    assert {k: v for k, v in changed.items() if k.startswith("succe")} == put
    assert {k: v for k, v in gone.items() if k.startswith("succe")} == delete


def test_a_deleted_contact_is_unknown_and_can_be_made_again(api: Any) -> None:
    id = api.new(**ADA)
    assert api("DELETE", f"/contacts/{id}").status == 200

    for answer in (api.get(id), api.update(id), api("DELETE", f"/contacts/{id}")):
        assert (answer.status, answer.said) == (400, f"Contact with id {id} not found")
    assert api.new(**ADA) != id


def test_a_deleted_contact_can_be_shown(stand_in: Any) -> None:
    api = stand_in(quirks={"deleted_contact": "shown"})
    id = api.new(**ADA)
    api("DELETE", f"/contacts/{id}")
    assert api.get(id).json["contact"]["deleted"] is True


@pytest.mark.parametrize("call", ["upsert", "update"])
def test_tags_of_upsert_and_put_replace_all(api: Any, call: str) -> None:  # SPEC
    id = api.new(**ADA, tags=["One", "two"])

    if call == "update":
        answer = api.update(id, tags=["Three"])
    else:
        answer = api.upsert(**ADA, tags=["Three"])

    assert answer.json["contact"]["tags"] == ["three"]


def test_an_empty_list_of_tags_takes_all_away(api: Any) -> None:  # SPEC
    id = api.new(**ADA, tags=["one"])
    assert api.update(id, tags=[]).json["contact"]["tags"] == []


def test_tag_calls_answer_with_all_tags_in_lower_case(api: Any) -> None:  # SPEC; ten integrators
    id = api.new(**ADA, tags=["One"])

    added = api("POST", f"/contacts/{id}/tags", {"tags": ["TWO", "two ", "one"]})
    left = api("DELETE", f"/contacts/{id}/tags", {"tags": ["ONE", "never there"]})

    assert (added.status, added.json["tags"]) == (201, ["one", "two"])
    assert (left.status, left.json["tags"]) == (200, ["two"])


def test_a_day_of_birth_is_written_by_each_call_in_its_own_way(api: Any) -> None:  # SPEC, #314
    made = api.create(**ADA, dateOfBirth="12/10/1815").json["contact"]
    assert made["dateOfBirth"] == "1815-12-10T00:00:00.000Z"
    assert (made["birthMonth"], made["birthDay"]) == (12, 10)
    assert api.get(made["id"]).json["contact"]["dateOfBirth"] == "1815-12-10"


def test_v3_create_answers_as_a_read_does(api: Any) -> None:  # SPEC v3
    api.version = "v3"
    made = api.create(**ADA, dateOfBirth="1815-12-10").json["contact"]
    assert made == api.get(made["id"]).json["contact"]
