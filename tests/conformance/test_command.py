"""``rollbook conformance``: a mistake is one line, and the folder is found from where one is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.conformance.__main__ import main


def test_a_folder_that_is_no_specification_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    command = [sys.executable, "-m", "producers.cli.main", "conformance", "--spec", "here"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env=dict(os.environ), check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"rollbook: {tmp_path}/here is not the CRM's specification: apps/contacts.json is not in "
        "it. Take the folder of https://github.com/GoHighLevel/highlevel-api-docs\n"
    )


@pytest.mark.parametrize(("text", "told"), [("{", "is not JSON"), ("{}", "no OpenAPI document")])
def test_a_broken_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "contacts.json").write_text(text)
    assert main(["--spec", str(tmp_path)]) == 2
    assert f"{tmp_path}/apps/contacts.json" in (said := capsys.readouterr().err)
    assert told in said


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "openapi_core", None)
    assert main(["--spec", str(tmp_path)]) == 2
    assert "pip install 'rollbook[conformance]'" in capsys.readouterr().err
