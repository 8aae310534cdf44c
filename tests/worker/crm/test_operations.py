"""What the client's own functions send is what the catalogue's rows take, in both generations."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.catalogue import checking
from contacts.fields import BY_NAME, FIELDS
from contacts.settings import V3
from worker.crm import operations as op
from worker.crm import paper, wire

V2, HERE = "2021-07-28", "loc1"
VALUES: dict[str, Any] = {one.name: "x" for one in FIELDS} | {"custom.level": "3", "dnd": True}
TASK: dict[str, Any] = {
    "title": "Call", "body": "x", "due_at": 1.0, "completed": False, "assigned_to": "user1",
}  # fmt: skip


@pytest.mark.parametrize("version", [V2, V3])
@pytest.mark.parametrize("operation", [op.CREATE, op.UPDATE], ids=lambda one: one.name)
def test_a_contact_is_sent_in_fields_that_its_row_has(operation: Any, version: str) -> None:
    body = wire.contact_body(
        VALUES, operation, location=HERE, dictionary=wire.Dictionary(), v3=version == V3
    )

    given = {**body, **({"contactId": "c1"} if operation is op.UPDATE else {})}
    found, mistakes = checking.request(operation, given, location=HERE, version=version)

    assert mistakes == []
    assert found.body == body


def test_what_may_be_emptied_may_be_null_in_the_row() -> None:
    null = {one.name for one in op.UPDATE.body if one.null}
    emptied = {BY_NAME[name].crm for name in BY_NAME if name != "email" and BY_NAME[name].nullable}

    assert {name for name in emptied if name in {one.name for one in op.UPDATE.body}} <= null


@pytest.mark.parametrize("operation", [op.CREATE_TASK, op.UPDATE_TASK], ids=lambda one: one.name)
def test_a_task_is_sent_in_fields_that_its_row_has(operation: Any) -> None:
    ids = dict.fromkeys(operation.ids, "id1")

    given = {**paper._body(TASK), **ids}
    _, mistakes = checking.request(operation, given, location=HERE, version=V2)

    assert mistakes == []


def test_every_short_name_is_a_row() -> None:
    named = [value for name, value in vars(op).items() if isinstance(value, op.Operation)]

    assert len({one.name for one in named}) == len(named) == 22
    assert all(one in op.OPERATIONS for one in named)
