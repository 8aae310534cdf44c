"""A file of people as rows: every separator and encoding, and every file that is none."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contacts.errors import UsageError
from producers import readers
from producers.ndjson import LIST_MARK
from producers.readers import Source, open_source

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufeff"), max_size=8
)
LATIN = st.text(st.sampled_from("aZ é ßü'\",;\t\n\r\r\nñ"), max_size=8)


def opened(tmp_path: Path, content: str | bytes, name: str = "students.csv") -> Source:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_source(path)


def cells(source: Source) -> list[list[str]]:
    return [row.cells for row in source.rows() if not row.problem]


def problems(source: Source) -> list[tuple[int, str]]:
    return [(row.line, row.problem) for row in source.rows() if row.problem]


def written(rows: list[list[str]], delimiter: str) -> tuple[str, list[int]]:
    """A CSV text, and the number of the line that each row begins in."""
    text, lines = io.StringIO(newline=""), []
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    for row in rows:
        lines.append(1 + len(re.findall(r"\r\n|\r|\n", text.getvalue())))
        writer.writerow(row)
    return text.getvalue(), lines


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readers")


# ---------------------------------------------------------------- what was written is read


@given(
    rows=st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=6),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"]),
)
def test_a_table_comes_back_from_any_separator_and_encoding(
    folder: Path, rows: list[list[str]], delimiter: str, encoding: str
) -> None:
    text, lines = written([["Name", "Email", "Ort der Übung"], *rows], delimiter)
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    source = opened(folder, mark + text.encode(encoding))
    assert source.columns == ["Name", "Email", "Ort der Übung"]
    assert source.delimiter == delimiter
    assert source.warnings == []
    expected = [pair for pair in zip(lines[1:], rows, strict=True) if any(pair[1])]
    assert [(row.line, row.cells) for row in source.rows()] == expected


@given(rows=st.lists(st.lists(LATIN, min_size=2, max_size=2), min_size=1, max_size=6))
def test_a_western_table_without_a_mark_comes_back_with_a_warning(
    folder: Path, rows: list[list[str]]
) -> None:
    text, _ = written([["Name", "Straße"], *rows], ";")
    raw = text.encode("cp1252")
    try:
        raw.decode()
        assume(False)
    except UnicodeDecodeError:
        pass
    source = opened(folder, raw)
    assert cells(source) == [row for row in rows if any(row)]
    assert len(source.warnings) == 1
    assert "Latin-1" in source.warnings[0]


def test_a_file_may_be_read_as_often_as_needed(tmp_path: Path) -> None:
    source = opened(tmp_path, "Name,Email\nAda,ada@x.org\n")
    assert cells(source) == cells(source) == [["Ada", "ada@x.org"]]


def test_a_column_of_one_is_a_table(tmp_path: Path) -> None:
    source = opened(tmp_path, "Email\nada@x.org\n\nbob@x.org")
    assert cells(source) == [["ada@x.org"], ["bob@x.org"]]


def test_excels_own_first_line_is_not_the_header(tmp_path: Path) -> None:
    source = opened(tmp_path, "\ufeffsep=;\r\nName;Email\r\nAda;a@x.org\r\n")
    assert source.columns == ["Name", "Email"]
    assert [(row.line, row.cells) for row in source.rows()] == [(3, ["Ada", "a@x.org"])]


def test_columns_of_one_name_are_told_apart_with_a_warning(tmp_path: Path) -> None:
    source = opened(tmp_path, "Email, Email ,,Email (2)\na,b,c,d\n")
    assert source.columns == ["Email", "Email (2)", "column 3", "Email (2) (2)"]
    assert source.warnings == [
        'two columns are called "Email": the later one is "Email (2)" here',
        'two columns are called "Email (2)": the later one is "Email (2) (2)" here',
    ]


def test_a_row_that_ends_early_is_read_and_one_that_is_too_long_is_told(tmp_path: Path) -> None:
    source = opened(tmp_path, "A,B,C\n1\n1,2,3,,\n1,2,3,4\n")
    assert cells(source) == [["1"], ["1", "2", "3"]]
    ((line, problem),) = problems(source)
    assert line == 4
    assert problem == (
        "has 4 values, the header 3: is there a comma inside a value that is not quoted?"
    )


# ---------------------------------------------------------------- NDJSON


def test_ndjson_has_the_columns_of_all_its_lines_in_their_order(tmp_path: Path) -> None:
    source = opened(
        tmp_path, '{"b": 1, "a": {"x": 2}}\nbroken\n{"c": ["p", "q"], "b": null}\n', "s.ndjson"
    )
    assert source.columns == ["b", "a.x", "c"]
    assert cells(source) == [["1", "2", ""], ["", "", f"p{LIST_MARK}q"]]
    assert problems(source) == [(2, "is not a JSON object")]


def test_ndjson_of_too_many_names_is_no_table(tmp_path: Path) -> None:
    text = "\n".join(f'{{"name{n}": 1}}' for n in range(readers.MOST_COLUMNS + 1))
    with pytest.raises(UsageError, match="more than 2000 different names"):
        opened(tmp_path, text, "s.ndjson")


# ---------------------------------------------------------------- files that cannot be used


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b" \r\n\n\x00", "is empty"),
        (b"PK\x03\x04 a spreadsheet", "save it as CSV"),
        (b"%PDF-1.7", "save it as CSV"),
        (b"\x1f\x8b\x08 an archive", "save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old spreadsheet", "save it as CSV"),
        (b',,\n"", \n', "has no header"),
        (b'Name,"Email\nAda,a@x.org\n', "has no header"),
        (b'[{"email": "a@x.org"},\n{"email": "b@x.org"}]', "one JSON array"),
        (b'{\n  "email": "a@x.org"\n}\n', "no line that is a JSON object"),
    ],
)
def test_a_file_that_holds_no_table_is_one_clear_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        opened(tmp_path, content)
    assert str(tmp_path / "students.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_a_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        open_source(tmp_path / "nobody.csv")
    with pytest.raises(UsageError, match="is a folder"):
        open_source(tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        open_source(tmp_path / ("x" * 300))


def test_a_file_without_permission_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "secret.csv"
    path.write_text("Email\n")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root may read everything")
    with pytest.raises(UsageError, match="cannot be read: Permission denied"):
        open_source(path)


def test_a_pipe_is_refused_because_it_can_be_read_only_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="read twice"):
        open_source(tmp_path / "pipe")


# ---------------------------------------------------------------- files that change


def test_a_file_replaced_after_it_was_opened_is_not_read_by_the_old_header(tmp_path: Path) -> None:
    source = opened(tmp_path, "First,Last\nAda,Lovelace\n")
    newer = tmp_path / "newer.csv"
    newer.write_text("Last,First\nLovelace,Ada\n")
    newer.replace(source.path)
    with pytest.raises(UsageError, match="changed while it was read"):
        list(source.rows())


@pytest.mark.parametrize("change", ["shrinks", "grows", "is gone"])
def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path, change: str) -> None:
    source = opened(tmp_path, "Email\n" + "ada@x.org\n" * 10_000)
    rows = source.rows()
    next(rows)
    if change == "shrinks":
        os.truncate(source.path, 5_000)
    elif change == "grows":
        with source.path.open("a") as file:
            file.write("bob@x.org\n")
    else:
        source.path.unlink()
        assert len(list(rows)) == 9_999  # what is open can be read to its end
        rows = source.rows()
    with pytest.raises(UsageError, match=r"changed while it was read|cannot be read"):
        list(rows)


def test_a_file_replaced_while_it_is_open_is_read_to_its_own_end(tmp_path: Path) -> None:
    source = opened(tmp_path, "Email\n" + "ada@x.org\n" * 10_000)
    rows = source.rows()
    next(rows)
    newer = tmp_path / "newer.csv"
    newer.write_text("Email\nbob@x.org\n")
    newer.replace(source.path)
    assert {row.cells[0] for row in rows} == {"ada@x.org"}
