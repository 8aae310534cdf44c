"""A row becomes a person: what is used, what is left out, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.errors import UsageError
from producers import mapping
from producers.ndjson import LIST_MARK
from producers.people import People, Read
from producers.rejects import Complaint
from producers.rows import Row
from producers.sniffing import LOST

COLUMNS = ["Name", "E-Mail", "Phone", "Born", "Tags", "Course", "Day"]
FIELDS = {"name": "Name", "email": "E-Mail", "phone": "Phone", "date_of_birth": "Born"}
WHOLE: dict[str, Any] = {
    "fields": FIELDS,
    "tags": [
        {"tag": "Student"},
        {"column": "Tags", "separator": ";"},
        {"template": "course: {Course}"},
    ],
    "notes": [{"template": "Enrolled in {Course} on {Day}"}, {"template": "Likes {Tags}"}],
}


def people(columns: list[str] = COLUMNS, **document: Any) -> People:
    return People(mapping.parse(document or WHOLE, origin="rollbook.toml"), columns)


def read(*cells: str, problem: str | None = None, **document: Any) -> Read:
    return people(**document).read(Row(2, list(cells), problem), "US")


# ---------------------------------------------------------------- what is used


def test_a_row_becomes_fields_tags_and_notes() -> None:
    one = read(
        " Ada  Lovelace",
        "ADA@x.org ",
        "202 555 0100",
        "12/10/1815",
        "Maths; ;VIP",
        "Bread",
        "1 May",
    )
    assert one.complaints == ()
    assert one.person is not None
    assert one.person.fields == {
        "name": "Ada Lovelace",
        "email": "ada@x.org",
        "phone": "+12025550100",
        "date_of_birth": "1815-12-10",
    }
    assert one.person.add_tags == {"student", "maths", "vip", "course: bread"}
    assert one.person.notes == ("Enrolled in Bread on 1 May", "Likes Maths; ;VIP")


def test_a_blank_leaves_out_its_tag_and_its_note() -> None:
    one = read("Ada", "ada@x.org", "", "", "", "Bread", " ")
    assert one.person is not None
    assert one.person.add_tags == {"student", "course: bread"}
    assert one.person.notes == ()


def test_without_a_separator_a_column_is_one_tag() -> None:
    one = read(
        "a@x.org", "Maths; Music",
        columns=["Email", "Tags"], fields={"email": "Email"}, tags=[{"column": "Tags"}],
    )  # fmt: skip
    assert one.person is not None
    assert one.person.add_tags == {"maths; music"}


def test_a_list_is_several_tags_and_a_text_with_commas() -> None:
    listed = LIST_MARK.join(["Maths", "", "Music"])
    one = read(
        "a@x.org", listed, columns=["Email", "Tags"],
        fields={"email": "Email", "custom.topics": "Tags"},
        tags=[{"column": "Tags"}], notes=[{"template": "Likes {Tags}"}],
    )  # fmt: skip
    assert one.person is not None
    assert one.person.add_tags == {"maths", "music"}
    assert one.person.notes == ("Likes Maths, Music",)
    assert one.person.fields["custom.topics"] == "Maths, Music"


def test_two_notes_of_one_text_are_one() -> None:
    one = read(
        "a@x.org", columns=["Email"], fields={"email": "Email"},
        notes=[{"template": "from {Email}"}, {"template": "from  {Email}".replace("  ", " ")}],
    )  # fmt: skip
    assert one.person is not None
    assert one.person.notes == ("from a@x.org",)


# ---------------------------------------------------------------- what is left out


def test_a_malformed_email_beside_a_good_phone_is_left_out_alone() -> None:
    one = read("Bob", "bob(at)x.org", "202 555 0100", "", "", "", "")
    assert one.person is not None
    assert one.person.fields == {"name": "Bob", "phone": "+12025550100"}
    assert one.complaints == (Complaint("E-Mail", "is not an email address"),)


def test_a_malformed_phone_and_date_are_left_out_alone() -> None:
    one = read("Bob", "b@x.org", "ask him", "soon", "", "", "")
    assert one.person is not None
    assert one.person.fields == {"name": "Bob", "email": "b@x.org"}
    assert [complaint.column for complaint in one.complaints] == ["Phone", "Born"]


def test_neither_email_nor_phone_leaves_out_the_row() -> None:
    assert read("Bob", " ", "", "", "", "", "") == Read(
        None, (Complaint("E-Mail and Phone", "are blank: the CRM knows people by them"),)
    )
    assert read("b", columns=["N", "Email"], fields={"email": "Email", "name": "N"}) == Read(
        None, (Complaint("Email", "is missing: the row has 1 of 2 values"),)
    )
    assert read(" ", columns=["Email"], fields={"email": "Email"}) == Read(
        None, (Complaint("Email", "is blank: the CRM knows people by them"),)
    )


def test_a_row_whose_email_and_phone_are_both_malformed_says_so_of_both() -> None:
    one = read("Bob", "bob", "12", "soon", "", "", "")
    assert one.person is None
    assert [complaint.column for complaint in one.complaints] == ["E-Mail", "Phone"]


def test_a_row_that_ends_early_is_used_and_what_it_lacks_is_named() -> None:
    one = read("Bob", "b@x.org")
    assert one.person is not None
    assert one.complaints == (
        Complaint("Phone", "is missing: the row has 2 of 7 values"),
        Complaint("Born", "is missing: the row has 2 of 7 values"),
    )


def test_a_row_that_could_not_be_read_is_left_out() -> None:
    one = read("Bob", "b@x.org", problem="has 9 values, the header 7")
    assert one == Read(None, (Complaint("row", "has 9 values, the header 7"),))


def test_a_value_that_lost_a_character_is_left_out_wherever_it_is_used() -> None:
    one = read(f"Zo{LOST} Muller", "zoe@x.org", "", "", f"a{LOST}", f"{LOST}", "1 May")
    assert one.person is not None
    assert one.person.fields == {"email": "zoe@x.org"}
    assert one.person.add_tags == {"student"}
    assert one.person.notes == ()
    assert [complaint.column for complaint in one.complaints] == ["Name", "Tags", "Course"]


def test_a_lost_character_in_a_column_that_nobody_uses_does_no_harm() -> None:
    one = read("a@x.org", LOST, columns=["Email", "Other"], fields={"email": "Email"})
    assert one.person is not None
    assert one.complaints == ()


# ---------------------------------------------------------------- columns


@pytest.mark.parametrize(
    ("columns", "named", "place"),
    [
        (["EMAIL", "Email"], "Email", 1),
        (["EMAIL", "email"], "Email", 0),
        (["Straße", "Email"], "STRASSE", 0),
        (["Pre\u0301nom", "Email"], "Pr\u00e9nom", 0),
    ],
)
def test_a_column_is_found_as_it_stands_else_without_case(
    columns: list[str], named: str, place: int
) -> None:
    export = mapping.parse({"fields": {"email": named}}, origin="x")
    assert People(export, columns).column("email") == columns[place]


def test_every_column_that_the_file_lacks_is_one_line_with_a_hint() -> None:
    with pytest.raises(UsageError) as caught:
        people(["E-Mail", "Phone", "Born", "Taggs", "Course"])
    lines = str(caught.value).splitlines()
    assert lines == [
        'rollbook.toml: fields.name: the file has no column "Name"; its columns are "E-Mail", '
        '"Phone", "Born", "Taggs", "Course"',
        'rollbook.toml: tags: the file has no column "Tags"; did you mean "Taggs"?',
        'rollbook.toml: notes: the file has no column "Day"; its columns are "E-Mail", "Phone", '
        '"Born", "Taggs", "Course"',
    ]


def test_of_very_many_columns_some_are_listed() -> None:
    with pytest.raises(UsageError, match=r'"C12" …$'):
        people([f"C{n}" for n in range(1, 40)], fields={"email": "xyz"})


# ---------------------------------------------------------------- whatever stands in a row


@given(cells=st.lists(st.text("ab@x.org+1205 ;\x1f\n\ufffd", max_size=14), max_size=9))
def test_any_row_is_a_person_or_told_why_not(cells: list[str]) -> None:
    reader = people()
    one = reader.read(Row(2, cells), "US")
    assert one.person is not None or one.complaints
    assert all(complaint.column and complaint.reason for complaint in one.complaints)
    if one.person is not None:
        assert one.person.email or one.person.phone
        assert LIST_MARK not in "".join(map(str, one.person.fields.values()))
        assert all(tag == tag.strip().lower() and tag for tag in one.person.add_tags)
        if not one.complaints:
            known = reader.identity(cells, "US")
            assert (known.email, known.phone) == (one.person.email, one.person.phone)
