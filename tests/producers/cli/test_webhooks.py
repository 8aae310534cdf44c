"""`rollbook webhooks`: what came, and what nobody understands."""

from __future__ import annotations

import orjson
import pytest

from contacts import events
from contacts.store import inbox
from contacts.store.database import Store


@pytest.fixture
def heard(book: Store) -> None:
    """A few webhooks of a location."""
    now = book.clock()
    bodies = [
        {"type": "ContactUpdate", "locationId": "loc1", "id": "c1", "webhookId": "1"},
        {"type": "InvoicePaid", "locationId": "loc1", "webhookId": "2"},
        {"type": "Teleported", "locationId": "loc1", "webhookId": "3", "to": "Mars"},
    ]
    with book.write() as tx:
        inbox.receive(tx, [events.read(orjson.dumps(one), now=now) for one in bodies], now=now)


def test_without_any_it_says_where_to_begin(rollbook, book) -> None:
    assert rollbook("webhooks").out == (
        "No webhook in the last seven days: docs/webhooks.md says how to get them\n"
    )


def test_types_are_listed_with_what_is_done_with_them(rollbook, heard) -> None:
    rows = rollbook("webhooks").out.splitlines()[2:]

    assert [row.split()[1:3] for row in rows] == [
        ["ContactUpdate", "1"],
        ["InvoicePaid", "1"],
        ["Teleported", "1"],
    ]
    uses = ("acted upon", "counted", "unknown, kept for a look")
    assert all(row.endswith(use) for row, use in zip(rows, uses, strict=True))


def test_for_machines_it_is_json(rollbook, heard) -> None:
    found = rollbook("webhooks", "--json").lines

    assert [(one["type"], one["use"]) for one in found][1] == ("InvoicePaid", "counted")


def test_what_nobody_understands_can_be_looked_at(rollbook, heard) -> None:
    assert [one["to"] for one in rollbook("webhooks", "--unknown").lines] == ["Mars"]
