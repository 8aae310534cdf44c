"""FILE.rejects.csv: nothing is lost in it, and it can be corrected and given again."""

from __future__ import annotations

import contextlib
import csv
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.errors import UsageError
from producers import mapping, readers, rejects, survey
from producers.ndjson import LIST_MARK
from producers.people import People
from producers.rejects import Complaint, Outcome, Rejects

BAD = [Complaint("Email", "is not an email address")]
DOCS = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text("utf-8")


def write(path: Path, *rows: list[str], columns: tuple[str, ...] = ("Name", "Email")) -> Rejects:
    made = Rejects(path, columns)
    for line, row in enumerate(rows, start=2):
        made.add(line, BAD, Outcome.LEFT_OUT, row)
    made.close()
    return made


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond 2 KB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def fill(made: Rejects) -> None:
    for line in range(10_000):
        made.add(line, BAD, Outcome.LEFT_OUT, ["bad" * 10])


# ---------------------------------------------------------------- what it holds


def test_a_row_is_kept_with_its_line_columns_and_reasons(tmp_path: Path) -> None:
    made = Rejects(tmp_path / "r.csv", ["Name", "Email"])
    complaints = [*BAD, Complaint("Name", "is missing"), Complaint("Email", "is odd")]
    made.add(7, complaints, Outcome.TRIMMED, ["Zoë\nMüller", "zoe"])
    assert not made.path.exists()
    assert made.close() == made.path
    assert read(made.path) == [
        ["line", "column", "reason", "outcome", "Name", "Email"],
        [
            "7", "Email; Name",
            "Email is not an email address; Name is missing; Email is odd",
            "sent without this value", "Zoë\nMüller", "zoe",
        ],
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == [made.path]


def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    made = write(tmp_path / "r.csv", ["Ada", "?"])
    assert made.close() == made.path
    assert made.aside is None


def test_without_complaints_there_is_no_file(tmp_path: Path) -> None:
    made = Rejects(tmp_path / "r.csv", ["Email"])
    assert made.close() is None
    assert list(tmp_path.iterdir()) == []


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00␟"), max_size=6)
RISKY = st.sampled_from(
    ["=1+1", "'=1", "+49 30", "-", "@x", "\tx", "\rx", "''+1", "'", f"a{LIST_MARK}b"]
)


@given(rows=st.lists(st.lists(CELLS | RISKY, min_size=2, max_size=2), min_size=1, max_size=5))
def test_given_again_every_row_is_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("again") / "r.csv"
    source = readers.open_source(write(path, *rows, columns=("=Name", "Email")).path)
    assert source.is_rejects
    assert source.columns == ["=Name", "Email"]
    assert [row.cells for row in source.rows()] == [row for row in rows if any(row)]
    formulas = ("=", "+", "-", "@", "\t", "\r")
    assert not any(cell.startswith(formulas) for row in read(path) for cell in row)


def test_a_complaint_about_a_column_is_no_row_when_it_is_given_again(tmp_path: Path) -> None:
    made = Rejects(tmp_path / "r.csv", ["Name", "Email"])
    made.add(1, [Complaint("Level", "is not known")], Outcome.TRIMMED, [])
    made.add(3, BAD, Outcome.LEFT_OUT, ["Bob", "b@x.org"])
    made.close()
    assert [row.cells for row in readers.open_source(made.path).rows()] == [["Bob", "b@x.org"]]


def test_the_docs_show_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "students.csv"
    path.write_text("Student,Email,Mobile\n\n\nBob,bob(at)example.org,202-555-0111\n\n\nSue,,\n")
    source = readers.open_source(path)
    export = mapping.parse({"fields": {"email": "Email", "phone": "Mobile"}}, origin="x")
    made = Rejects(rejects.where(path), source.columns)
    survey.check(source, People(export, source.columns), "US", made)
    made.close()
    assert made.path.name == "students.csv.rejects.csv"
    assert made.path.read_text("utf-8-sig") in DOCS


# ---------------------------------------------------------------- what was there before


def test_an_earlier_file_is_set_aside_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "s.csv.rejects.csv"
    for name in ("Ada", "Bob", "Cem"):
        last = write(path, [name, "?"])
    assert last.aside == tmp_path / "s.csv.rejects.2.csv"
    assert [read(p)[1][4] for p in sorted(tmp_path.iterdir())] == ["Ada", "Bob", "Cem"]


def test_an_earlier_file_is_set_aside_when_nothing_is_wrong_any_more(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", ["Ada", "?"]).path
    made = write(path)
    assert not path.exists()
    assert made.aside is not None
    assert read(made.aside)[1][4] == "Ada"


def test_the_same_complaints_again_leave_one_file(tmp_path: Path) -> None:
    write(tmp_path / "r.csv", ["Ada", "?"])
    write(tmp_path / "r.csv", ["Ada", "?"])
    assert len(list(tmp_path.iterdir())) == 1


def test_the_file_of_an_interrupted_run_gives_way_to_the_whole_one(tmp_path: Path) -> None:
    write(tmp_path / "r.csv", ["Ada", "?"])
    assert write(tmp_path / "r.csv", ["Ada", "?"], ["Bob", "?"]).aside is None
    assert len(list(tmp_path.iterdir())) == 1


# ---------------------------------------------------------------- where it cannot be


def test_it_is_never_the_file_that_is_read(tmp_path: Path) -> None:
    source = tmp_path / "students.csv"
    source.write_text("Email\nbad\n")
    (tmp_path / "link.csv").symlink_to(source)
    made = Rejects(tmp_path / "link.csv", ["Email"])
    made.add(2, BAD, Outcome.LEFT_OUT, ["bad"])
    with pytest.raises(UsageError, match="is the file to read: name another place"):
        made.keep_off(source)
    assert made.close() is None
    assert source.read_text() == "Email\nbad\n"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_or_device_is_refused_and_left_alone(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/null")):
        with pytest.raises(UsageError, match="is not a file: name another place"):
            Rejects(path, ["Email"]).add(2, BAD, Outcome.LEFT_OUT, ["bad"])
        assert Rejects(path, ["Email"]).close() is None
        assert path.exists()


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written") as caught:
        Rejects(tmp_path / "nowhere" / "r.csv", ["Email"]).add(2, BAD, Outcome.LEFT_OUT, ["bad"])
    assert "--rejects" in str(caught.value)


def test_a_full_disk_is_one_clear_line_and_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", ["Ada", "?"]).path
    made = Rejects(path, ["Email"])
    with full_disk(), pytest.raises(UsageError, match="cannot be written"):
        fill(made)
    assert made.close() is None
    assert [p.name for p in tmp_path.iterdir()] == ["r.csv"]
    assert read(path)[1][4] == "Ada"


def test_a_disk_that_is_full_at_the_very_end_is_one_clear_line(tmp_path: Path) -> None:
    made = Rejects(tmp_path / "r.csv", ["Email"])
    made.add(2, BAD, Outcome.LEFT_OUT, ["bad" * 1000])
    with full_disk(), pytest.raises(UsageError, match="cannot be written"):
        made.close()
    assert list(tmp_path.iterdir()) == []
