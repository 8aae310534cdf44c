"""A small school, and a judge that notices when echoes are guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contacts import echoes
from contacts.echoes import Judged, Verdict
from ops.prove.echoes import BOUNDS, main, play


def played(**more: Any) -> dict[str, int]:
    found = play(500, 3, contacts=25)
    return {name: found[name] for name in BOUNDS}


def test_no_edit_is_swallowed_and_no_echo_costs_anything() -> None:
    counts = played()

    assert counts.pop("reads for nothing") <= 10
    assert set(counts.values()) == {0}


def test_the_judge_notices_reads_that_were_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echoes, "judge", lambda *_: Judged(Verdict.NEWS))

    assert played()["reads for nothing"] > 50


def test_the_judge_notices_edits_that_were_taken_for_echoes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(echoes, "_fits", lambda *_: True)

    counts = played()
    assert counts["edits swallowed"] > 0
    assert counts["contacts that differ at the end"] > 0


def test_the_judge_notices_edits_that_our_own_writes_covered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(echoes, "overwritten", lambda *_: None)

    assert played()["edits swallowed"] > 0


def test_the_command_says_what_it_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--events", "40", "--contacts", "10", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["broken"] == []
