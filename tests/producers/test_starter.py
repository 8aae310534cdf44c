"""A first rollbook.toml: recognised columns, and text that is TOML whatever a column is called."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.errors import UsageError
from contacts.fields import BY_NAME
from ops.students import HEADER
from producers import mapping, people, starter


def test_the_columns_of_an_export_are_recognised() -> None:
    found = starter.guess([*HEADER, "Tags"], [["", "", "", "", "", "", "", "Maths|Music"], []])
    assert found.fields == (
        ("email", "Email"), ("phone", "Phone"), ("name", "Name"), ("country", "Country"),
    )  # fmt: skip
    assert found.tags == (("Tags", "|"),)
    assert found.courses == ("Course",)
    assert found.unknown == ("Level", "Enrolled on")
    assert found.usable


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("E-mail address", "email"),
        ("STUDENT EMAIL", "email"),
        ("Phone number", "phone"),
        ("Mobile", "phone"),
        ("First Name", "first_name"),
        ("Nachname", "last_name"),
        ("Date of birth", "date_of_birth"),
        ("ZIP code", "postal_code"),
        ("Company", "company_name"),
    ],
)
def test_a_column_is_recognised_by_its_letters(column: str, field: str) -> None:
    assert starter.guess([column]).fields == ((field, column),)


def test_the_parts_of_a_name_say_more_than_the_whole() -> None:
    found = starter.guess(["Name", "First name", "Last name", "Email", "Mail"])
    assert dict(found.fields) == {
        "email": "Email", "first_name": "First name", "last_name": "Last name",
    }  # fmt: skip
    assert found.unknown == ("Mail", "Name")


@pytest.mark.parametrize("columns", [[], ["Name", "Course"], ["Level"]])
def test_columns_without_email_and_phone_are_one_clear_line(columns: list[str]) -> None:
    found = starter.guess(columns)
    assert not found.usable
    with pytest.raises(UsageError) as caught:
        starter.export(found)
    assert "\n" not in str(caught.value)


def test_what_is_written_names_every_field_and_every_column() -> None:
    text = starter.write(starter.guess(HEADER), "students.csv")
    assert all(name in text for name in BY_NAME)
    assert all(column in text for column in HEADER)
    assert '# "custom.enrolled_on" = "Enrolled on"' in text
    assert all(len(line) <= 100 for line in text.splitlines())


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(
    lambda name: " ".join(name.split())
)
COMMON = st.sampled_from(["Email", "Phone", "Name", "Tags", "Course", "City", "Level", "a{b}"])


@given(
    columns=st.lists(NAMES.filter(bool) | COMMON, max_size=8, unique=True),
    title=st.text(max_size=10),
)
def test_what_is_written_is_a_mapping_of_these_very_columns(columns: list[str], title: str) -> None:
    columns = ["Email", *(column for column in columns if column != "Email")]
    found = starter.guess(columns)
    written = mapping.parse(tomllib.loads(starter.write(found, title)), origin="x")
    assert tuple(written.fields.items()) == found.fields
    assert [rule.column for rule in written.tags_from] == [column for column, _ in found.tags]
    people.People(written, columns)


@given(columns=st.lists(COMMON, max_size=8, unique=True))
def test_its_comments_are_a_mapping_too_once_they_are_taken_up(columns: list[str]) -> None:
    found = starter.guess(["Email", *columns])
    lines = starter.write(found, "students.csv").splitlines()
    starts = ('# "', "# [", "# tag =", "# template =", "# city = {", "# phone = {")
    starts += ("# title =", "# due =", "# days =")
    taken = [line.removeprefix("# ") for line in lines if line.startswith(starts)]
    live = [line for line in lines if not line.startswith("#")]
    fields = [line for line in taken if line.startswith('"')]
    rest = [line for line in taken if not line.startswith('"')]
    at = live.index("[fields]") + 1
    mapping.parse(tomllib.loads("\n".join([*live[:at], *fields, *live[at:], *rest])), origin="x")
