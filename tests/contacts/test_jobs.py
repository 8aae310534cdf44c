"""Kinds, lanes, and what may travel."""

from __future__ import annotations

import dataclasses
import typing

import pytest

from contacts.jobs import LANES, URGENCY, Kind, Lane, Ticket, Wish


def test_a_kind_never_changes_its_name() -> None:
    # Jobs in databases and messages in queues carry these names. Add to them, never change one.
    assert {kind.name: kind.value for kind in Kind} == {
        "PUSH": "contact.push",
        "TAG": "contact.tag",
        "NOTE": "contact.note",
        "FIELDS": "location.fields",
        "PULL": "contact.pull",
        "NOTES": "contact.notes",
        "TASK": "contact.task",
        "TASKS": "contact.tasks",
        "TASK_OWNER": "location.task",
        "TASK_WALK": "location.tasks",
        "PAGE": "location.page",
        "DOUBT": "contact.doubt",
        "RULES": "contact.rules",
        "ENROL": "platform.enrol",
        "LIST": "platform.list",
        "PLATFORM": "platform.push",
        "FEED": "platform.feed",
        "COURSES": "platform.courses",
        "CHECK": "location.check",
        "PROBE": "location.probe",
        "CALL": "crm.call",
        "ACCESS_EXCHANGE": "access.exchange",
        "ACCESS_LOCATIONS": "access.locations",
        "ACCESS_REFRESH": "access.refresh",
    }


def test_live_goes_before_bulk_before_sweep_in_numbers_that_are_stored() -> None:
    assert URGENCY == {Lane.LIVE: 0, Lane.BULK: 1, Lane.SWEEP: 2}
    assert [lane.value for lane in LANES] == ["live", "bulk", "sweep"]


def test_what_travels_holds_ids_and_names_of_ours_only() -> None:
    assert typing.get_type_hints(Ticket) == {
        "job": int, "release": int, "kind": Kind, "location": str, "contact": int, "lane": Lane,
    }  # fmt: skip


def test_wishes_and_tickets_cannot_be_changed() -> None:
    for made in (Wish(Kind.PUSH, "loc_1"), Ticket(1, 1, Kind.PUSH, "loc_1", 1, Lane.BULK)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.location = "loc_2"  # type: ignore[misc]
