"""The authorise page: the person picks at once, or there is a choice to click on."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from ops.simulator.oauth_settings import App

APP = App()
ASKED = {
    "response_type": "code",
    "client_id": APP.client_id,
    "redirect_uri": "https://ours.example/oauth?from=crm",
    "scope": "contacts.readonly contacts.write",
    "state": "a b&c",
}
WORLD = {"locations": [{"id": "loc1", "name": "<One>"}, {"id": "loc2"}]}


def show(one: Any, path: str = "/v2/oauth/chooselocation", **more: str) -> httpx.Response:
    return httpx.get(f"{one.url}{path}?{urlencode({**ASKED, **more})}")


@pytest.mark.parametrize("path", ["/oauth/chooselocation", "/v2/oauth/chooselocation"])
def test_it_goes_back_with_a_code_and_the_state(simulator: Any, path: str) -> None:
    answer = show(simulator(**WORLD), path)

    target = urlsplit(answer.headers["location"])
    given = parse_qs(target.query)
    assert answer.status_code == 302
    assert (target.netloc, target.path) == ("ours.example", "/oauth")
    assert (given["from"], given["state"], len(given["code"][0])) == (["crm"], ["a b&c"], 40)


def test_the_code_is_for_what_the_person_picked(simulator: Any) -> None:
    one = simulator(**WORLD, oauth={"chooses": "loc2"})
    code = parse_qs(urlsplit(show(one).headers["location"]).query)["code"][0]
    form = {
        "client_id": APP.client_id, "client_secret": APP.client_secret, "code": code,
        "grant_type": "authorization_code", "redirect_uri": ASKED["redirect_uri"],
    }  # fmt: skip

    found = httpx.post(f"{one.url}/oauth/token", data=form).json()

    assert (found["locationId"], found["scope"]) == ("loc2", ASKED["scope"])


def test_the_person_may_pick_the_agency(simulator: Any) -> None:
    one = simulator(**WORLD, oauth={"chooses": "agency"})
    show(one)
    assert [place["location"] for place in one.oauth()["installed"]] == [None, "loc1", "loc2"]


def test_a_choice_is_a_page_with_links(simulator: Any) -> None:
    one = simulator(**WORLD, oauth={"page": "choice"})

    page = show(one)
    clicked = show(one, pick="loc2")

    assert page.status_code == 200
    assert "&lt;One&gt;" in page.text
    assert "pick=agency" in page.text
    assert clicked.status_code == 302
    assert [place["location"] for place in one.oauth()["installed"]] == ["loc2"]


@pytest.mark.parametrize(
    ("oauth", "more", "word"),
    [
        pytest.param({}, {"client_id": "x"}, "error.noappfound", id="guess: no app"),
        pytest.param({"apps": [{"draft": True}]}, {}, "error.noversionid", id="live: draft"),
        pytest.param({}, {"response_type": "token"}, "error.responsetype", id="guess: no code"),
        pytest.param({}, {"redirect_uri": "ours"}, "error.redirecturi", id="guess: no address"),
        pytest.param({}, {"redirect_uri": "http://[x"}, "error.redirecturi", id="guess: broken"),
        pytest.param({"apps": [{"redirects": ["https://a.example"]}]}, {}, "error.redirecturi",
                     id="guess: another address"),
        pytest.param({}, {"scope": "users.write"}, "error.invalidscope", id="guess: too much"),
        pytest.param({}, {"pick": "nowhere"}, "error.nolocation", id="guess: no location"),
    ],
)  # fmt: skip
def test_a_page_that_cannot_be_shown_says_why(
    simulator: Any, oauth: dict[str, Any], more: dict[str, str], word: str
) -> None:
    answer = show(simulator(**WORLD, oauth=oauth), **more)
    assert answer.status_code == 400
    assert word in answer.text


def test_a_draft_opens_with_its_version(simulator: Any) -> None:  # live
    one = simulator(**WORLD, oauth={"apps": [{"draft": True}]})
    assert show(one, version_id=APP.version_id).status_code == 302
