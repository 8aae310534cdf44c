"""People change things on both sides at once, as in the demonstration, and both sides meet."""

from __future__ import annotations

from typing import Any

import pytest

from ops import both_sides, students

HERE = "loc_journey"

pytestmark = [pytest.mark.journey, pytest.mark.redis]


@pytest.fixture
def school(new_house: Any) -> Any:
    """Thirty students who are in the CRM, which tells of its changes; level is mapped."""
    house = new_house()
    url = house.receiver_at()
    house.crm.settings(webhooks={"url": f"{url}/webhooks/crm", "low_ms": 100, "high_ms": 1500})
    house.start_with_receiver(url, "dispatcher", "beat", "worker-1")
    file = house.export(30)
    mapping = house.folder / "rollbook.toml"
    mapping.write_text(mapping.read_text("utf-8").replace('# "custom.level"', '"custom.level"'))
    house.backfill(file)
    house.until_settled()
    return house


def test_whatever_people_change_on_both_sides_they_meet(school: Any) -> None:
    acts = both_sides.changes("student{:05}@example.org".format)
    tomorrow = school.folder / "tomorrow.csv"
    both_sides.write_next_export(school.folder / "students.csv", tomorrow, acts)

    both_sides.act_in_the_crm(school.crm, HERE, acts)
    school.backfill(tomorrow)
    school.until(lambda: both_sides.settled(school.crm, school.store), "both sides have met")

    found = both_sides.sides(school.crm, school.store, HERE, acts)
    assert [act.what for act in acts if not both_sides.met(act, found[act.who])] == []
    assert school.crm.report()["refused_429"] == 0


def test_the_next_export_says_what_the_school_changed_and_nothing_else(tmp_path: Any) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    students.write_export(old, 20)

    acts = both_sides.changes("student{:05}@example.org".format)
    both_sides.write_next_export(old, new, acts)

    before, after = old.read_text("utf-8").splitlines(), new.read_text("utf-8").splitlines()
    changed = sum(one.here is not None and one.who != both_sides.NEWCOMER for one in acts)
    assert len(after) == len(before) + 1
    assert sum(a != b for a, b in zip(before, after, strict=False)) == changed
