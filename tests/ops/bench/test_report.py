"""The table, the verdict and the document."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from ops.bench import report
from ops.bench.report import Row, Section


@pytest.mark.parametrize(
    ("row", "good"),
    [
        pytest.param(Row("cpu", bound=2.5, value=2.5), True, id="at the bound"),
        pytest.param(Row("cpu", bound=2.5, value=2.51), False, id="above"),
        pytest.param(Row("use", bound=94, better="more", value=94.0), True, id="enough"),
        pytest.param(Row("use", bound=94, better="more", value=93.9), False, id="too little"),
        pytest.param(Row("time", value=600), None, id="no bound"),
        pytest.param(Row("cpu", bound=2.5), False, id="a bound, but no figure"),
        pytest.param(Row("429", bound=0, value=0, rival=812), True, id="a rival has no bound"),
    ],
)
def test_bound_decides(row: Row, good: bool | None) -> None:
    assert row.good is good


def test_one_missed_bound_makes_the_whole_not_good() -> None:
    sections = [
        Section("a", [Row("x", bound=1, value=1)]),
        Section("b", [Row("y", bound=1, value=2)]),
    ]

    assert [row.what for row in report.missed(sections)] == ["y"]
    assert report.document(sections)["good"] is False


def test_document_is_json_with_a_verdict_for_each_row() -> None:
    section = Section("live", [Row("p99", "ms", 250.0, value=80.0)])

    found = json.loads(json.dumps(report.document([section], students=300)))

    assert found["students"] == 300
    assert found["good"] is True
    assert found["rows"] == [
        {
            "section": "live", "what": "p99", "unit": "ms", "bound": 250.0, "better": "less",
            "digits": 0, "value": 80.0, "rival": None, "good": True,
        }
    ]  # fmt: skip


def test_table_shows_value_bound_verdict_and_rival() -> None:
    screen = io.StringIO()
    rows = [
        Row("use", "%", 94.0, "more", digits=1, value=97.25, rival=61.0),
        Row("answers 429", bound=0, value=3),
    ]

    report.show([Section("backfill", rows)], Console(file=screen, width=100))

    lines = screen.getvalue().splitlines()
    use = next(line for line in lines if "use" in line)
    refused = next(line for line in lines if "429" in line)
    assert all(word in use for word in ("97.2 %", "≥ 94.0 %", "ok", "61.0 %"))
    assert all(word in refused for word in ("3", "≤ 0", "missed"))
