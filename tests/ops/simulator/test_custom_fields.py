"""The dictionary of custom fields. SPEC is the published specification of locations."""

from __future__ import annotations

from typing import Any

import pytest

FIELDS = "/locations/loc1/customFields"
ASK = {"name": "First Course", "dataType": "TEXT"}


def made(api: Any, **more: Any) -> dict[str, Any]:
    answer = api("POST", FIELDS, {**ASK, **more})
    assert answer.status == 201, answer.json  # SPEC
    return dict(answer.json["customField"])


def test_the_key_is_made_of_the_name(api: Any) -> None:
    found = made(api, placeholder="Which?", position=7)
    assert found == {
        "id": found["id"],
        "name": "First Course",
        "fieldKey": "contact.first_course",
        "placeholder": "Which?",
        "dataType": "TEXT",
        "position": 7,
        "model": "contact",
        "locationId": "loc1",
    }


def test_a_new_field_can_be_written(api: Any) -> None:
    field = made(api)
    id = api.new(name="A", customFields=[{"key": "first_course", "field_value": "Bread"}])
    shown = api.get(id).json["contact"]["customFields"]
    assert shown == [{"id": field["id"], "value": "Bread"}]


def test_a_change_leaves_the_key(api: Any) -> None:
    id = made(api)["id"]
    api("PUT", f"{FIELDS}/{id}", {"name": "Last Course", "textBoxListOptions": ["a", "b"]})
    field = api("GET", f"{FIELDS}/{id}").json["customField"]
    assert (field["name"], field["fieldKey"]) == ("Last Course", "contact.first_course")
    assert field["picklistOptions"] == ["a", "b"]


def test_a_field_that_is_gone(api: Any) -> None:
    id = made(api)["id"]
    assert api("DELETE", f"{FIELDS}/{id}").json["succeded"] is True
    assert api("GET", f"{FIELDS}/{id}").status == 400
    assert api("PUT", f"{FIELDS}/{id}", {"name": "x"}).status == 400
    assert api("DELETE", f"{FIELDS}/{id}").status == 400


def test_fields_of_the_config_can_be_changed_too(api: Any) -> None:
    api("PUT", f"{FIELDS}/cfLevel", {"name": "Grade"})
    api("DELETE", f"{FIELDS}/cfScore")
    found = [one["name"] for one in api("GET", FIELDS).json["customFields"]]
    assert found == ["Grade", "topics"]


def test_a_change_of_switches_leaves_what_calls_made(api: Any) -> None:
    made(api)
    api.standin.told(api.standin.world.config)
    assert len(api("GET", FIELDS).json["customFields"]) == 4


@pytest.mark.parametrize(("model", "number"), [("contact", 3), ("opportunity", 1), ("all", 4)])
def test_models(api: Any, model: str, number: int) -> None:  # SPEC
    assert made(api, model="opportunity")["fieldKey"] == "opportunity.first_course"
    assert len(api("GET", f"{FIELDS}?model={model}").json["customFields"]) == number


def test_another_model_is_none(api: Any) -> None:
    assert api("GET", f"{FIELDS}?model=company").status == 422
    assert api("POST", FIELDS, {**ASK, "model": "company"}).status == 422


@pytest.mark.parametrize(("switch", "status"), [("refused", 400), ("made", 201)])
def test_a_second_one_of_the_same_name(stand_in: Any, switch: str, status: int) -> None:
    api = stand_in(quirks={"double_names": switch})
    made(api)
    answer = api("POST", FIELDS, ASK)
    assert answer.status == status
    if status == 201:
        assert answer.json["customField"]["fieldKey"] == "contact.first_course_2"


def test_it_needs_name_and_type(api: Any) -> None:  # SPEC
    answer = api("POST", FIELDS, {})
    assert answer.said == ["name should not be empty", "dataType should not be empty"]


def test_an_endless_name_or_number_is_survived(api: Any) -> None:
    assert len(made(api, name="x" * 5000)["fieldKey"]) < 200
    assert api("POST", FIELDS, {**ASK, "position": 1e300}).status == 422
    id = api.new(name="A", customFields=[{"id": "cfScore", "field_value": "1e300"}])
    assert api.get(id).json["contact"]["customFields"] == [{"id": "cfScore", "value": 1e300}]
