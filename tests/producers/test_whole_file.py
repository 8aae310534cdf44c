"""A file is there when it is whole, and nobody else may read one that holds people."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from contacts.errors import UsageError
from producers import whole_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_belongs_to_its_owner_alone_also_in_place_of_one_that_all_may_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "people.html"
    path.write_text("old")
    path.chmod(0o644)

    with whole_file.writing(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"

    assert (path.read_text(), mode(path)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_one_without_people_may_be_read(tmp_path: Path) -> None:
    with whole_file.writing(tmp_path / "a", mode=whole_file.PUBLIC) as file:
        file.write(b"a")

    assert mode(tmp_path / "a") & 0o400
    assert not mode(tmp_path / "a") & 0o111


def test_nothing_is_left_of_one_that_failed_and_the_old_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def fail() -> None:
        with whole_file.writing(path) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="cannot be written: No such file"),
        whole_file.writing(tmp_path / "none" / "a"),
    ):
        pass
