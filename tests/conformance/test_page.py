"""The page about conformance has a row for each deviation, and no other."""

from __future__ import annotations

from pathlib import Path

from ops.conformance import deviations
from ops.conformance.deviations import Deviation

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


def row(one: Deviation) -> str:
    where = "" if len(one.generations) == 2 else f" ({one.generations[0]})"
    return f"| {one.name}{where} | {one.says} | {one.really} | {one.source} |"


def test_each_deviation_is_on_the_page_with_its_source() -> None:
    told = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")][2:]
    assert told == [row(one) for one in deviations.load()]
