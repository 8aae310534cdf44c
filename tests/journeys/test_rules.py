"""Rules, through real processes: an enrolment on the platform becomes a tag and a note in the CRM,
a tag that somebody gives in the CRM becomes an enrolment on the platform; each once, also when the
worker is killed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from contacts.store import firings, roster_view

HERE = "loc_journey"
SECRET = "correct-horse-battery-staple"

pytestmark = [pytest.mark.journey, pytest.mark.redis]

MAPPING = """
[platform]
kind = "coursehost"
url = "{url}/coursehost"

[[rules]]
name = "new student"
when = {{ enrolled = "*" }}
then = {{ add_tag = "student", note = "Enrolled in {{course}}" }}

[[rules]]
name = "buyer"
when = {{ tag_added = "bought: watercolour" }}
then = {{ enrol = "water", remove_tag = "prospect" }}
"""


@dataclass
class School:
    """A house between the CRM and the course platform, with rules."""

    house: Any

    def student(self, email: str) -> dict[str, Any]:
        found = [one for one in self.house.crm.contacts(HERE) if one["email"] == email]
        return dict(found[0]) if found else {"tags": [], "notes": []}

    def notes(self, email: str) -> list[str]:
        return sorted(note["body"] for note in self.student(email)["notes"])

    def quiet(self) -> None:
        """Wait until every hook and webhook has come and every job is done."""
        house = self.house
        house.until(
            lambda: (
                house.crm.coursehost()["under_way"] == 0
                and house.crm.webhooks()["counts"]["under_way"] == 0
                and house.counts.open == 0
            ),
            "all is quiet",
        )

    def fired(self, email: str) -> list[str]:
        id = roster_view.find(self.house.store, HERE, email=email)
        with self.house.store.read() as tx:
            return sorted(one.rule for one in firings.of(tx, id or 0))


@pytest.fixture(scope="module")
def school(shared_house: Any) -> School:
    house = shared_house()
    where = house.receiver_at()
    house.env |= {
        "ROLLBOOK_PLATFORM_SECRET": SECRET,
        "ROLLBOOK_PLATFORM_TOKEN": "och-simulator",
    }
    hooks = {
        event: f"{where}/webhooks/platform/{event}/{SECRET}/{HERE}"
        for event in ("account", "enrolment", "newsletter")
    }
    house.crm.settings(coursehost={"hooks": hooks}, webhooks={"url": f"{where}/webhooks/crm"})
    (house.folder / "rollbook.toml").write_text(MAPPING.format(url=house.crm.url), "utf-8")
    house.rollbook("platform", "connect")
    house.rollbook("rules", "load", "rollbook.toml")
    house.start_with_receiver(where, "dispatcher", "beat", "worker-1")
    return School(house)


def test_an_enrolment_there_is_a_tag_and_a_note_here(school: School) -> None:
    house = school.house
    house.crm.happens("enrolment", "ada@example.org", course="bread", times=3)

    house.until(lambda: school.notes("ada@example.org") != [], "the note")

    school.quiet()
    assert school.notes("ada@example.org") == ["Enrolled in Baking Bread"]
    assert school.student("ada@example.org")["tags"] == ["student"]
    assert school.fired("ada@example.org") == ["new student"]
    assert "fired 1 time for 1 contact" in house.rollbook("rules")
    said = house.rollbook("rules", "test", "ada@example.org")
    assert "new student: would fire\n  + course: Baking Bread" in said
    assert 'buyer: would not fire\n  - no tag "bought: watercolour"; there is student' in said


def test_a_tag_in_the_crm_is_an_enrolment_on_the_platform(school: School) -> None:
    house = school.house
    before = roster_view.counts(house.store)["linked"]
    (remote,) = house.crm.seed(
        HERE, {"values": {"email": "bo@example.org", "firstName": "Bo"}, "tags": ["prospect"]}
    )
    house.until(lambda: roster_view.counts(house.store)["linked"] == before + 1, "Bo is here")
    school.quiet()

    house.crm.seed(HERE, {"id": remote, "tags": ["prospect", "bought: watercolour"]})

    house.until(lambda: school.notes("bo@example.org") != [], "what follows from the enrolment")
    school.quiet()
    there = {one["email"]: one["courses"] for one in house.crm.coursehost()["students"]}
    assert there["bo@example.org"] == ["water"]
    assert sorted(school.student("bo@example.org")["tags"]) == ["bought: watercolour", "student"]
    assert school.fired("bo@example.org") == ["buyer", "new student"]


def test_workers_that_are_killed_fire_nothing_twice(school: School) -> None:
    house = school.house
    emails = [f"s{n}@example.org" for n in range(12)]
    before = house.counts.done
    for email in emails:
        house.crm.happens("enrolment", email, course="bread")
    for done in (8, 24):
        house.until(
            lambda done=done: house.counts.done >= before + done, "it is in the middle of it"
        )
        house.kill("worker-1")
        house.rollbook("rules", "load", "rollbook.toml")
        house.start("worker-1")

    house.until(lambda: all(school.notes(email) for email in emails), "everybody has a note")

    school.quiet()
    for email in emails:
        assert school.notes(email) == ["Enrolled in Baking Bread"]
        assert school.fired(email) == ["new student"]
