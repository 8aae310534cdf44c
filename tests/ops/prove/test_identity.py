"""Small schools, and a judge that notices when somebody is taken for somebody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contacts import identity as who
from ops.prove.identity import BOUNDS, SCHOOLS, main, play
from worker import push


@pytest.mark.parametrize("name", list(SCHOOLS))
def test_nobody_is_lost_merged_or_doubled(name: str) -> None:
    counts = play(name, 120, 1)

    assert {bound: counts[bound] for bound in BOUNDS} == dict.fromkeys(BOUNDS, 0)
    assert counts["contacts made by us"] > 10


def broken(
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    where: Any,
    what: str,
    by: Any,
    *,
    operations: int = 250,
    seed: int = 2,
) -> set[str]:
    monkeypatch.setattr(where, what, by)
    counts = play(name, operations, seed)
    return {bound for bound in BOUNDS if counts[bound]}


def test_the_judge_notices_that_a_phone_is_taken_for_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def by_phone(ours: Any, theirs: Any, also: Any = ()) -> bool:
        return any(ours.get(n) and ours.get(n) == theirs.get(n) for n in who.IDENTITY)

    assert "wrong merges" in broken("refused, email first", monkeypatch, who, "same", by_phone)


def test_the_judge_notices_that_a_further_email_replaces_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(push, "_moved", lambda *_: None)
    # It takes an email that changed on both sides at once: 2 of 12 histories of this length.
    school, by = "refused, setting not readable", lambda *_: {}
    found = broken(school, monkeypatch, who, "aliases", by, operations=400, seed=3)

    assert "lost emails" in found


def test_the_judge_notices_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    from worker import linking

    found = broken("allowed", monkeypatch, linking, "_found", lambda *_: None)
    assert "duplicate contacts" in found


def test_the_command_says_what_it_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--operations", "60", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["broken"] == []
