"""A part of the measurement with all its real processes, as short as it gets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops.bench.__main__ import main


@pytest.mark.journey
@pytest.mark.redis
def test_live_jobs_are_measured_and_written_down(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    words = ["--only", "live", "--waiting", "400", "--live", "15", "--json", str(file)]

    code = main(words)

    found = json.loads(file.read_text())
    rows = {row["what"]: row for row in found["rows"]}
    assert code == (0 if found["good"] else 1)
    assert rows["answers 429"]["value"] == 0
    assert rows["arrivals in the busiest 10 s"]["good"]
    slowest = rows["put to request sent, slowest"]["value"]
    assert 0 < rows["put to request sent, median"]["value"] <= slowest
    assert found["calibration_ms"] > 0
