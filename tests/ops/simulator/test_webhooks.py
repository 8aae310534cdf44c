"""Which webhooks a change causes, and what they hold. SPEC: the official documents of events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.simulator import webhooks
from ops.simulator.world import Contact


@pytest.fixture
def ada(api: Any) -> Contact:
    found: Contact = api.standin.world.find(api.new(name="Ada", email="ada@example.org"))
    return found


def caused(api: Any, old: Contact | None, new: Contact) -> list[dict[str, Any]]:
    return list(webhooks.caused(old, new, api.standin.world.config.quirks))


def with_values(one: Contact, **values: Any) -> Contact:
    return replace(one, values={**one.values, **values})


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ({"city": "Oslo"}, ["ContactUpdate"]),
        ({"dnd": True}, ["ContactDndUpdate"]),
        ({"dndSettings": {"SMS": {"status": "active"}}}, ["ContactDndUpdate"]),
        ({"inboundDndSettings": {"all": {"status": "active"}}}, ["ContactDndUpdate"]),
        ({"dnd": True, "city": "Oslo"}, ["ContactUpdate", "ContactDndUpdate"]),
        ({"firstName": "Ada"}, []),
    ],
)
def test_what_is_told_of_a_change(
    api: Any, ada: Contact, values: dict[str, Any], kinds: list[str]
) -> None:
    assert [one["type"] for one in caused(api, ada, with_values(ada, **values))] == kinds


def test_channels_are_told_but_not_those_that_come_in(api: Any, ada: Contact) -> None:  # SPEC, #264
    channels = {"SMS": {"status": "active"}}
    new = with_values(ada, dndSettings=channels, inboundDndSettings={"all": {"status": "active"}})
    (told,) = caused(api, ada, new)
    assert told["dndSettings"] == channels
    assert "inboundDndSettings" not in told


def test_an_event_is_flat_and_names_no_change(api: Any, ada: Contact) -> None:  # SPEC
    (told,) = caused(api, ada, with_values(ada, city="Oslo"))
    assert (told["city"], told["email"]) == ("Oslo", "ada@example.org")
    assert not {"data", "dateUpdated", "changes"} & told.keys()


def test_ties_are_told_of_by_nothing(api: Any, ada: Contact) -> None:  # SPEC has no event
    ties = replace(ada.ties, followers=("user1",), campaigns=("c1",), business="b1")
    assert caused(api, ada, replace(ada, ties=ties)) == []


def test_a_contact_comes_back_as_a_new_one(api: Any, ada: Contact) -> None:  # not published
    gone = replace(ada, deleted=True)
    assert [one["type"] for one in caused(api, ada, gone)] == ["ContactDelete"]
    assert [one["type"] for one in caused(api, gone, ada)] == ["ContactCreate"]


def test_of_a_note_four_properties_are_told(api: Any, ada: Contact) -> None:  # 312: staff
    api("POST", f"/contacts/{ada.id}/notes", {"body": "hello", "title": "T", "color": "#FFAA00"})
    (told,) = caused(api, ada, api.standin.world.find(ada.id))
    assert set(told) == {"type", "locationId", "id", "body", "contactId", "dateAdded"}
