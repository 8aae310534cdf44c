"""The dictionary of tags. SPEC is the published specification of locations."""

from __future__ import annotations

from typing import Any

import pytest

TAGS = "/locations/loc1/tags"


def names(api: Any) -> list[str]:
    return [one["name"] for one in api("GET", TAGS).json["tags"]]


def made(api: Any, name: str) -> str:
    answer = api("POST", TAGS, {"name": name})
    assert answer.status == 200, answer.json  # SPEC
    return str(answer.json["tag"]["id"])


def test_a_tag_from_its_making_to_its_end(api: Any) -> None:
    id = made(api, "Alumni")
    assert api("GET", f"{TAGS}/{id}").json["tag"] == {
        "id": id, "name": "Alumni", "locationId": "loc1",
    }  # fmt: skip
    assert api("PUT", f"{TAGS}/{id}", {"name": "Graduate"}).json["tag"]["name"] == "Graduate"
    assert names(api) == ["Graduate"]
    answer = api("DELETE", f"{TAGS}/{id}")
    assert (answer.status, answer.json["succeded"]) == (200, True)
    assert names(api) == []
    assert api("GET", f"{TAGS}/{id}").status == 400


def test_names_may_differ_in_case_alone(api: Any) -> None:  # reported by integrators
    made(api, "VIP")
    made(api, "vip")
    assert names(api) == ["VIP", "vip"]


@pytest.mark.parametrize(("switch", "status"), [("refused", 400), ("made", 200)])
def test_a_second_one_of_the_same_spelling(stand_in: Any, switch: str, status: int) -> None:
    api = stand_in(quirks={"double_names": switch})
    made(api, "vip")
    assert api("POST", TAGS, {"name": "vip"}).status == status


@pytest.mark.parametrize(("fills", "known"), [(True, ["a", "b"]), (False, [])])
def test_tags_of_contacts_come_into_it(stand_in: Any, fills: bool, known: list[str]) -> None:
    api = stand_in(quirks={"tags_fill_dictionary": fills})
    id = api.new(name="A", tags=["A"])
    api("POST", f"/contacts/{id}/tags", {"tags": ["b", "a"]})
    assert names(api) == known


@pytest.mark.parametrize(("reach", "left"), [(True, ["x"]), (False, ["a", "b"])])
def test_changes_of_it_reach_contacts_or_not(stand_in: Any, reach: bool, left: list[str]) -> None:
    api = stand_in(quirks={"tag_changes_reach_contacts": reach})
    id = api.new(name="A", tags=["a", "b"])
    a, b = (one["id"] for one in api("GET", TAGS).json["tags"])
    api("PUT", f"{TAGS}/{a}", {"name": "X"})
    api("DELETE", f"{TAGS}/{b}")
    assert api.get(id).json["contact"]["tags"] == left


def test_a_tag_that_was_taken_away_stays_away(api: Any) -> None:
    id = api.new(name="A", tags=["a"])
    tag = api("GET", TAGS).json["tags"][0]["id"]
    api("DELETE", f"{TAGS}/{tag}")
    api.update(id, city="Oslo")
    assert names(api) == []


def test_its_body_is_strict(api: Any) -> None:
    answer = api("POST", TAGS, {"name": "", "color": "red"})
    assert answer.said == ["property color should not exist", "name should not be empty"]


def test_it_has_scopes_of_its_own(stand_in: Any) -> None:  # SPEC: locations/tags.*
    api = stand_in(
        tokens=[{"token": "pit-secret", "location": "loc1", "scopes": ["locations/tags.readonly"]}]
    )
    assert api("GET", TAGS).status == 200
    assert api("POST", TAGS, {"name": "a"}).status == 401
