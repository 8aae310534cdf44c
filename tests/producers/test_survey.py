"""What a look through a file shows before anything is written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from contacts.contact import Person
from contacts.errors import UsageError
from producers import mapping, survey
from producers.people import People
from producers.readers import Source, open_source
from producers.rejects import Rejects

EXPORT = mapping.parse({"fields": {"email": "Email", "phone": "Phone"}}, origin="x")


def source(tmp_path: Path, text: str) -> tuple[Source, People]:
    path = tmp_path / "students.csv"
    path.write_text(text)
    found = open_source(path)
    return found, People(EXPORT, found.columns)


def test_checking_counts_rows_and_writes_the_rejects_only(tmp_path: Path) -> None:
    file, people = source(
        tmp_path, "Email,Phone\na@x.org,\nb@x.org,12\n,\t\nc@x.org\nbad,\n1,2,3\n"
    )
    complaints = Rejects(tmp_path / "r.csv", file.columns)
    tally = survey.check(file, people, "US", complaints)
    complaints.close()
    assert (tally.rows, tally.people, tally.left_out, tally.trimmed) == (6, 3, 3, 2)
    assert complaints.rows == 5


def test_checking_never_writes_over_the_file_itself(tmp_path: Path) -> None:
    file, people = source(tmp_path, "Email,Phone\nbad,\n")
    with pytest.raises(UsageError, match="is the file to read"):
        survey.check(file, people, "US", Rejects(file.path, file.columns))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ada@X.org,", " ada@x.org ,"),
        (",202-555-0100", ",+1 (202) 555 0100"),
        (",1-800-FLOWERS", ",+18003569377"),
        (",202-555-0100 ext. 5", ",2025550100"),
        ("a@x.org,202-555-0100", "b@x.org,(202) 5550100"),
    ],
)
def test_two_spellings_of_one_person_are_one(tmp_path: Path, first: str, second: str) -> None:
    file, people = source(tmp_path, f"Email,Phone\n{first}\nz@x.org,\n{second}\n")
    found = survey.survey(file, people, "US")
    assert found.rows == 3
    for row in file.rows():
        expected = row.line != 3
        assert found.recurring.has(people.identity(row.cells, "US")) == expected


def test_a_short_number_is_the_same_with_the_country_before_it(tmp_path: Path) -> None:
    file, people = source(tmp_path, "Email,Phone\n,555 0100\n,+354 555 0100\n")
    found = survey.survey(file, people, "IS")
    assert found.recurring.has(Person({"phone": "+3545550100"}))


def test_a_row_that_cannot_be_read_is_counted_and_not_looked_at(tmp_path: Path) -> None:
    file, people = source(tmp_path, "Email,Phone\na@x.org,\na@x.org,1,2\n")
    found = survey.survey(file, people, "US")
    assert found.rows == 2
    assert not found.recurring.has(Person({"email": "a@x.org"}))


def test_it_says_how_far_it_is(tmp_path: Path) -> None:
    rows = "".join(f"s{n}@x.org,\n" for n in range(2 * survey.TELL_ROWS + 1))
    file, people = source(tmp_path, "Email,Phone\n" + rows)
    told: list[int] = []
    survey.survey(file, people, "US", told.append)
    assert told == [survey.TELL_ROWS, 2 * survey.TELL_ROWS]
