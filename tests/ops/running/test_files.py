"""Private files, and one `rollbook up` in a home."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from contacts.errors import UsageError
from ops.running.files import LOCK, only_one, write_private

HOLDER = """
import sys, time
from pathlib import Path
from ops.running.files import only_one
with only_one(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def mode(path: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_only_its_owner_can_read_a_private_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_private(tmp_path / "new folder" / "secret", "hush\n")
    finally:
        os.umask(before)
    assert (tmp_path / "new folder" / "secret").read_text() == "hush\n"
    assert mode(tmp_path / "new folder" / "secret") == 0o600


def test_a_file_that_everybody_could_read_is_private_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert (path.read_text(), mode(path)) == ("new", 0o600)


def test_what_a_killed_writer_left_is_no_obstacle_and_nothing_stays_beside(tmp_path: Path) -> None:
    (tmp_path / f".secret.{os.getpid()}").write_text("half of")
    write_private(tmp_path / "secret", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_new_home_is_for_its_owner_only(tmp_path: Path) -> None:
    with only_one(tmp_path / "home"):
        assert mode(tmp_path / "home") == 0o700


def test_a_second_one_is_told_who_runs_there(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(UsageError) as error, only_one(tmp_path):
        pass
    assert f"process {os.getpid()}" in str(error.value)
    assert "ROLLBOOK_HOME" in str(error.value)


def test_the_lock_goes_with_its_holder_even_when_that_was_killed(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    with holder.stdout as said:
        assert said.readline() == "held\n"
        with pytest.raises(UsageError, match=f"process {holder.pid}"), only_one(tmp_path):
            pass
        holder.kill()
        holder.wait()
    with only_one(tmp_path):
        assert (tmp_path / LOCK).read_text().strip() == str(os.getpid())
