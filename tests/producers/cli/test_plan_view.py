"""A plan in words."""

from __future__ import annotations

from contacts.plans import Touched
from producers.cli import plan_view
from producers.plan_file import Basis, Plan

ADA = Touched(
    keys=("id:c1",),
    contact=7,
    person="ada@example.org",
    new=False,
    calls={"contact.update": 1},
    changes={"name": ("Ada", "Ada Brown")},
    pieces={"name": "00"},
)


def remarks(*conflicts: dict[str, object]) -> list[str]:
    sums = {"asks": {}, "parked": [], "other_calls": 0, "platform_jobs": {}}
    basis = Basis("loc1", "backfill", "/exports/a.csv", None, {"file": "00"})
    plan = Plan(basis, 1_800_000_000.0, sums | {"conflicts": list(conflicts)}, [ADA])
    return plan_view.remarks(plan)


def test_a_conflict_names_its_person() -> None:
    lost = {"contact": 7, "field": "name", "lost": "theirs", "by": "newest"}

    assert remarks(lost) == [
        "Conflict: name of ada@example.org; the edit in the CRM loses (newest)"
    ]


def test_a_conflict_of_somebody_who_is_not_written_to_has_our_id() -> None:
    lost = {"contact": 8, "field": "city", "lost": "ours", "by": "crm"}

    assert remarks(lost) == ["Conflict: city of contact 8; ours loses (crm)"]


def test_where_nothing_is_unusual_nothing_is_said() -> None:
    assert remarks() == []
