"""What is written is told in pieces, and two plans differ where one of them does."""

from __future__ import annotations

from typing import Any

import pytest

from contacts import plans
from contacts.plans import Difference, Touched

ON, OFF = plans.mark(True), plans.mark(False)


def touched(person: str = "ada@example.org", **changes: Any) -> Touched:
    return Touched(
        keys=tuple(plans.person_keys(person, None)),
        contact=1,
        person=person,
        new=False,
        calls={"contact.update": 1},
        changes=changes,
        pieces={name: plans.mark(after) for name, (_, after) in changes.items()},
    )


@pytest.mark.parametrize(
    ("operation", "ids", "body", "names"),
    [
        pytest.param(
            "contact.create",
            ("", ""),
            {"locationId": "loc1", "email": "a@b.example", "tags": ["vip"]},
            ["email", "tag:vip"],
            id="a create is its fields and its tags",
        ),
        pytest.param(
            "contact.update",
            ("c1", ""),
            {"city": None, "customFields": [{"id": "f1", "field_value": "A1"}]},
            ["city", "custom.f1"],
            id="a custom field is known by its id",
        ),
        pytest.param(
            "contact.note.update",
            ("c1", "n1"),
            {"body": "Called."},
            ["note:n1 body"],
            id="a note that is there is known by its id",
        ),
        pytest.param(
            "contact.task.delete", ("c1", "t1"), None, ["task:t1"], id="a task that is deleted"
        ),
        pytest.param("contact.delete", ("c1", ""), None, ["contact.delete"], id="anything else"),
    ],
)
def test_a_call_is_taken_apart(
    operation: str, ids: tuple[str, str], body: dict[str, Any] | None, names: list[str]
) -> None:
    ((_, found),) = plans.pieces(operation, ids, body)

    assert sorted(found) == names


def test_tags_are_the_same_pieces_however_they_travel() -> None:
    alone = plans.pieces("contact.tags.add", ("c1", ""), {"tags": ["vip"]})
    born = plans.pieces("contact.create", ("", ""), {"tags": ["vip"]})
    many = plans.pieces(plans.BULK_TAGS, ("add", ""), {"contacts": ["c1", "c2"], "tags": ["vip"]})

    assert alone == [("c1", {"tag:vip": ON})]
    assert born == [("", {"tag:vip": ON})]
    assert many == [("c1", {"tag:vip": ON}), ("c2", {"tag:vip": ON})]


def test_a_tag_that_is_taken_off_is_another_piece() -> None:
    assert plans.pieces("contact.tags.remove", ("c1", ""), {"tags": ["vip"]}) == [
        ("c1", {"tag:vip": OFF})
    ]


def test_the_order_of_a_body_does_not_matter() -> None:
    assert plans.mark({"a": 1, "b": [1, 2]}) == plans.mark({"b": [1, 2], "a": 1})


def test_another_value_is_not_planned() -> None:
    planned = {"city": plans.mark("Oslo"), "tag:vip": ON}

    assert plans.unplanned(planned, {"city": plans.mark("Oslo")}) is None
    assert plans.unplanned(planned, {"tag:vip": OFF}) == "tag:vip"
    assert plans.unplanned(planned, {"phone": plans.mark("+1")}) == "phone"


def test_the_same_twice_differs_in_nothing() -> None:
    one = touched(city=("Oslo", "Rome"))
    read = Touched.read(one.as_json())

    assert plans.differences([one], [read]) == []


def test_another_value_over_there_is_a_difference() -> None:
    planned, now = touched(city=("Oslo", "Rome")), touched(city=("Paris", "Rome"))

    assert plans.differences([planned], [now]) == [
        Difference(1, "ada@example.org", "city", ("Oslo", "Rome"), ("Paris", "Rome"))
    ]


def test_who_is_in_one_plan_only_differs_in_all_fields() -> None:
    ada, ben = touched(city=(None, "Rome")), touched("ben@example.org", city=(None, "Bergen"))

    found = plans.differences([ada], [ben])

    assert [(one.person, one.planned, one.now) for one in found] == [
        ("ada@example.org", (None, "Rome"), None),
        ("ben@example.org", None, (None, "Bergen")),
    ]


def test_a_tally_counts_what_is_done_to_contacts() -> None:
    found = plans.tally(
        [
            touched(city=("Oslo", None), **{"tag:vip": (False, True), "note:new 1": (None, "Hi")}),
            touched("ben@example.org", **{"tag:old": (True, False)}),
        ]
    )

    assert found == {
        "creates": 0,
        "updates": 2,
        "tags_added": 1,
        "tags_removed": 1,
        "notes": 1,
        "tasks": 0,
        "emptied": 1,
    }
