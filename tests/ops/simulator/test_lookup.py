"""``GET /contacts/lookup``: the official page of it, as copied on 2026-08-30."""

from __future__ import annotations

from typing import Any

import pytest

OAUTH = {"token": "jwt", "kind": "oauth-location", "location": "loc1"}


@pytest.fixture
def v3(stand_in: Any) -> Any:
    """A stand-in that allows doubles, asked with an OAuth token under v3."""
    scopes = ["contacts.readonly", "contacts.write"]
    api = stand_in(
        locations=[{"id": "loc1", "allow_duplicates": True}],
        tokens=[{**OAUTH, "scopes": scopes}],
    )
    api.token, api.version = "jwt", "v3"
    return api


def test_the_case_of_an_email_does_not_matter(v3: Any) -> None:
    id = v3.new(email="Ada@example.org")
    answer = v3("GET", "/contacts/lookup?email=aDA@example.org")
    assert answer.status == 200
    assert [one["id"] for one in answer.json["contacts"]] == [id]
    assert answer.json["nextCursor"] is None


def test_a_phone_in_e164(v3: Any) -> None:
    id = v3.new(phone="(212) 555-0100")
    found = v3("GET", "/contacts/lookup?phone=%2B12125550100").json["contacts"]
    assert [one["id"] for one in found] == [id]


def test_it_looks_at_further_emails_too(v3: Any) -> None:
    id = v3.new(email="first@example.org")
    contact = v3.standin.world.find(id)
    values = {**contact.values, "additionalEmails": ["second@example.org"]}
    v3.standin.world.put(type(contact)(id, "loc1", contact.added_ms, contact.updated_ms, values))
    found = v3("GET", "/contacts/lookup?email=second@example.org").json["contacts"]
    assert [one["id"] for one in found] == [id]


def test_nobody_is_an_empty_list(v3: Any) -> None:
    answer = v3("GET", "/contacts/lookup?email=x@example.org")
    assert (answer.status, answer.json["contacts"]) == (200, [])


def test_pages_of_doubles(v3: Any, clock: Any) -> None:
    made = []
    for _ in range(25):
        clock.tick(1)
        body = {"createNewIfDuplicateAllowed": True, "email": "a@example.org"}
        made.append(v3.upsert(**body).json["contact"]["id"])

    found, cursor = [], ""
    while cursor is not None:
        page = v3("GET", f"/contacts/lookup?email=a@example.org&limit=10&cursor={cursor}").json
        found.append([one["id"] for one in page["contacts"]])
        cursor = page["nextCursor"]

    assert [len(page) for page in found] == [10, 10, 5]
    assert [id for page in found for id in page] == made[::-1]


@pytest.mark.parametrize(
    "query",
    ["", "email=a@example.org&phone=%2B12125550100", "phone=5550100", "email=a@b.org&limit=21"],
)
def test_what_it_needs(v3: Any, query: str) -> None:
    assert v3("GET", f"/contacts/lookup?{query}").status == 422


@pytest.mark.parametrize("cursor", ["x", "e30=", "bnVsbA==", "eyJkYXRlQWRkZWQiOiJ4In0="])
def test_a_cursor_that_is_none(v3: Any, cursor: str) -> None:
    assert v3("GET", f"/contacts/lookup?email=a@b.org&cursor={cursor}").status == 400


@pytest.mark.parametrize("status", [401, 403])
def test_a_private_token_is_refused(stand_in: Any, status: int) -> None:  # its status is not said
    api = stand_in(quirks={"lookup_refusal_status": status})
    api.version = "v3"
    answer = api("GET", "/contacts/lookup?email=a@example.org")
    assert (answer.status, answer.said) == (status, "OAuth channel only")
