"""Which call a fault strikes, how often, and what is left of the answer."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from ops.simulator.faults import Fault, Faults

NOTE = "POST /contacts/{id}/notes"


def strikes(fault: Fault, calls: int, operation: str = NOTE, location: str = "loc1") -> int:
    faults = Faults([fault], Random(1))
    return sum(faults.strike(operation, location) is not None for _ in range(calls))


@pytest.mark.parametrize(
    ("limits", "count"),
    [
        ({}, 1000),
        ({"times": 3}, 3),
        ({"operations": [NOTE]}, 1000),
        ({"operations": ["GET /contacts/"]}, 0),
        ({"location": "loc1"}, 1000),
        ({"location": "loc2"}, 0),
    ],
)
def test_whom_it_strikes(limits: dict[str, Any], count: int) -> None:
    assert strikes(Fault(kind="error", **limits), 1000) == count


def test_it_strikes_by_chance() -> None:
    assert 150 < strikes(Fault(kind="error", chance=0.2), 1000) < 250
    assert strikes(Fault(kind="error", chance=0.2, times=7), 1000) == 7


def test_the_next_calls_are_those_it_applies_to() -> None:
    faults = Faults([Fault(kind="drop", operations=(NOTE,), times=1)], Random(1))
    assert faults.strike("GET /contacts/{id}", "loc1") is None
    assert faults.strike(NOTE, "loc1") is not None
    assert faults.listed() == []


def test_one_is_turned_off_or_all() -> None:
    faults = Faults([], Random(1))
    first, second = (faults.add(Fault(kind=kind)) for kind in ("drop", "error"))
    faults.clear(first)
    assert [one["number"] for one in faults.listed()] == [second]
    faults.clear()
    assert faults.strike(NOTE, "loc1") is None


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["error", "html", "drop"])
def test_the_work_was_done_or_not(api: Any, kind: str, when: str) -> None:
    api.standin.faults.add(Fault(kind=kind, when=when, times=1))
    api.upsert(email="ada@example.org")
    assert api.upsert(email="ada@example.org").json["new"] is (when == "before")


def test_late_work_is_done_by_itself_some_time_after_the_answer(api: Any, clock: Any) -> None:
    api.standin.faults.add(Fault(kind="drop", when="late", late_ms=5000, times=1))
    api.upsert(email="ada@example.org")
    api.standin.catch_up()
    assert api.standin.world.books["loc1"].living == 0

    clock.tick(5)
    api.standin.catch_up()

    assert api.standin.world.books["loc1"].living == 1
    assert api.upsert(email="ada@example.org").json["new"] is False


def test_half_an_answer_is_of_work_that_was_done(api: Any) -> None:
    api.standin.faults.add(Fault(kind="truncate", times=1))
    answer = api.upsert(email="ada@example.org")
    assert (answer.status, answer.reply.broken) == (200, "half")
    assert api.upsert(email="ada@example.org").json["new"] is False


def test_an_error_is_the_crms_and_a_page_is_not(api: Any) -> None:
    api.standin.faults.add(Fault(kind="error", status=502, retry_after_s=2.2, times=1))
    api.standin.faults.add(Fault(kind="html", status=403, times=1))
    error, page = api.get("x"), api.get("x")

    assert (error.status, error.json["statusCode"]) == (502, 502)
    assert error.headers["retry-after"] == "3"
    assert "x-ratelimit-remaining" in error.headers
    assert (page.status, page.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "x-ratelimit-remaining" not in page.headers


@pytest.mark.parametrize(("wait", "said"), [(None, None), (7, "7")])
def test_a_429_on_request(api: Any, wait: float | None, said: str | None) -> None:
    api.standin.faults.add(Fault(kind="too-many", retry_after_s=wait, times=1))
    answer = api.upsert(email="ada@example.org")
    assert (answer.status, answer.headers.get("retry-after")) == (429, said)
    assert answer.headers["x-ratelimit-remaining"] == "99"
    assert api.upsert(email="ada@example.org").json["new"] is True


def test_a_fault_comes_before_the_gates(api: Any) -> None:
    api.standin.faults.add(Fault(kind="error"))
    api.version = None
    assert api.get("x").status == 503
