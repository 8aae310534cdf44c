"""Tags of many contacts in one call: good and bad in one answer. #N: highlevel-api-docs."""

from __future__ import annotations

from typing import Any

import pytest


def update(api: Any, kind: str, contacts: list[str], *tags: str, **more: Any) -> Any:
    body = {"locationId": "loc1", "contacts": contacts, "tags": tags, **more}
    return api("POST", f"/contacts/bulk/tags/update/{kind}", body)


def test_each_id_has_an_answer_of_its_own(stand_in: Any) -> None:  # SPEC: its sample
    api = stand_in(
        locations=[{"id": "loc1"}, {"id": "loc2"}],
        tokens=[
            {"token": token, "location": location, "scopes": ["contacts.write"]}
            for token, location in (("pit-secret", "loc1"), ("pit-other", "loc2"))
        ],
    )
    good, deleted = api.new(name="A", tags=["old"]), api.new(name="B")
    api("DELETE", f"/contacts/{deleted}")
    api.token = "pit-other"
    made = api("POST", "/contacts/", {"locationId": "loc2", "name": "C"})
    theirs = made.json["contact"]["id"]
    api.token = "pit-secret"

    answer = update(api, "add", [good, "abcdef", deleted, theirs], "VIP")

    assert answer.status == 201
    assert (answer.json["succeded"], answer.json["errorCount"]) == (True, 3)
    assert answer.json["responses"] == [
        {
            "contactId": good, "message": "Tags updated", "type": "success",
            "oldTags": ["old"], "tagsAdded": ["vip"], "tagsRemoved": [],
        },
        {"contactId": "abcdef", "message": "contact id is not a valid firebase id",
         "type": "error"},
        {"contactId": deleted, "message": "contact is deleted", "type": "error"},
        {"contactId": theirs, "message": "contact does not belong to location",
         "type": "error"},
    ]  # fmt: skip


def test_some_tags_go(api: Any) -> None:
    id = api.new(name="A", tags=["a", "b"])
    one = update(api, "remove", [id], "B", "c").json["responses"][0]
    assert (one["tagsRemoved"], one["tagsAdded"]) == (["b"], [])
    assert api.get(id).json["contact"]["tags"] == ["a"]


def test_all_tags_go(api: Any) -> None:  # SPEC: removeAllTags
    id = api.new(name="A", tags=["a", "b"])
    assert update(api, "remove", [id], removeAllTags=True).status == 201
    assert api.get(id).json["contact"]["tags"] == []


def test_all_tags_go_only_with_remove(api: Any) -> None:  # SPEC
    assert update(api, "add", [], removeAllTags=True).status == 422


def test_another_kind_is_none(api: Any) -> None:
    answer = update(api, "replace", [])
    assert (answer.status, answer.said) == (
        422, ["type must be one of the following values: add, remove"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("most", "number", "status"), [(500, 500, 201), (500, 501, 422), (2, 3, 422), (None, 600, 201)]
)
def test_how_many_at_once_is_a_switch(  # 315: not documented; 500 is one team's figure
    stand_in: Any, most: int | None, number: int, status: int
) -> None:
    api = stand_in(quirks={"bulk_tags_most": most})
    assert update(api, "add", ["x"] * number, "a").status == status


@pytest.mark.parametrize(("needed", "status"), [(False, 201), (True, 401)])
def test_a_scope_that_the_specification_does_not_name(  # SPEC
    stand_in: Any, needed: bool, status: int
) -> None:
    api = stand_in(
        tokens=[{"token": "pit-secret", "location": "loc1"}], quirks={"bulk_needs_scope": needed}
    )
    assert update(api, "add", []).status == status


def test_an_agency_s_token_is_refused_all_the_same(stand_in: Any) -> None:
    api = stand_in(tokens=[{"token": "pit-secret", "kind": "pit-agency"}])
    assert update(api, "add", []).status == 401


@pytest.mark.parametrize(("counts", "left"), [("one", "99"), ("each", "97")])
def test_what_a_bulk_call_takes_of_the_limit(stand_in: Any, counts: str, left: str) -> None:
    api = stand_in(quirks={"bulk_counts": counts})  # not published
    answer = update(api, "add", ["x", "y", "z"], "a")
    assert answer.headers["x-ratelimit-remaining"] == left


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("full", {"oldTags": ["a"], "tagsAdded": ["b"], "tagsRemoved": []}),
        ("asked", {"oldTags": ["a"], "tagsAdded": ["a", "b"], "tagsRemoved": []}),
        ("changed", {"tagsAdded": ["b"], "tagsRemoved": []}),
        ("bare", {}),
    ],
)
def test_what_the_lists_tell_is_a_switch(  # SPEC: one example, which fits several
    stand_in: Any, answer: str, told: dict[str, list[str]]
) -> None:
    api = stand_in(quirks={"bulk_tags_answer": answer})
    id = api.new(name="A", tags=["a"])
    (one,) = update(api, "add", [id], "a", "b").json["responses"]
    assert {name: value for name, value in one.items() if name.startswith(("old", "tags"))} == told
    assert api.get(id).json["contact"]["tags"] == ["a", "b"]


def test_an_answer_may_speak_of_nobody(stand_in: Any) -> None:
    api = stand_in(quirks={"bulk_tags_answer": "nothing"})
    id = api.new(name="A")
    assert "responses" not in update(api, "add", [id], "a").json
    assert api.get(id).json["contact"]["tags"] == ["a"]


@pytest.mark.parametrize(
    ("unknown", "status", "told"), [("told", 201, 2), ("left-out", 201, 1), ("refused", 422, 0)]
)
def test_what_becomes_of_an_unknown_id_is_a_switch(
    stand_in: Any, unknown: str, status: int, told: int
) -> None:
    api = stand_in(quirks={"bulk_tags_unknown": unknown})
    id = api.new(name="A")
    answer = update(api, "add", [id, "x"], "a")
    assert (answer.status, len(answer.json.get("responses", []))) == (status, told)
    assert api.get(id).json["contact"]["tags"] == ([] if status == 422 else ["a"])


def test_some_are_refused_by_chance(stand_in: Any) -> None:
    api = stand_in(quirks={"bulk_tags_errors": 1.0})
    id = api.new(name="A")
    (one,) = update(api, "add", [id], "a").json["responses"]
    assert (one["type"], api.get(id).json["contact"]["tags"]) == ("error", [])


def test_the_call_may_not_be_there(stand_in: Any) -> None:
    api = stand_in(quirks={"bulk_tags_there": False})
    assert update(api, "add", [], "a").status == 404
