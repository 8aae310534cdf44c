"""``GET /contacts/``: order, the cursor of two values, the shape of a row, and its lag.

PIPEDREAM is PipedreamHQ/pipedream#21941; #N issues of GoHighLevel/highlevel-api-docs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


def listed(api: Any, **query: Any) -> dict[str, Any]:
    words = "&".join(f"{name}={value}" for name, value in {"locationId": "loc1", **query}.items())
    answer = api("GET", f"/contacts/?{words}")
    assert answer.status == 200, answer.json
    return dict(answer.json)


def ids(page: dict[str, Any]) -> list[str]:
    return [row["id"] for row in page["contacts"]]


def pages(api: Any, limit: int) -> Iterator[list[str]]:
    cursor: dict[str, Any] = {}
    while page := ids(found := listed(api, limit=limit, **cursor)):
        yield page
        cursor = {name: found["meta"][name] for name in ("startAfter", "startAfterId")}


@pytest.fixture
def seven(api: Any, clock: Any) -> list[str]:
    """Seven contacts, newest first."""
    made = []
    for number in range(7):
        clock.tick(1)
        made.append(api.new(email=f"{number}@example.org"))
    return made[::-1]


def test_newest_first_and_everybody_once(api: Any, seven: list[str]) -> None:  # PIPEDREAM
    assert list(pages(api, 3)) == [seven[:3], seven[3:6], seven[6:]]


@pytest.mark.parametrize("half", ["startAfter", "startAfterId"])
def test_half_a_cursor_gives_the_first_page_again(  # PIPEDREAM
    api: Any, seven: list[str], half: str
) -> None:
    first = listed(api, limit=3)
    again = listed(api, limit=3, **{half: first["meta"][half]})
    assert ids(again) == ids(first) == seven[:3]
    assert again["meta"] == first["meta"]


def test_a_cursor_can_be_ignored_altogether(stand_in: Any) -> None:
    api = stand_in(quirks={"list_cursor": "ignored"})
    api.new(email="a@example.org")
    first = listed(api)
    cursor = {name: first["meta"][name] for name in ("startAfter", "startAfterId")}
    assert ids(listed(api, **cursor)) == ids(first)


def test_what_meta_says(api: Any, seven: list[str]) -> None:  # SPEC
    first = listed(api, limit=3)["meta"]
    cursor = {name: first[name] for name in ("startAfter", "startAfterId")}
    second, last = listed(api, limit=3, **cursor)["meta"], listed(api, limit=100)["meta"]

    assert (first["total"], first["currentPage"], first["nextPage"], first["prevPage"]) == (
        7, 1, 2, None,
    )  # fmt: skip
    assert (second["currentPage"], second["nextPage"], second["prevPage"]) == (2, 3, 1)
    assert first["nextPageUrl"].startswith("http://localhost:5058/contacts/?locationId=loc1&")
    assert first["startAfterId"] == seven[2]
    assert (last["nextPage"], last["nextPageUrl"]) == (None, None)


def test_twenty_by_default_and_a_hundred_at_most(api: Any, clock: Any) -> None:  # SPEC
    for number in range(105):
        clock.tick(0.2)
        api.new(email=f"{number}@example.org")
    assert len(ids(listed(api))) == 20
    assert len(ids(listed(api, limit=500))) == 100


def test_contacts_of_one_millisecond_are_all_there(api: Any) -> None:
    made = {api.new(email=f"{number}@example.org") for number in range(7)}
    found = [id for page in pages(api, 3) for id in page]
    assert len(found) == 7
    assert set(found) == made


def test_contacts_of_one_millisecond_can_get_lost(stand_in: Any) -> None:
    api = stand_in(quirks={"list_ties": "lost"})
    for number in range(7):
        api.new(email=f"{number}@example.org")
    assert [len(page) for page in pages(api, 3)] == [3]


def test_a_row_spells_names_in_lower_case(api: Any) -> None:  # SPEC, #10
    api.new(name="Ada Lovelace", email="Ada@example.org", tags=["A"])
    row = listed(api)["contacts"][0]
    assert (row["firstName"], row["lastName"]) == ("ada", "lovelace")
    assert (row["firstNameRaw"], row["lastNameRaw"]) == ("Ada", "Lovelace")
    assert row["contactName"] == "Ada Lovelace"
    assert row["tags"] == ["a"]
    assert "name" not in row


@pytest.mark.parametrize(
    ("switch", "born"), [("epoch", 86_400_000), ("date", "1970-01-02"), ("absent", None)]
)
def test_a_day_of_birth_in_a_row(stand_in: Any, switch: str, born: Any) -> None:  # 314
    api = stand_in(quirks={"list_date_of_birth": switch})
    api.new(email="a@example.org", dateOfBirth="1970-01-02")
    assert listed(api)["contacts"][0].get("dateOfBirth") == born


def test_query_looks_into_name_email_and_phone(api: Any) -> None:
    api.new(name="Ada Lovelace")
    api.new(email="grace@example.org")
    page = listed(api, query="LOVE")
    assert [row["contactName"] for row in page["contacts"]] == ["Ada Lovelace"]
    assert page["meta"]["total"] == 1


def test_the_deleted_are_not_listed(api: Any, seven: list[str]) -> None:
    api("DELETE", f"/contacts/{seven[3]}")
    page = listed(api)
    assert ids(page) == seven[:3] + seven[4:]
    assert page["meta"]["total"] == 6


def test_a_list_lags_and_a_read_does_not(stand_in: Any, clock: Any) -> None:  # 289
    api = stand_in(quirks={"list_lag_s": 12})
    old = api.new(email="old@example.org", city="Rome")
    gone = api.new(email="gone@example.org")
    clock.tick(20)
    api.update(old, city="Oslo")
    api("DELETE", f"/contacts/{gone}")
    new = api.new(email="new@example.org")

    clock.tick(11.9)
    page = listed(api)
    assert set(ids(page)) == {old, gone}
    assert page["meta"]["total"] == 2
    assert {row.get("city") for row in page["contacts"]} == {"Rome", None}
    assert api.get(old).json["contact"]["city"] == "Oslo"

    clock.tick(0.1)
    page = listed(api)
    assert set(ids(page)) == {old, new}
    assert {row.get("city") for row in page["contacts"]} == {"Oslo", None}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "locationId should not be empty"),
        ("locationId=loc1&page=2", "property page should not exist"),
        ("locationId=loc1&limit=0", "limit must be a positive number"),
        ("locationId=loc1&limit=many", "limit must be a positive number"),
        ("locationId=loc1&startAfter=x&startAfterId=y", "startAfter must be a positive number"),
    ],
)
def test_a_query_is_as_strict_as_a_body(api: Any, query: str, said: str) -> None:
    answer = api("GET", f"/contacts/?{query}")
    assert (answer.status, answer.said) == (422, [said])
