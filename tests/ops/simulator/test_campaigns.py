"""Campaigns and workflows of a contact."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def ada(api: Any) -> str:
    return str(api.new(email="ada@example.org"))


def ties(api: Any, id: str) -> Any:
    return api.standin.world.find(id).ties


def test_a_contact_comes_into_a_campaign_once(api: Any, ada: str) -> None:  # SPEC: 201
    for _ in range(2):
        assert api("POST", f"/contacts/{ada}/campaigns/c1", {}).status == 201
    assert ties(api, ada).campaigns == ("c1",)


def test_a_contact_leaves_one_campaign(api: Any, ada: str) -> None:
    for one in ("c1", "c2"):
        api("POST", f"/contacts/{ada}/campaigns/{one}")
    assert api("DELETE", f"/contacts/{ada}/campaigns/c1").status == 200
    assert ties(api, ada).campaigns == ("c2",)


@pytest.mark.parametrize(("version", "path"), [("2021-07-28", "removeAll"), ("v3", "remove-all")])
def test_a_contact_leaves_all_campaigns(  # SPEC: renamed
    api: Any, ada: str, version: str, path: str
) -> None:
    api.version = version
    for one in ("c1", "c2"):
        api("POST", f"/contacts/{ada}/campaigns/{one}")
    assert api("DELETE", f"/contacts/{ada}/campaigns/{path}").status == 200
    assert ties(api, ada).campaigns == ()


def test_a_campaign_takes_an_empty_object(api: Any, ada: str) -> None:  # SPEC
    answer = api("POST", f"/contacts/{ada}/campaigns/c1", {"locationId": "loc1"})
    assert (answer.status, answer.said) == (422, ["property locationId should not exist"])


@pytest.mark.parametrize(
    ("switches", "status"),
    [
        pytest.param({}, 201, id="live: integrators' measurements of August 2026"),
        pytest.param({"workflow_add_status": 200}, 200, id="SPEC"),
    ],
)
def test_the_status_of_a_new_workflow(stand_in: Any, switches: Any, status: int) -> None:
    api = stand_in(quirks=switches)
    id = api.new(email="ada@example.org")
    begins = "2021-06-23T03:30:00+01:00"

    answer = api("POST", f"/contacts/{id}/workflow/w1", {"eventStartTime": begins})

    assert answer.status == status
    assert ties(api, id).workflows == {"w1": begins}


def test_a_contact_leaves_a_workflow(api: Any, ada: str) -> None:
    api("POST", f"/contacts/{ada}/workflow/w1")
    assert api("DELETE", f"/contacts/{ada}/workflow/w1").status == 200
    assert ties(api, ada).workflows == {}


def test_a_workflow_wants_a_time(api: Any, ada: str) -> None:
    answer = api("POST", f"/contacts/{ada}/workflow/w1", {"eventStartTime": "soon"})
    assert answer.said == ["eventStartTime must be a valid ISO 8601 date string"]
