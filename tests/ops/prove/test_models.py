"""The proof in real time: its worlds are worlds of the stand-in, and a broken bound is named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ops.prove import models
from ops.prove.models import Shown
from ops.simulator import config

GOOD = Shown("sliding-log", arrivals=1100, refused=0, most=99, use=0.95, armed=True)


@pytest.mark.parametrize("model", models.MODELS)
def test_every_way_of_counting_is_one_of_the_stand_ins(model: str) -> None:
    assert config.read(json.dumps(models.world(model))).limits.window == model


def test_what_holds_is_not_called_broken() -> None:
    assert GOOD.broken() == []
    assert replace(GOOD, model="token-bucket", use=0.99, most=118, armed=False).broken() == []
    assert replace(GOOD, model="token-bucket", strict=True).broken() == []


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (replace(GOOD, refused=1), "1 answers 429"),
        (replace(GOOD, most=101), "101 calls in 10 s"),
        (replace(GOOD, use=0.93), "only 93.0%"),
        (replace(GOOD, model="fixed-first", use=0.97), "only 97.0%"),
    ],
)
def test_a_broken_bound_is_named_with_its_model(shown: Shown, said: str) -> None:
    [broken] = shown.broken()

    assert broken.startswith(shown.model)
    assert said in broken


@pytest.mark.parametrize(
    "words", [["--seconds", "20"], ["sliding-window"]], ids=["too short", "unknown model"]
)
def test_a_mistake_is_told_in_a_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        models.main(words)
    assert "error:" in capsys.readouterr().err
