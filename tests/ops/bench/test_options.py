"""What may be asked of the bench."""

from __future__ import annotations

from typing import get_args

import pytest

from ops.bench.__main__ import WINDOWS, main
from ops.simulator import config


def test_the_bench_knows_the_stand_ins_windows() -> None:
    kinds = get_args(config.Limits.model_fields["window"].annotation)
    assert set(WINDOWS) == set(kinds)
    assert config.Limits().window == WINDOWS[0]


@pytest.mark.parametrize("only", [[], ["--only", "live"], ["--only", "backfill", "--only", "many"]])
def test_how_the_stand_in_counts_is_chosen_for_a_backfill_alone(
    only: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--window", "token-bucket", *only]) == 2
    assert "--window" in capsys.readouterr().out
