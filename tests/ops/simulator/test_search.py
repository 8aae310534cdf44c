"""`POST /contacts/search`: rows of its own, from an index that comes late."""

from __future__ import annotations

from typing import Any

import pytest

HERE = "loc1"
ADA = {"email": "ada@example.com", "firstName": "Ada", "lastName": "McByron"}


def search(api: Any, **more: Any) -> Any:
    return api("POST", "/contacts/search", {"locationId": HERE, "pageLimit": 10, **more})


def made(api: Any, clock: Any, number: int) -> list[str]:
    ids = []
    for n in range(number):
        clock.tick(1)
        ids.append(api.create(email=f"s{n}@example.com").json["contact"]["id"])
    return ids


@pytest.mark.parametrize("missing", ["locationId", "pageLimit"])
def test_it_needs_a_location_and_a_limit(stand_in: Any, missing: str) -> None:  # 31
    body = {"locationId": HERE, "pageLimit": 10}
    del body[missing]
    assert stand_in()("POST", "/contacts/search", body).status == 422


def test_a_page_has_500_rows_at_most(stand_in: Any) -> None:
    assert search(stand_in(), pageLimit=501).status == 422


def test_a_row_is_not_what_a_read_shows(stand_in: Any) -> None:  # 314, 10
    api = stand_in()
    api.create(**ADA, address1="1 Main St", dateOfBirth="1970-01-02")

    (row,) = search(api).json["contacts"]

    assert (row["firstName"], row["lastName"], row["contactName"]) == (
        "ada", "mcbyron", "ada mcbyron",
    )  # fmt: skip
    assert (row["address"], "address1" in row) == ("1 Main St", False)
    assert row["dateOfBirth"] == 86_400_000
    assert row["city"] is None


def test_by_switch_it_has_the_typed_names_too(stand_in: Any) -> None:
    api = stand_in(quirks={"search_names": "raw"})
    api.create(**ADA)

    (row,) = search(api).json["contacts"]

    assert row["lastNameRaw"] == "McByron"


def test_the_last_row_of_a_page_says_where_the_next_begins(stand_in: Any, clock: Any) -> None:
    api = stand_in()
    ids = made(api, clock, 5)
    sort = [{"field": "dateUpdated", "direction": "asc"}]

    first = search(api, pageLimit=3, sort=sort).json["contacts"]
    rest = search(api, pageLimit=3, sort=sort, searchAfter=first[-1]["searchAfter"]).json

    assert [row["id"] for row in (*first, *rest["contacts"])] == ids
    assert rest["total"] == 5


def test_the_newest_change_comes_first_if_it_is_asked_for(stand_in: Any, clock: Any) -> None:
    api = stand_in()
    ids = made(api, clock, 3)
    clock.tick(1)
    api.update(ids[0], city="Paris")

    found = search(api, sort=[{"field": "dateUpdated", "direction": "desc"}]).json["contacts"]

    assert [row["id"] for row in found] == [ids[0], ids[2], ids[1]]


def test_a_field_that_it_does_not_know_is_400(stand_in: Any) -> None:  # 289
    answer = search(stand_in(), filters=[{"field": "height", "operator": "eq", "value": 1}])
    assert (answer.status, answer.said) == (400, "Invalid field height")


def test_filters_and_groups_of_them(stand_in: Any) -> None:
    api = stand_in()
    api.create(**ADA, tags=["vip"])
    api.create(email="bo@example.com")
    either = [{"field": "tags", "operator": "eq", "value": "vip"},
              {"field": "email", "operator": "contains", "value": "bo@"}]  # fmt: skip

    assert search(api, filters=either).json["total"] == 0
    assert search(api, filters=[{"group": "OR", "filters": either}]).json["total"] == 2
    assert search(api, filters=[{"field": "phone", "operator": "exists"}]).json["total"] == 0


def test_a_range_of_times(stand_in: Any, clock: Any) -> None:
    api = stand_in()
    made(api, clock, 3)
    since = int(clock() * 1000)

    found = search(
        api, filters=[{"field": "dateUpdated", "operator": "range", "value": {"gte": since}}]
    )

    assert found.json["total"] == 1


def test_the_index_is_late_and_a_read_is_not(stand_in: Any, clock: Any) -> None:  # 289
    api = stand_in(quirks={"search_lag_s": 12})
    (id,) = made(api, clock, 1)

    assert search(api).json["contacts"] == []
    assert api.get(id).status == 200
    clock.tick(12)
    assert search(api).json["total"] == 1


def test_pages_by_number_end_at_ten_thousand(stand_in: Any) -> None:
    assert search(stand_in(), pageLimit=500, page=21).status == 400
    assert search(stand_in(), page=1, searchAfter=[1, "x"]).status == 400


@pytest.mark.parametrize(
    "field",
    ["dndSettings.Email.status", "dndSettings.SMS.status", "dndSettings.Call.status",
     "inboundDndSettings.all.status"],
)  # fmt: skip
def test_channels_of_dnd_can_be_looked_for(api: Any, field: str) -> None:  # 279, since 2026-06
    told, channel, _ = field.split(".")
    id = api.new(name="Ada", **{told: {channel: {"status": "active"}}})
    api.new(name="Grace")
    filters = [{"field": field, "operator": "eq", "value": "active"}]

    answer = api(
        "POST", "/contacts/search", {"locationId": "loc1", "pageLimit": 9, "filters": filters}
    )

    assert [row["id"] for row in answer.json["contacts"]] == [id]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"query": "x" * 76}, 422),
        ({"filters": [{"field": "email", "operator": "eq", "value": "x" * 76}]}, 422),
        ({"filters": [{"field": "email", "operator": "like", "value": "x"}]}, 422),
        ({"filters": ["email"]}, 422),
        ({"filters": [{"group": "NOT", "filters": []}]}, 422),
        ({"filters": [{"field": "dateAdded", "operator": "range", "value": 5}]}, 422),
        ({"filters": [{"field": "dateAdded", "operator": "range", "value": {"gte": "x"}}]}, 400),
        ({"sort": ["email"]}, 422),
        ({"sort": [{"field": "dateAdded", "direction": "up"}]}, 422),
        ({"searchAfter": ["x"]}, 400),
        ({"page": 0}, 422),
        ({"page": 1.5}, 422),
    ],
)
def test_what_is_no_search_is_named(api: Any, more: Any, status: int) -> None:
    body = {"locationId": "loc1", "pageLimit": 9, **more}
    assert api("POST", "/contacts/search", body).status == status
