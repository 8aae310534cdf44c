"""OnlineCourseHost as it is publicly known: two calls in, three hooks out."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import orjson
import pytest

from ops.simulator.config import CourseHost
from ops.simulator.coursehost import COURSES, ENROL, School, shaped
from ops.simulator.faults import Fault

TOKEN = {"x-integration-token": "och-simulator"}
ADA = {"email": "Ada@example.org", "courseId": "bread", "password": "long-and-strong"}


def school(clock: Callable[[], float], **switches: Any) -> School:
    told = CourseHost(**switches)
    return School(lambda: told, clock, Random(1))


def call(
    where: School,
    operation: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    fault: Fault | None = None,
) -> Any:
    method, _, path = operation.partition(" ")
    raw = orjson.dumps(body) if body is not None else b""
    return where.serve(method, path, TOKEN if headers is None else headers, raw, fault)


def test_the_courses_are_a_list_of_ids_and_titles(clock: Any) -> None:
    found = call(school(clock), COURSES)

    assert found.status == 200
    assert found.document[0] == {"id": "bread", "course": "Baking Bread"}


def test_an_enrolment_makes_the_account(clock: Any) -> None:
    here = school(clock)

    found = call(here, ENROL, ADA)

    assert (found.status, found.document) == (200, {"status": "success"})
    (student,) = here.report()["students"]
    assert (student["email"], student["courses"]) == ("Ada@example.org", ["bread"])


@pytest.mark.parametrize(("repeat", "status"), [("fine", 200), ("conflict", 409)])
def test_a_repetition_is_tolerated_or_a_409(clock: Any, repeat: str, status: int) -> None:
    here = school(clock, repeat=repeat)
    call(here, ENROL, ADA)

    assert call(here, ENROL, ADA).status == status
    assert here.counts["repeated"] == 1


@pytest.mark.parametrize("name", ["email", "courseId", "password"])
def test_what_is_needed_is_needed(clock: Any, name: str) -> None:
    found = call(school(clock), ENROL, {**ADA, name: ""})

    assert (found.status, found.document["message"]) == (400, f"{name} is required")


def test_a_course_that_is_not_there_is_a_200_that_says_no(clock: Any) -> None:
    found = call(school(clock), ENROL, {**ADA, "courseId": "nowhere"})

    assert (found.status, found.document["status"]) == (200, "error")


def test_without_its_token_it_is_401(clock: Any) -> None:
    assert call(school(clock), COURSES, headers={}).status == 401


def test_beyond_400_in_a_minute_it_is_429(clock: Any) -> None:
    here = school(clock)

    statuses = [call(here, COURSES).status for _ in range(401)]
    clock.tick(60.1)

    assert (statuses.count(200), statuses[-1]) == (400, 429)
    assert call(here, COURSES).status == 200


def test_a_fault_after_the_work_leaves_it_done(clock: Any) -> None:
    here = school(clock)

    found = call(here, ENROL, ADA, fault=Fault(kind="error", when="after"))

    assert found.status == 503
    assert len(here.students) == 1


@pytest.mark.parametrize("shape", ["flat", "data", "payload", "list", "nested", "text", "form"])
def test_a_hook_holds_its_values_in_every_shape(shape: Any) -> None:
    body, kind = shaped({"email": "a@example.org", "courseId": "c1"}, shape)

    assert b"c1" in body
    assert ("form" in kind) == (shape == "form")
