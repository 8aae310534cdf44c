"""All proofs by one command: each is there, takes its short words, and a broken one is told."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
from typing import Any

import pytest

from ops import prove
from ops.prove.__main__ import GOALS, main


def test_every_proof_is_in_the_list() -> None:
    names = [one.name for one in pkgutil.iter_modules(prove.__path__) if one.name != "__main__"]
    commands = {
        name
        for name in names
        if 'prog="python -m ops.prove.'
        in inspect.getsource(importlib.import_module(f"ops.prove.{name}"))
    }

    assert sorted(commands) == sorted(goal.name for goal in GOALS)


def test_a_proof_that_does_not_hold_is_told_and_the_others_still_run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ran = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        ran.append(command[2:])
        return subprocess.CompletedProcess(command, 1 if "ops.prove.merge" in command else 0)

    monkeypatch.setattr(subprocess, "run", run)

    assert main(["merge", "echoes"]) == 1
    assert [name for name, *_ in ran] == ["ops.prove.merge", "ops.prove.echoes"]
    assert main(["echoes", "--full"]) == 0
    assert ran[-1] == ["ops.prove.echoes"]


def test_a_name_that_is_none_is_told_with_those_that_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["murge"])

    assert ended.value.code == 2
    assert "murge; there are merge," in capsys.readouterr().err
