"""What is rehearsed is answered as the CRM would, over what it really holds."""

from __future__ import annotations

from typing import Any

import pytest

from worker.crm import operations as op
from worker.crm.overlay import Overlay, Raw, Unrehearsed
from worker.crm.transport import Asked

ADA = {"id": "c1", "email": "ada@example.org", "city": "Oslo", "tags": ["vip"]}


class Reads:
    """A CRM in which there is one contact."""

    def __init__(self, *, refuses: bool = True) -> None:
        self.refuses = refuses

    def contact(self, id: str) -> Raw | None:
        return dict(ADA) if id == "c1" else None

    def holder(self, name: str, value: str) -> Raw | None:
        return dict(ADA) if ADA.get(name) == value else None

    def papers(self, kind: str, id: str) -> list[Raw]:
        return [{"id": "n1", "body": "Called."}] if kind == "notes" else []

    def refuses_doubles(self) -> bool:
        return self.refuses


@pytest.fixture
def overlay() -> Overlay:
    return Overlay(Reads(), lambda: 1_800_000_000.0)


def write(to: Overlay, operation: Any, *ids: str, **body: Any) -> tuple[int, Raw]:
    id, thing = (*ids, "", "")[:2]
    return to.write(Asked(operation, (id, thing), body))


def test_a_create_is_answered_with_the_contact(overlay: Overlay) -> None:
    status, found = write(overlay, op.CREATE, email="ben@example.org", tags=["New"], city="Rome")

    assert (status, found["contact"]["city"], found["contact"]["tags"]) == (201, "Rome", ["new"])
    assert overlay.held("ben@example.org", None) == found["contact"]


def test_a_create_of_somebody_who_is_there_is_refused_with_their_id(overlay: Overlay) -> None:
    status, found = write(overlay, op.CREATE, email="ada@example.org")

    assert (status, found["meta"]) == (
        400,
        {"contactId": "c1", "contactName": "", "matchingField": "email"},
    )


def test_where_doubles_are_allowed_a_second_one_is_made() -> None:
    overlay = Overlay(Reads(refuses=False), lambda: 0.0)

    assert write(overlay, op.CREATE, email="ada@example.org")[0] == 201


def test_an_email_that_was_given_up_is_free(overlay: Overlay) -> None:
    write(overlay, op.UPDATE, "c1", email="other@example.org")

    assert write(overlay, op.CREATE, email="ada@example.org")[0] == 201
    assert write(overlay, op.CREATE, email="other@example.org")[0] == 400


def test_an_update_keeps_what_it_does_not_name_and_null_empties(overlay: Overlay) -> None:
    _, found = write(overlay, op.UPDATE, "c1", city=None, country="NO")

    assert found["contact"]["email"] == "ada@example.org"
    assert found["contact"]["country"] == "NO"
    assert "city" not in found["contact"]


def test_custom_fields_are_merged_by_id(overlay: Overlay) -> None:
    write(overlay, op.UPDATE, "c1", customFields=[{"id": "f1", "field_value": "A1"}])
    _, found = write(
        overlay,
        op.UPDATE,
        "c1",
        customFields=[{"id": "f2", "field_value": 2}, {"key": "unknown", "field_value": "x"}],
    )

    assert found["contact"]["customFields"] == [
        {"id": "f1", "value": "A1"},
        {"id": "f2", "value": 2},
    ]


def test_tags_are_added_and_removed(overlay: Overlay) -> None:
    assert write(overlay, op.ADD_TAGS, "c1", tags=["New"]) == (201, {"tags": ["vip", "new"]})
    assert write(overlay, op.REMOVE_TAGS, "c1", tags=["vip"]) == (200, {"tags": ["new"]})


def test_a_note_is_written_beside_those_that_are_there(overlay: Overlay) -> None:
    _, found = write(overlay, op.CREATE_NOTE, "c1", body="Paid.")
    write(overlay, op.DELETE_NOTE, "c1", "n1")

    assert overlay.papers("notes", "c1") == [found["note"]]


def test_who_is_not_there_is_refused_as_the_crm_does(overlay: Overlay) -> None:
    status, found = write(overlay, op.UPDATE, "c9", city="Rome")

    assert (status, found["message"]) == (400, "Contact with id c9 not found")


def test_a_contact_that_was_deleted_here_is_gone(overlay: Overlay) -> None:
    write(overlay, op.DELETE, "c1")

    assert overlay.is_gone("c1")
    assert write(overlay, op.ADD_TAGS, "c1", tags=["x"])[0] == 400


def test_what_nobody_knows_the_outcome_of_is_not_rehearsed(overlay: Overlay) -> None:
    unknown = next(one for one in op.OPERATIONS if one.name == "contacts.bulk.business")

    with pytest.raises(Unrehearsed, match=r"contacts\.bulk\.business"):
        write(overlay, unknown)
