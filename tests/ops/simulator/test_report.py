"""What judges ask: arrivals, the busiest window, refusals, doubles; by location."""

from __future__ import annotations

from typing import Any

import pytest

from ops.simulator import report as reports
from ops.simulator.faults import Fault
from ops.simulator.report import report
from ops.simulator.seeding import Seed, Seeds, seed


def told(api: Any, location: str | None = None) -> dict[str, Any]:
    return report(api.standin.lines(), api.standin.world, location)


def test_counts_by_operation_and_status(api: Any) -> None:
    id = api.new(email="ada@example.org")
    api.get(id)
    api.get("nobody")
    api("GET", "/nothing")

    found = told(api)

    assert (found["arrivals"], found["accepted"], found["refused_429"]) == (4, 4, 0)
    assert found["by_operation"] == {"POST /contacts/": 1, "GET /contacts/{id}": 2, "other": 1}
    assert found["by_status"] == {"200": 1, "201": 1, "400": 1, "404": 1}


def test_the_busiest_window_seen_and_accepted(api: Any, clock: Any) -> None:
    for _ in range(120):
        api.get("x")
    clock.tick(10)
    for _ in range(50):
        api.get("x")

    found = told(api)

    assert (found["max_in_window"], found["max_accepted_in_window"]) == (120, 100)
    assert (found["arrivals"], found["accepted"], found["refused_429"]) == (170, 150, 20)


def test_a_dropped_call_arrived_but_was_not_answered(api: Any) -> None:
    api.standin.faults.add(Fault(kind="drop", when="after", times=1))
    api.upsert(email="ada@example.org")
    found = told(api)
    assert (found["arrivals"], found["contacts"]) == (1, 1)
    assert (found["by_status"], found["faults"]) == ({"0": 1}, {"drop": 1})


def test_each_location_has_its_own_busiest_window(stand_in: Any) -> None:
    scopes = ["contacts.readonly"]
    api = stand_in(
        locations=[{"id": "loc1"}, {"id": "loc2"}],
        tokens=[{"token": one, "location": one, "scopes": scopes} for one in ("loc1", "loc2")],
    )
    for api.token in ("loc1", "loc2", "loc2"):
        api.get("x")

    found = told(api)

    assert (found["arrivals"], found["max_in_window"]) == (3, 2)
    assert found["by_location"]["loc1"]["arrivals"] == 1
    assert told(api, "loc2")["arrivals"] == 2
    assert list(told(api, "loc2")["by_location"]) == ["loc2"]


def test_doubles_of_contacts_and_notes(api: Any) -> None:
    people = (
        Seed(values={"email": "a@example.org", "phone": "+1"}, notes=("x", "x", "y", "x")),
        Seed(values={"email": "A@example.org", "phone": "+1"}),
        Seed(values={"email": "b@example.org"}, notes=("x",)),
    )
    seed(api.standin.world, Seeds(location="loc1", contacts=people))
    found = told(api)
    assert (found["contacts"], found["duplicate_contacts"]) == (3, 1)
    assert (found["notes"], found["duplicate_notes"]) == (5, 2)


def test_the_log_forgets_its_older_half_and_keeps_the_counts(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "REMEMBERED", 10)
    for _ in range(11):
        api.get("x")

    rows = list(api.standin.log.rows(0, 100, None))

    assert [row["number"] for row in rows] == list(range(5, 11))
    assert [row["number"] for row in api.standin.log.rows(8, 2, "loc1")] == [8, 9]
    assert list(api.standin.log.rows(0, 100, "elsewhere")) == []
    assert told(api)["arrivals"] == 11


def test_a_row_of_the_log(api: Any, clock: Any) -> None:
    api.get("x")
    assert list(api.standin.log.rows(0, 1, None)) == [
        {
            "number": 0, "at": clock(), "location": "loc1", "operation": "GET /contacts/{id}",
            "status": 400, "port": 50_000,
        }
    ]  # fmt: skip
