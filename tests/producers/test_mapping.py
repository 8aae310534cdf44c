"""rollbook.toml: what it may say, every mistake in it, and the examples of docs/mapping.md."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.errors import UsageError
from contacts.fields import BY_NAME
from producers import mapping, people, readers
from producers.mapping import Export, TagsFrom
from producers.rejects import Outcome

DOCS = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text("utf-8")
EMAIL = {"email": "Email"}


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)


def parse(**document: Any) -> Export:
    return mapping.parse(document, origin="rollbook.toml")


def mistakes(text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        mapping.parse(tomllib.loads(text), origin="rollbook.toml")
    return str(caught.value).splitlines()


# ---------------------------------------------------------------- docs/mapping.md


@pytest.mark.parametrize("example", examples("toml"))
def test_every_example_of_the_docs_is_a_mapping(example: str) -> None:
    mapping.parse(tomllib.loads(example), origin="docs/mapping.md")


def test_the_docs_first_example_sends_what_they_say(tmp_path: Path) -> None:
    (tmp_path / "students.csv").write_text(examples("csv")[0], encoding="utf-8")
    (tmp_path / "rollbook.toml").write_text(examples("toml")[0], encoding="utf-8")
    source = readers.open_source(tmp_path / "students.csv")
    reader = people.People(mapping.load(tmp_path / "rollbook.toml"), source.columns)
    found = [reader.read(row, "US").person for row in source.rows()]
    assert [
        {"fields": one.fields, "tags": sorted(one.add_tags), "notes": list(one.notes)}
        for one in found
        if one is not None
    ] == json.loads(examples("json")[0])


def test_the_docs_show_every_field_and_outcome() -> None:
    assert set(BY_NAME) <= set(re.findall(r"`(\w+)`", DOCS))
    for outcome in (Outcome.LEFT_OUT, Outcome.TRIMMED):
        assert f"`{outcome.value}`" in DOCS


# ---------------------------------------------------------------- what a mapping may say


def test_columns_and_texts_are_taken_without_doubled_blanks() -> None:
    export = parse(
        fields={"email": " E  mail ", "custom.level": "Level"},
        tags=[
            {"tag": " VIP  Student"},
            {"column": "My  Tags", "separator": ";"},
            {"template": "course: { Course  name }"},
        ],
        notes=[{"template": "Enrolled: {Course}"}],
    )
    assert export.fields == {"email": "E mail", "custom.level": "Level"}
    assert export.tags == {"vip student"}
    assert export.tags_from == (TagsFrom("My Tags", ";"),)
    assert export.columns() == [
        ("fields.email", "E mail"),
        ('fields."custom.level"', "Level"),
        ("tags", "My Tags"),
        ("tags", "Course name"),
        ("notes", "Course"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        '"custom.level" = "L"',
        'custom.level = "L"',
        '"custom.contact.level" = "L"',
        'custom.contact.level = "L"',
        '[fields.custom]\nlevel = "L"',
    ],
)
def test_a_custom_field_may_be_written_in_every_way_of_toml(line: str) -> None:
    export = mapping.parse(tomllib.loads(f'[fields]\nemail = "Email"\n{line}'), origin="x")
    assert export.fields == {"email": "Email", "custom.level": "L"}


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", '[fields] is missing: it needs at least email or phone, as email = "Email"'),
        ("fields = 3", "[fields] is missing"),
        ('[fields]\nname = "N"', "[fields] maps neither email nor phone"),
        ('[fields]\nemail = "E"\nfirstname = "F"', 'did you mean "first_name"?'),
        ('[fields]\nemail = "E"\n"custom." = "F"', "is not a field"),
        ('[fields]\nemail = "E"\ncustom = "F"', "is not a field"),
        ('[fields]\nemail = "E"\n[fields.city]\na = "F"', "must be the name of a column in quotes"),
        ("[fields]\nemail = 3", "must be the name of a column in quotes"),
        ('[fields]\nemail = "  "', "must be the name of a column in quotes"),
        (
            '[fields]\nemail = "E"\n"custom.a" = "F"\n"custom.contact.a" = "G"',
            'fields."custom.contact.a" is the same field as fields."custom.a"',
        ),
        ('[fields]\nemail = "E"\n[filds]\na = 1', 'did you mean "fields"?'),
        ('tags = "student"\n[fields]\nemail = "E"', "begin each with [[tags]]"),
        ('tags = ["student"]\n[fields]\nemail = "E"', "begin each with [[tags]]"),
        ('[fields]\nemail = "E"\n[tags]\ntag = "x"', "begin each with [[tags]]"),
        ('[fields]\nemail = "E"\n[[tags]]', "tags[1] needs one of tag, column or template"),
        ('[fields]\nemail = "E"\n[[tags]]\ntag = "x"\ncolumn = "C"', "needs one of"),
        ('[fields]\nemail = "E"\n[[tags]]\ntag = "x"\nseparator = ";"', "means nothing here"),
        ('[fields]\nemail = "E"\n[[tags]]\ncolumn = "x"\nseperator = ";"', '"separator"?'),
        ('[fields]\nemail = "E"\n[[tags]]\ncolumn = "x"\nseparator = ""', 'such as ";"'),
        ('[fields]\nemail = "E"\n[[tags]]\ncolumn = "x"\nseparator = 1', 'such as ";"'),
        ('[fields]\nemail = "E"\n[[tags]]\ntag = " "', "tags[1].tag must be a tag in quotes"),
        ('[fields]\nemail = "E"\n[[tags]]\ntemplate = "{a"', "{ without its partner"),
        ('[fields]\nemail = "E"\n[[notes]]\ntemplate = 1', "must be a text such as"),
        ('[fields]\nemail = "E"\n[[notes]]\ntext = "x"', "notes[1].text means nothing here"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_key(text: str, line: str) -> None:
    told = mistakes(text)
    assert any(line in one for one in told)
    assert all(one.startswith("rollbook.toml: ") for one in told)


def test_every_mistake_is_told_at_once() -> None:
    text = '[fields]\nemial = "E"\n[[tags]]\n[[tags]]\ntag = 1\n[[notes]]\ntemplate = "}"'
    keys = [line.split(": ", 1)[1].split(" ")[0] for line in mistakes(text)]
    assert keys == ["fields.emial", "[fields]", "tags[1]", "tags[2].tag", "notes[1].template"]


def test_a_mapping_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "rollbook.toml"
    with pytest.raises(UsageError, match=r"does not exist: `rollbook init EXPORT --out .*` writes"):
        mapping.load(path)
    path.write_bytes(b'[fields]\nemail = "E-M\xe4il"\n')
    with pytest.raises(UsageError, match="is not UTF-8"):
        mapping.load(path)
    path.write_text("[fields\n")
    with pytest.raises(UsageError, match="is not TOML"):
        mapping.load(path)
    with pytest.raises(UsageError, match="cannot be read"):
        mapping.load(tmp_path)


def test_a_mark_at_the_beginning_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "rollbook.toml"
    path.write_text('[fields]\nemail = "Email"\n', encoding="utf-8-sig")
    assert mapping.load(path).origin == str(path)


SCALARS = st.none() | st.booleans() | st.integers() | st.text("email.{};", max_size=6)
KEYS = st.sampled_from(["fields", "tags", "notes", "email", "custom", "tag", "column", "template"])
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(document=st.dictionaries(KEYS, DOCUMENTS, max_size=3))
def test_any_document_is_a_mapping_or_lines_that_say_where(document: dict[str, Any]) -> None:
    try:
        export = mapping.parse(document, origin="rollbook.toml")
    except UsageError as error:
        lines = str(error).splitlines()
    else:
        lines = []
        assert {"email", "phone"} & set(export.fields)
    assert all(line.startswith("rollbook.toml: ") for line in lines)
