"""The judge of the demo: everything right passes, and each thing that can be wrong is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ops import judge
from ops.students import Student

PEOPLE = [
    Student("Ada Lovelace", "ada@example.org", "+12025550143", {"course: bread"}, {"Enrolled"}),
    Student("Bob", "", "+12025550144", {"course: bread", "course: books"}, {"One", "Two"}),
]


def as_seed(person: Student) -> dict[str, Any]:
    first, _, last = person.name.partition(" ")
    values = {"firstName": first, "lastName": last, "email": person.email, "phone": person.phone}
    return {
        "values": {name: value for name, value in values.items() if value},
        "tags": sorted(person.tags),
        "notes": sorted(person.notes),
    }


@pytest.fixture
def crm(simulator: Any) -> Any:
    """A stand-in in which everybody is as they should be."""
    one = simulator(locations=[judge.location("loc1")], tokens=[judge.token("pit-secret", "loc1")])
    one.seed("loc1", *map(as_seed, PEOPLE))
    return one


def ask(crm: Any, times: int = 1) -> int:
    """Ask so many times over one connection; returns the last status."""
    headers = {"Version": "2021-07-28", "Authorization": "Bearer pit-secret"}
    with httpx.Client(headers=headers, verify=False) as client:
        return [client.get(f"{crm.url}/locations/loc1").status_code for _ in range(times)][-1]


def faulty(crm: Any, before: dict[str, Any] | None = None) -> set[str]:
    before = before or judge.look(crm.url, "loc1")
    return {f.what for f in judge.judge(crm.url, "loc1", PEOPLE, before=before) if not f.good}


def test_all_is_well(crm: Any) -> None:
    assert ask(crm) == 200
    assert faulty(crm) == set()


def ada(crm: Any) -> str:
    return str(crm.contacts("loc1")[0]["id"])


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        pytest.param(
            lambda crm: crm.delete("loc1", [ada(crm)]), "students in the CRM", id="one missing"
        ),
        pytest.param(
            lambda crm: crm.seed("loc1", {"values": {"email": "eve@example.org"}}),
            "contacts in the CRM in all", id="one too many",
        ),
        pytest.param(
            lambda crm: crm.seed("loc1", as_seed(PEOPLE[0])),
            "contacts twice (email or phone)", id="one twice",
        ),
        pytest.param(
            lambda crm: crm.seed("loc1", {"id": ada(crm), "values": {"firstName": "Eve"}}),
            "of them with the right name", id="another name",
        ),
        pytest.param(
            lambda crm: crm.seed("loc1", {"id": ada(crm), "values": {"phone": None}}),
            "of them with the right email and phone", id="no phone",
        ),
        pytest.param(
            lambda crm: crm.seed("loc1", {"id": ada(crm), "tags": []}),
            "of them with the tag of each course", id="no tag",
        ),
        pytest.param(
            lambda crm: crm.seed("loc1", {"id": ada(crm), "notes": ["Other"]}),
            "of them with each note once", id="another note",
        ),
        pytest.param(
            lambda crm: crm.seed("loc1", {"id": ada(crm), "notes": ["Enrolled"]}),
            "notes twice", id="a note twice",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(crm: Any, harm: Callable[[Any], object], found: str) -> None:
    harm(crm)
    assert found in faulty(crm)


def test_calls_for_a_file_that_was_agreed_are_found(crm: Any) -> None:
    before = judge.look(crm.url, "loc1")
    ask(crm)
    assert faulty(crm, before) == {"calls for the same file again"}


def test_a_window_that_is_too_full_is_found(crm: Any) -> None:
    crm.settings(limits={"per_window": 1000})
    ask(crm, times=101)
    assert faulty(crm) == {"arrivals in the busiest 10 s"}


def test_a_refusal_is_found(crm: Any) -> None:
    crm.fault("too-many", times=1)
    assert ask(crm) == 429
    assert faulty(crm) == {"answers 429"}
