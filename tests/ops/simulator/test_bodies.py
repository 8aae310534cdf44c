"""Strict bodies: what a call does not know, it names.

#N are issues of GoHighLevel/highlevel-api-docs, SPEC is its specification.
"""

from __future__ import annotations

from typing import Any

import pytest

from ops.simulator import bodies


def test_a_complaint_is_a_list_of_all_that_is_wrong(api: Any) -> None:  # 262, 313
    id = api.new(email="ada@example.org")

    answer = api.update(id, locationId="loc1", gender="female", email="")

    answer.json.pop("traceId")
    assert answer.status == 422
    assert answer.json == {
        "statusCode": 422,
        "error": "Unprocessable Entity",
        "message": [
            "property locationId should not exist",
            "property gender should not exist",
            "email must be an email",
        ],
    }


@pytest.mark.parametrize(
    ("shape", "body", "said"),
    [
        pytest.param(bodies.UPDATE, {"gender": "male"}, "property gender should not exist",
                     id="#313: PUT refuses gender"),
        pytest.param(bodies.UPDATE, {"companyName": "A"}, "property companyName should not exist",
                     id="SPEC: PUT knows no companyName"),
        pytest.param(bodies.UPDATE, {"locationId": "l"}, "property locationId should not exist",
                     id="PUT refuses locationId"),
        pytest.param(bodies.TAGS, {"tags": [], "locationId": "l"},
                     "property locationId should not exist", id="tags refuse locationId"),
        pytest.param(bodies.NOTE, {"body": "b", "locationId": "l"},
                     "property locationId should not exist", id="notes refuse locationId"),
        pytest.param(bodies.UPSERT, {"locationId": "l", "additionalEmails": []},
                     "property additionalEmails should not exist", id="#262"),
        pytest.param(bodies.CREATE, {"locationId": "l", "createNewIfDuplicateAllowed": True},
                     "property createNewIfDuplicateAllowed should not exist", id="upsert only"),
        pytest.param(bodies.CREATE, {"locationId": "l", "email": ""}, "email must be an email",
                     id="empty email"),
        pytest.param(bodies.CREATE, {"locationId": "l", "email": "ada"}, "email must be an email",
                     id="no email"),
        pytest.param(bodies.CREATE, {"locationId": "l", "customFields": {"level": "A"}},
                     "customFields must be an array", id="customFields as an object"),
        pytest.param(bodies.CREATE, {}, "locationId should not be empty", id="SPEC: required"),
        pytest.param(bodies.CREATE, {"locationId": ""}, "locationId should not be empty",
                     id="empty location"),
        pytest.param(bodies.CREATE, {"locationId": "l", "tags": "a"}, "tags must be an array",
                     id="tags as a text"),
        pytest.param(bodies.CREATE, {"locationId": "l", "tags": [1]},
                     "each value in tags must be a string", id="tags of numbers"),
        pytest.param(bodies.CREATE, {"locationId": "l", "dnd": "yes"},
                     "dnd must be a boolean value", id="dnd as a text"),
        pytest.param(bodies.CREATE, {"locationId": "l", "firstName": 7},
                     "firstName must be a string", id="a number for a name"),
        pytest.param(bodies.CREATE, {"locationId": "l", "dateOfBirth": "soon"},
                     "dateOfBirth must be a valid date", id="no date"),
        pytest.param(bodies.CREATE, {"locationId": "l", "postalCode": None},
                     "postalCode must be a string", id="SPEC: not nullable"),
        pytest.param(bodies.TAGS, {}, "tags must be an array", id="SPEC: tags required"),
        pytest.param(bodies.NOTE, {"body": ""}, "body should not be empty", id="SPEC: note body"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(shape: bodies.Shape, body: dict[str, Any], said: str) -> None:
    assert shape.complaints(body) == [said]


@pytest.mark.parametrize("name", ["firstName", "email", "phone", "dateOfBirth", "companyName"])
def test_null_is_allowed_where_the_specification_says_so(name: str) -> None:  # SPEC
    assert bodies.UPSERT.complaints({"locationId": "l", name: None}) == []


@pytest.mark.parametrize("name", ["source", "assignedTo"])
def test_only_an_update_takes_null_for_source_and_owner(name: str) -> None:  # SPEC
    assert bodies.UPDATE.complaints({name: None}) == []
    assert bodies.CREATE.complaints({"locationId": "l", name: None}) == [f"{name} must be a string"]


@pytest.mark.parametrize("raw", [b"{", b"[]", b'"text"', b"\xff"])
def test_what_is_no_object_is_a_bad_request(api: Any, raw: bytes) -> None:
    answer = api("POST", "/contacts/", raw)
    assert (answer.status, answer.json["error"]) == (400, "Bad Request")


@pytest.mark.parametrize(
    "written",
    ["1990/09/05", "09/05/1990", "1990-09-05", "09-05-1990", "1990.9.5", "9.5.1990", "1990_09_05",
     "1990-09-05T00:00:00.000Z"],
)  # fmt: skip
def test_spellings_of_a_day(written: str) -> None:  # SPEC
    assert bodies.iso_day(written) == "1990-09-05"


@pytest.mark.parametrize("written", ["", "1990", "1990-13-01", "32/01/1990", "1990-09/05", "soon"])
def test_what_is_no_day(written: str) -> None:
    assert bodies.iso_day(written) is None
