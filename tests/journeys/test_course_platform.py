"""The course platform, through real processes: an enrolment there is a tag and a note in the CRM,
a table's changes come and go, and a wish here is an enrolment there."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = "loc_journey"
SECRET = "correct-horse-battery-staple"

pytestmark = [pytest.mark.journey, pytest.mark.redis]

MAPPING = """
[platform]
kind = "coursehost"
url = "{url}/coursehost"

[platform.events.enrolment]
tags = ["student", "course: {{course}}"]
notes = ["Enrolled in {{course}} ({{source}})"]

[platform.events.newsletter]
tags = ["newsletter"]
"""

TABLE = """
[platform]
kind = "sql"
url = "sqlite:///{file}"

[platform.feed]
table = "students"
key = "id"
updated = "changed_at"
size = 20
tags = ["student"]

[platform.fields]
email = "email"
first_name = "first"
phone = "phone"

[platform.write_back]
fields = ["phone"]

[sync.fields]
phone = {{ owner = "crm" }}
"""


@dataclass
class School:
    """A house with a course platform beside the CRM."""

    house: Any

    def theirs(self) -> dict[str, dict[str, Any]]:
        return {one["email"]: one for one in self.house.crm.contacts(HERE)}

    def quiet(self) -> None:
        """Wait until every hook has come and every job is done."""
        house = self.house
        house.until(
            lambda: house.crm.coursehost()["under_way"] == 0 and house.counts.open == 0,
            "hooks have come",
        )

    def has(self, email: str, notes: int) -> bool:
        found = self.theirs().get(email)
        return found is not None and len(found["notes"]) == notes


@pytest.fixture(scope="module")
def school(shared_house: Any) -> School:
    """One for the tests that leave its platform as it is, each with students of its own."""
    return connected(shared_house())


def connected(house: Any) -> School:
    where = house.receiver_at()
    house.env |= {
        "ROLLBOOK_PLATFORM_SECRET": SECRET,
        "ROLLBOOK_PLATFORM_TOKEN": "och-simulator",
        "ROLLBOOK_FEED_SECONDS": "5",
    }
    hooks = {
        event: f"{where}/webhooks/platform/{event}/{SECRET}/{HERE}"
        for event in ("account", "enrolment", "newsletter")
    }
    house.crm.settings(coursehost={"hooks": hooks})
    (house.folder / "rollbook.toml").write_text(MAPPING.format(url=house.crm.url), "utf-8")
    house.rollbook("platform", "connect")
    house.start_with_receiver(where, "dispatcher", "beat", "worker-1")
    return School(house)


def test_an_enrolment_there_is_a_contact_with_tag_and_note_in_the_crm(school: School) -> None:
    crm = school.house.crm
    for n, shape in enumerate(("flat", "data", "payload", "list", "nested", "text", "form")):
        crm.settings(coursehost={"shape": shape})
        crm.happens("enrolment", f"s{n}@example.org", course="bread", times=2)
        school.quiet()

    for n in range(7):
        email = f"s{n}@example.org"
        school.house.until(lambda email=email: school.has(email, 1), email)
    school.quiet()

    theirs = school.theirs()
    for one in (theirs[f"s{n}@example.org"] for n in range(7)):
        assert sorted(one["tags"]) == ["course: baking bread", "student"]
        assert [note["body"] for note in one["notes"]] == ["Enrolled in Baking Bread (stripe)"]


def test_a_wish_here_is_an_enrolment_there_and_its_echo_is_a_tag(school: School) -> None:
    house = school.house
    house.crm.happens("newsletter", "ada@example.org")
    house.until(lambda: school.has("ada@example.org", 0), "in the CRM")
    house.crm.fault("drop", when="after", times=1,
                    operations=["POST /api/zapier-enroll-student-action-webhook"])  # fmt: skip

    house.rollbook("enrol", "ada@example.org", "water")

    house.until(lambda: school.has("ada@example.org", 1), "its note")
    school.quiet()
    (student,) = (
        one for one in house.crm.coursehost()["students"] if one["email"] == "ada@example.org"
    )
    assert (student["courses"], student["passwords"]) == (["water"], 1)
    assert student["shortest"] >= 24
    ada = school.theirs()["ada@example.org"]
    assert sorted(ada["tags"]) == ["course: watercolour", "newsletter", "student"]
    said = "".join(house.said(name) for name in ("receiver", "worker-1", "dispatcher"))
    assert SECRET not in said
    assert "och-simulator" not in said


def test_a_table_is_fed_and_told_back(new_house: Any) -> None:
    school = connected(new_house())
    house = school.house
    file: Path = house.folder / "school.db"
    with sqlite3.connect(file) as db:
        db.execute(
            "CREATE TABLE students (id INTEGER PRIMARY KEY, email, first, phone, changed_at)"
        )
        db.executemany(
            "INSERT INTO students VALUES (?, ?, 'Sam', '+12025550100', '2026-01-01 10:00:00')",
            [(n, f"t{n}@example.org") for n in range(50)],
        )
        db.execute("UPDATE students SET phone = '+1202555' || (1000 + id)")
    (house.folder / "rollbook.toml").write_text(TABLE.format(file=file), "utf-8")
    house.rollbook("fields", "--map", "rollbook.toml")
    house.rollbook("platform", "connect")
    house.start("feed")

    house.until(lambda: len(school.theirs()) == 50 and house.counts.open == 0, "all fifty")
    there = school.theirs()["t7@example.org"]
    house.crm.settings(webhooks={"events": False})
    house.crm.seed(HERE, {"id": there["id"], "values": {"phone": "+12025550199"}})
    with sqlite3.connect(file) as db:
        db.execute(
            "UPDATE students SET first = 'Zoe', changed_at = '2026-02-01 10:00:00' WHERE id = 7"
        )
    house.until(lambda: school.theirs()["t7@example.org"]["firstName"] == "Zoe", "the change")

    def told_back() -> bool:
        with sqlite3.connect(file) as db:
            (phone,) = db.execute("SELECT phone FROM students WHERE id = 7").fetchone()
        return bool(phone == "+12025550199")

    house.until(told_back, "what the CRM decides is on the platform")
    with sqlite3.connect(file) as db:
        # The CRM never knew the others' phones: that takes them from nobody.
        assert db.execute("SELECT count(*) FROM students WHERE phone IS NULL").fetchone() == (0,)
