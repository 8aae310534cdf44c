"""Contacts of a company."""

from __future__ import annotations

from typing import Any

import pytest

COMPANY = "63b7ec34ea409a9a8bd2a4ff"


def tie(api: Any, ids: list[str], business: str | None = COMPANY) -> Any:
    body = {"locationId": "loc1", "ids": ids, "businessId": business}
    return api("POST", "/contacts/bulk/business", body)


def listed(api: Any, more: str = "") -> Any:
    return api("GET", f"/contacts/business/{COMPANY}?locationId=loc1{more}")


@pytest.fixture
def three(api: Any, clock: Any) -> list[str]:
    """Three contacts, newest first."""
    made = []
    for name in "abc":
        clock.tick(1)
        made.append(api.new(email=f"{name}@example.org"))
    return made[::-1]


def test_contacts_come_into_a_company(api: Any, three: list[str]) -> None:  # SPEC
    answer = tie(api, three[:2])

    assert answer.status == 200
    assert (answer.json["success"], answer.json["ids"]) == (True, three[:2])
    assert api.get(three[0]).json["contact"]["businessId"] == COMPANY
    found = listed(api).json
    assert [one["id"] for one in found["contacts"]] == three[:2]
    assert found["count"] == 2


def test_null_takes_them_out(api: Any, three: list[str]) -> None:  # SPEC
    tie(api, three)
    tie(api, three[:1], None)
    assert listed(api).json["count"] == 2
    assert "businessId" not in api.get(three[0]).json["contact"]


def test_ids_of_nobody_are_left_out(api: Any, three: list[str]) -> None:
    api("DELETE", f"/contacts/{three[0]}")
    assert tie(api, [*three, "nobody"]).json["ids"] == three[1:]


@pytest.mark.parametrize(("number", "status"), [(50, 200), (51, 422)])
def test_fifty_at_most(api: Any, number: int, status: int) -> None:  # SPEC: v3's text
    answer = tie(api, [str(n) for n in range(number)])
    assert answer.status == status
    if status == 422:
        assert answer.said == ["ids must contain no more than 50 elements"]


def test_the_company_must_be_named_or_null(api: Any) -> None:  # SPEC: required
    answer = api("POST", "/contacts/bulk/business", {"locationId": "loc1", "ids": []})
    assert (answer.status, answer.said) == (422, ["businessId must be a string"])


def test_pages_of_a_company(api: Any, three: list[str]) -> None:  # SPEC: limit, skip, query
    tie(api, three)
    assert [one["id"] for one in listed(api, "&limit=1&skip=1").json["contacts"]] == [three[1]]
    assert [one["id"] for one in listed(api, "&query=B@").json["contacts"]] == [three[1]]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "locationId should not be empty"),
        ("locationId=loc1&limit=x", "limit must be a number string"),
        ("locationId=loc1&skip=-1", "skip must be a number string"),
    ],
)
def test_a_query_is_checked(api: Any, query: str, said: str) -> None:
    answer = api("GET", f"/contacts/business/{COMPANY}?{query}")
    assert (answer.status, answer.said) == (422, [said])
