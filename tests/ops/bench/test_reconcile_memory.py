"""The measurement of a great walk, in small."""

from __future__ import annotations

import json

import pytest

from ops.bench import reconcile_memory


def test_it_walks_over_all_and_says_what_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    assert reconcile_memory.main(["--contacts", "1100", "--most-mb", "10000"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["contacts"], found["differ"], found["pages"]) == (1100, 1, 4)
