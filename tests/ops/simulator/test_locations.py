"""A location and its custom fields."""

from __future__ import annotations

from typing import Any


def test_what_a_location_tells(stand_in: Any) -> None:  # SPEC
    api = stand_in(
        locations=[
            {"id": "loc1", "name": "School", "country": "DE", "timezone": "Europe/Berlin"}
        ]
    )  # fmt: skip
    found = api("GET", "/locations/loc1").json["location"]
    assert {name: found[name] for name in ("id", "name", "country", "timezone")} == {
        "id": "loc1", "name": "School", "country": "DE", "timezone": "Europe/Berlin",
    }  # fmt: skip


def test_the_key_of_a_custom_field_begins_with_contact(api: Any) -> None:  # SPEC
    fields = api("GET", "/locations/loc1/customFields?model=contact").json["customFields"]
    assert [field["fieldKey"] for field in fields] == [
        "contact.level", "contact.score", "contact.topics",
    ]  # fmt: skip
    assert fields[1]["dataType"] == "NUMERICAL"
    assert fields[2]["picklistOptions"] == ["a", "b"]


def test_there_are_no_fields_of_opportunities(api: Any) -> None:
    found = api("GET", "/locations/loc1/customFields?model=opportunity").json
    assert found["customFields"] == []
