"""Followers of a contact; the specification's samples."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def path(api: Any) -> str:
    return f"/contacts/{api.new(email='ada@example.org')}/followers"


def test_followers_are_added_once(api: Any, path: str) -> None:
    api("POST", path, {"followers": ["user1"]})

    answer = api("POST", path, {"followers": ["user1", "user2", "user2"]})

    assert answer.status == 201
    assert answer.json["followers"] == ["user1", "user2"]
    assert answer.json["followersAdded"] == ["user2"]


def test_followers_are_removed(api: Any, path: str) -> None:
    api("POST", path, {"followers": ["user1", "user2"]})

    answer = api("DELETE", path, {"followers": ["user2", "user3"]})

    assert answer.status == 200
    assert answer.json["followers"] == ["user1"]
    assert answer.json["followersRemoved"] == ["user2"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "followers must be an array"),
        ({"followers": "user1"}, "followers must be an array"),
        ({"followers": [], "locationId": "loc1"}, "property locationId should not exist"),
    ],
)
def test_its_body_is_strict(api: Any, path: str, body: Any, said: str) -> None:
    answer = api("POST", path, body)
    assert (answer.status, answer.said) == (422, [said])


def test_a_list_shows_them(api: Any, path: str) -> None:
    api("POST", path, {"followers": ["user1"]})
    assert api("GET", "/contacts/?locationId=loc1").json["contacts"][0]["followers"] == ["user1"]
