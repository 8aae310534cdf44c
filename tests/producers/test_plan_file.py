"""A plan as a file: what is written is what is read, and nobody else reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from contacts.errors import UsageError
from contacts.plans import Touched
from producers import plan_file
from producers.plan_file import Basis, Plan

ADA = Touched(
    keys=("id:c1",),
    contact=1,
    person="ada@example.org",
    new=False,
    calls={"contact.update": 1},
    changes={"city": ("Oslo", "Rome")},
    pieces={"city": "00"},
)
PLAN = Plan(
    Basis("loc1", "backfill", "/exports/a.csv", None, {"file": "00"}),
    1_800_000_000.0,
    {"calls": {"contact.update": 50}, "forecast": {"per_day": 200_000}},
    [ADA],
)


def test_a_plan_comes_back_as_it_was_written(tmp_path: Path) -> None:
    plan_file.write(tmp_path / "a.plan.json", PLAN)

    assert plan_file.read(tmp_path / "a.plan.json") == PLAN
    assert plan_file.is_plan(tmp_path / "a.plan.json")


def test_a_plan_is_its_owners_alone(tmp_path: Path) -> None:
    plan_file.write(tmp_path / "a.plan.json", PLAN)

    assert (tmp_path / "a.plan.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a.plan.json"]


def test_its_calls_are_a_share_of_the_day() -> None:
    assert (PLAN.calls, PLAN.quota) == (50, 0.025)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("email\nada@example.org\n", "is damaged", id="an export"),
        pytest.param('{"rollbook_plan":7}\n', "of version 7", id="another version"),
        pytest.param('{"other":1}\n', "is no plan", id="other JSON"),
        pytest.param('{"rollbook_plan":1}\n', "is damaged", id="cut off"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "a.plan.json"
    file.write_text(text)

    with pytest.raises(UsageError, match=said):
        plan_file.read(file)


def test_a_plan_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a\.plan\.json cannot be read"):
        plan_file.read(tmp_path / "a.plan.json")
