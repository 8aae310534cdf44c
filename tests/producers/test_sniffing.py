"""How a file is written: by its marks, by its bytes, by its most even table."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from producers import sniffing

EXPORT = "Name,Email\nZoë Müller,zoe@example.org\n"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, written: str, read: str) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes(EXPORT.encode(written))
    assert sniffing.encoding(path) == read


def test_utf_16_with_the_big_end_first_is_found_by_its_mark(tmp_path: Path) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes(codecs.BOM_UTF16_BE + EXPORT.encode("utf-16-be"))
    assert path.read_text(sniffing.encoding(path)) == EXPORT


def test_plain_ascii_is_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes(b"Email\nada@example.org\n")
    assert sniffing.encoding(path) == "utf-8"


def test_one_latin_1_name_at_the_very_end_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes(b"Email\n" + b"ada@example.org\n" * 200_000 + b"Zo\xeb@example.org\n")
    assert sniffing.encoding(path) == "cp1252"


def test_one_damaged_character_does_not_make_latin_1_of_a_utf_8_file(tmp_path: Path) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes("Name\nZoë\nMüller\n".encode() + b"Jos\xe9\n")
    assert sniffing.encoding(path) == "utf-8"


def test_a_byte_that_windows_does_not_know_makes_it_latin_1(tmp_path: Path) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes(b"Name\nZo\xeb \x81\n")
    assert sniffing.encoding(path) == "latin-1"


def test_a_character_cut_by_the_end_of_the_file_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes("Name\nZoë".encode()[:-1])
    assert sniffing.encoding(path) == "cp1252"
    path.write_bytes("Name\nZoë\nMüller\nZoë".encode()[:-1])
    assert sniffing.encoding(path) == "utf-8"


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("Name,Email\nAda,ada@x.org\n", ","),
        ("Name;Email\nAda;ada@x.org\n", ";"),
        ("Name\tEmail\nAda\tada@x.org\n", "\t"),
        ("Email\nada@x.org\nbob@x.org\n", ","),
        ("Name;Email;Note\nAda;ada@x.org;a,b,c\nBob;b@x.org;d,e\n", ";"),
        ("Name,Email,Tags\nAda,ada@x.org,a;b;c\nBob,b@x.org,\n", ","),
        ('Name,Email\n"Lovelace, Ada;\tCountess",ada@x.org\n', ","),
        ("Price, net;Email;City\n1,50;a@x.org;Bonn\n2,50;b@x.org;Ulm\n", ";"),
        ("sep=;\nName;Email\nAda, B;a@x.org\n", ";"),
        ("\ufeffsep=\t\r\nName\tEmail\n", "\t"),
        ("Name,Email", ","),
    ],
)
def test_the_delimiter_is_the_one_of_the_most_even_table(sample: str, delimiter: str) -> None:
    assert sniffing.delimiter(sample) == delimiter


@pytest.mark.parametrize(
    ("name", "sample", "expected"),
    [
        ("students.ndjson", "anything", True),
        ("students.JSONL", "anything", True),
        ("students.json", '\ufeff \n{"email": "ada@x.org"}', True),
        ("students.txt", '{"email": "ada@x.org"}', True),
        ("students.csv", "Email,Name", False),
    ],
)
def test_ndjson_is_known_by_name_or_first_character(name: str, sample: str, expected: bool) -> None:
    assert sniffing.is_ndjson(Path(name), sample) is expected
