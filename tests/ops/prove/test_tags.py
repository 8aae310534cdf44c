"""A small school, and a judge that notices when tags are replaced or not taken in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ops.prove.tags import BOUNDS, main, play
from worker.crm.desk import Desk


def played() -> dict[str, int]:
    found = play(1500, 3, contacts=20)
    return {name: found[name] for name in BOUNDS}


def test_foreign_tags_stay_and_ours_are_never_stale() -> None:
    assert played() == dict.fromkeys(BOUNDS, 0)


def test_the_judge_notices_tags_that_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    from worker.crm import operations as op

    def replaced(self: Any, id: str, tags: Any) -> frozenset[str]:
        body = {"tags": sorted(tags)}
        self._calls.make(op.UPDATE, self._line, id=id, body=body)
        return frozenset(tags)

    monkeypatch.setattr(Desk, "add_tags", replaced)

    counts = played()
    assert counts["calls that replace all tags"] > 0
    assert counts["foreign tags lost"] > 0


def test_the_command_says_what_it_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--operations", "400", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["broken"] == []
