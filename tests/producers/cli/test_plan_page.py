"""A plan as pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from contacts.plans import Touched
from producers.cli import plan_page
from producers.plan_file import Basis, Plan

ADA = Touched(
    keys=("id:c1",),
    contact=7,
    person="ada@example.org",
    new=False,
    calls={"contact.update": 1},
    changes={"name": ("Ada <3", "Ada Brown"), "tag:vip": (False, True)},
    pieces={"name": "00"},
)
BEN = Touched(("email:b",), None, "ben@example.org", True, {"contact.create": 1}, {}, {})

SUMS: dict[str, Any] = {
    "read": {"rows": 2},
    "calls": {"contact.update": 1, "contact.create": 1},
    "writes": dict.fromkeys(
        ("creates", "updates", "tags_added", "tags_removed", "notes", "tasks"), 1
    ),
    "forecast": {"seconds": 1.0, "days": 1, "per_day": 200_000},
    "fields": {},
    "asks": {},
    "parked": [],
    "conflicts": [],
    "conflicts_total": 0,
    "rejects": [],
    "rejects_total": 0,
    "other_calls": 0,
    "platform_jobs": {},
}


def plan(*touched: Touched) -> Plan:
    basis = Basis("loc1", "backfill", "/exports/a.csv", None, {"file": "00"})
    return Plan(basis, 1_800_000_000.0, SUMS, list(touched))


def written(path: Path, *touched: Touched) -> str:
    plan_page.write(path, plan(*touched))
    return path.read_text("utf-8")


def test_each_contact_has_a_line_of_its_own_above_what_moves(tmp_path: Path) -> None:
    page = written(tmp_path / "plan.html", ADA, BEN)

    table = page[page.index('<table class="moves">') :]
    cells = re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", table)
    assert cells == [
        "Field", "Now", "Will be",
        "ada@example.org",
        "name", "Ada &lt;3", "Ada Brown",
        "tag vip", "off", "on",
        'ben@example.org <span class="quiet">new</span>',
        "-", "as it is there", "the same is sent",
    ]  # fmt: skip


def test_nothing_is_fetched_and_nothing_runs(tmp_path: Path) -> None:
    page = written(tmp_path / "plan.html", ADA)

    assert re.findall(r"<(script|link|img|iframe)|url\(|@import|src=", page) == []


def test_many_contacts_are_several_files(tmp_path: Path) -> None:
    page = written(tmp_path / "plan.html", *[ADA] * (plan_page.PER_PAGE + 1))

    assert '<a href="plan-2.html">2</a>' in page
    assert (tmp_path / "plan-2.html").read_text("utf-8").count("ada@example.org") == 1


def test_where_nobody_is_written_to_it_says_so(tmp_path: Path) -> None:
    assert "Nobody is written to." in written(tmp_path / "plan.html")
