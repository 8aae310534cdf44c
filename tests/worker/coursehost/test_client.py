"""OnlineCourseHost's answers: a 200 alone is no success."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.errors import GiveUp, TryAgain
from contacts.jobs import Lane
from contacts.platforms import Kind, Platform
from contacts.store.cipher import Cipher
from worker.coursehost.client import TOKEN, CourseHost
from worker.coursehost.passwords import password
from worker.crm.limiter import Limiter, Limits
from worker.platforms.calls import Calls, Line
from worker.platforms.connector import Student

KEY = b"Zm9yLWRvY3MtcGxlYXNlLW1ha2UtYS1uZXctb25lISE="
OTHER = b"YW5vdGhlci1rZXktb2YtdGhpcnR5LXR3by1ieXRlcyE="
ADA = Student("ada@example.org", "Ada Lovelace", password="long-and-strong-aA1-")


def host(simulator: Any, integration: str = "zapier", **switches: Any) -> tuple[CourseHost, Any]:
    import fakeredis

    control = simulator(coursehost=switches)
    limits = Limits(1000, 1000, per_day=1_000_000)
    limiter = Limiter(fakeredis.FakeRedis(), limits=lambda _: limits, life=lambda: "one")
    limiter.vouch()
    calls = Calls(limiter=limiter, connect_timeout=2, read_timeout=2, sleep=lambda _: None)
    platform = Platform(
        Kind.COURSEHOST, f"{control.url}/coursehost", per_minute=400, integration=integration
    )
    line = Line("loc1", Lane.LIVE, {TOKEN: "och-simulator"}, lambda _: None)
    return CourseHost(platform, calls, line), control


@pytest.mark.parametrize("says", ["success", "OK", "enrolled", True])
def test_a_status_that_says_yes_is_a_success(simulator: Any, says: Any) -> None:
    connector, control = host(simulator, says=says)

    connector.enrol(ADA, "bread")

    (student,) = control.coursehost()["students"]
    assert (student["name"], student["shortest"]) == ("Ada Lovelace", len(ADA.password))


@pytest.mark.parametrize("says", [None, "queued", "", "17"])
def test_a_status_that_says_neither_is_asked_again(simulator: Any, says: Any) -> None:
    connector, _ = host(simulator, says=says)

    with pytest.raises(TryAgain) as caught:
        connector.enrol(ADA, "bread")

    assert caught.value.code == "platform-answer"


def test_a_200_that_says_no_is_parked_with_its_sentence(simulator: Any) -> None:
    connector, _ = host(simulator)

    with pytest.raises(GiveUp, match="not found") as caught:
        connector.enrol(ADA, "nowhere")

    assert caught.value.code == "platform-refused"


def test_a_409_says_that_it_is_so_already(simulator: Any) -> None:
    connector, control = host(simulator, repeat="conflict")

    connector.enrol(ADA, "bread")
    connector.enrol(ADA, "bread")

    assert control.coursehost()["counts"]["status 409"] == 1


def test_courses_are_listed_by_either_name(simulator: Any) -> None:
    connector, control = host(simulator, integration="pabbly")

    assert [one.id for one in connector.courses()] == ["bread", "water"]
    assert control.coursehost()["counts"]["call GET /api/pabbly-tenant-courses"] == 1


# ---------------------------------------------------------------- passwords


def test_a_password_is_the_same_each_time_for_one_person_alone() -> None:
    cipher = Cipher(KEY)
    first = password(cipher, "loc1", ADA.email)

    assert password(Cipher(KEY), "loc1", ADA.email) == first
    others = {
        password(cipher, "loc2", ADA.email),
        password(cipher, "loc1", "bob@example.org"),
        password(Cipher(OTHER), "loc1", ADA.email),
    }
    assert len(others | {first}) == 4


def test_a_password_has_what_forms_ask_for() -> None:
    found = password(Cipher(KEY), "loc1", ADA.email)

    assert len(found) == 32
    assert any(mark.isupper() for mark in found)
    assert any(mark.islower() for mark in found)
    assert any(mark.isdecimal() for mark in found)
    assert set("-_") & set(found)
