"""The measurement of the ledger runs, and says when a bound is missed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ops.bench import ledger


@pytest.mark.postgres
def test_both_databases_are_measured(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ledger, "PUT_BOUND", 1)
    few = ["--jobs", "600", "--lives", "40", "--threads", "4"]
    assert ledger.main([*few, "--postgres", postgres_url]) == 0
    assert "PostgreSQL" in capsys.readouterr().out
    assert os.listdir(tmp_path) == []


def test_a_missed_bound_is_an_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ledger, "PUT_BOUND", 10**9)
    assert ledger.main(["--jobs", "600", "--lives", "20", "--threads", "4"]) == 1


def test_a_server_that_does_not_answer_is_one_line(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    few = ["--jobs", "10", "--lives", "1", "--threads", "1"]
    assert ledger.main([*few, "--postgres", "postgresql://x@127.0.0.1:1/y"]) == 2
    assert "--postgres" in capsys.readouterr().out
