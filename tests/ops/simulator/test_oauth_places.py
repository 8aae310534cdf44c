"""Where an app is installed, page by page. The id of a case names its source, as in test_oauth."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from ops.simulator import oauth_people
from ops.simulator.oauth_settings import App

APP = App()
PLACES = [{"id": f"loc{n}", "name": f"School {n}"} for n in range(5)]


class Agency:
    """A stand-in of five locations with an app at three of them, asked with the agency's token."""

    def __init__(self, api: Any) -> None:
        self.api = api
        code = oauth_people.installs(
            api.standin, APP, None, locations=("loc0", "loc1", "loc3"), future=True
        )
        api.token = api.standin.world.grants.spend(code).access

    def old(self, **query: Any) -> Any:
        return self._get("2021-07-28", "/oauth/installedLocations", query)

    def new(self, **query: Any) -> Any:
        return self._get("v3", "/oauth/installed-locations", query)

    def _get(self, version: str, path: str, query: dict[str, Any]) -> Any:
        self.api.version = version
        asked = {"companyId": "comp_simulator", "appId": APP.id, **query}
        return self.api("GET", f"{path}?{urlencode(asked)}")


@pytest.fixture
def agency(stand_in: Any) -> Agency:
    return Agency(stand_in(locations=PLACES, tokens=[]))


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [str(row["_id"]) for row in rows]


def test_the_older_list_goes_by_skip_and_limit(agency: Agency) -> None:  # SPEC
    found = agency.old(skip=1, limit=2).json
    assert ids(found["locations"]) == ["loc1", "loc2"]
    assert found["count"] == 5
    assert found["installToFutureLocations"] is True


def test_a_row_tells_whether_the_app_is_there(agency: Agency) -> None:  # SPEC
    rows = agency.old().json["locations"]
    assert [row["isInstalled"] for row in rows] == [True, True, False, True, False]
    assert rows[0]["versionId"] == APP.version_id
    assert "installedAt" not in rows[2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"isInstalled": "true"}, ["loc0", "loc1", "loc3"]),
        ({"isInstalled": "false"}, ["loc2", "loc4"]),
        ({"query": "school 4"}, ["loc4"]),
        ({"locationId": "loc3"}, ["loc3"]),
    ],
)
def test_the_list_can_be_narrowed(agency: Agency, query: dict[str, str], found: list[str]) -> None:
    assert ids(agency.old(**query).json["locations"]) == found


def test_the_new_list_is_walked_by_its_tokens(agency: Agency) -> None:  # SPEC v3
    seen, token = [], {}
    for _ in range(3):
        found = agency.new(pageSize=2, **token).json
        seen += ids(found["items"])
        token = {"pageToken": found["pagination"].get("nextPageToken", "")}
    assert seen == ["loc0", "loc1", "loc2", "loc3", "loc4"]
    assert found["pagination"]["hasNextPage"] is False
    assert found["pagination"]["hasPrevPage"] is True


@pytest.mark.parametrize(
    "query",
    [
        {"pageSize": 0}, {"pageSize": 101}, {"pageSize": "x"}, {"pageToken": "x"},
        {"pageToken": "W10"}, {"pageToken": "é"}, {"pageSize": "\uff19"},
    ],
)  # fmt: skip
def test_a_wrong_page_is_told_in_the_envelope(agency: Agency, query: Any) -> None:  # SPEC v3
    answer = agency.new(**query)
    assert answer.status == 400
    assert answer.json["error"]["code"] == "INVALID_ARGUMENT"


def test_another_app_is_not_found(agency: Agency) -> None:
    assert agency.new(appId="x").status == 404
    assert agency.old(appId="x").status == 400


def test_agency_and_app_must_be_named(agency: Agency) -> None:
    said = ["companyId should not be empty", "appId should not be empty"]
    assert agency.old(companyId="", appId="").said == said


def test_numbers_are_numbers(agency: Agency) -> None:
    assert agency.old(limit="many").status == 422
