"""``[platform]`` of a mapping: what it says, and every mistake in it with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contacts import platforms
from contacts.errors import UsageError
from contacts.platforms import Consequence, Kind, Platform
from producers import connecting

COURSEHOST = """
[platform]
kind = "coursehost"

[platform.events.enrolment]
tags = ["student", "course: {course}"]
notes = ["Enrolled in {course} ({source})"]

[platform.events.newsletter]
tags = ["newsletter"]
list = "weekly"
"""
SQL = """
[platform]
kind = "sql"
url = "postgresql://reader@db.school.example/school"

[platform.feed]
table = "public.students"
key = "id"
updated = "changed_at"
tags = ["student"]

[platform.fields]
email = "email"
phone = "mobile"
custom.level = "level"

[platform.write_back]
fields = ["phone"]

[platform.lists]
weekly = "wants_news"
"""
HTTP = """
[platform]
kind = "http"
url = "https://school.example/api/"
header = "X-Api-Key"
prefix = ""
per_minute = 120

[platform.feed]
path = "/students"
items = "/data"
key = "/id"
updated = "/updated_at"
since = "updated_since"
page = "page"
next = "/meta/next"
limit = "per_page"
size = 100
overlap_seconds = 300

[platform.fields]
email = "/email"
first_name = "/profile/first"
phone = "/phone"

[platform.write_back]
path = "/students/{key}"
fields = ["phone"]

[platform.courses]
path = "/courses"
items = "/data"

[platform.enrol]
path = "/enrolments"
body = { email = "{email}", course = "{course}", who = { name = "{name}" } }

[platform.lists]
path = "/lists/{list}/{email}"
"""


def read(tmp_path: Path, text: str) -> Platform:
    file = tmp_path / "rollbook.toml"
    file.write_text(text, "utf-8")
    return connecting.load(file)


def wrong(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    return [line.replace(f"{tmp_path}/", "") for line in str(caught.value).splitlines()]


def test_of_the_course_host_only_the_kind_is_needed(tmp_path: Path) -> None:
    found = read(tmp_path, '[platform]\nkind = "coursehost"\n')

    assert (found.url, found.per_minute) == ("https://api.onlinecoursehost.com", 400)


def test_events_name_tags_notes_and_a_list(tmp_path: Path) -> None:
    found = read(tmp_path, COURSEHOST)

    assert found.events == {
        "enrolment": Consequence(
            ("student", "course: {course}"), ("Enrolled in {course} ({source})",)
        ),
        "newsletter": Consequence(("newsletter",), (), "weekly"),
    }


def test_a_table_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, SQL)

    assert found.kind is Kind.SQL
    assert found.feed is not None
    assert (found.feed.table, found.feed.size) == ("public.students", 500)
    assert found.fields == {"email": "email", "phone": "mobile", "custom.level": "level"}
    assert (found.write_back, found.lists) == (("phone",), {"weekly": "wants_news"})


def test_an_api_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, HTTP)

    assert (found.url, found.header, found.prefix) == (
        "https://school.example/api", "X-Api-Key", "",
    )  # fmt: skip
    assert found.feed is not None
    assert (found.feed.next, found.feed.overlap_s) == ("/meta/next", 300.0)
    assert found.enrol is not None
    assert (found.enrol.method, found.telling and found.telling.method) == ("POST", "PATCH")
    assert found.listing is not None


@pytest.mark.parametrize("text", [COURSEHOST, SQL, HTTP], ids=["coursehost", "sql", "http"])
def test_what_is_kept_in_the_database_is_the_same(tmp_path: Path, text: str) -> None:
    import json

    found = read(tmp_path, text)

    assert platforms.from_json(json.loads(json.dumps(platforms.to_json(found)))) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[fields]\nemail = 'E'\n", "rollbook.toml has no [platform]: see docs/platform.md"),
        ("platform = 3\n", "rollbook.toml:1: platform must be a table: begin it with [platform]"),
        (
            '\n[platform]\nkind = "och"\n',
            'rollbook.toml:3: platform.kind must be "coursehost", "sql" or "http"',
        ),
        (
            COURSEHOST + "[platform.events.refund]\ntags = []\n",
            "rollbook.toml:12: platform.events.refund means nothing here",
        ),
        (
            COURSEHOST.replace('"student", ', "7, "),
            "rollbook.toml:6: platform.events.enrolment.tags must be a list of texts, such as "
            '["student"]',
        ),
        (
            COURSEHOST.replace('{course}"', '{course"'),
            "rollbook.toml:6: platform.events.enrolment.tags[2] has a { without its partner "
            "(write {{ to mean {)",
        ),
        (
            SQL.replace("reader@", "reader:sesame@"),
            "rollbook.toml:4: platform.url holds a password: leave it out, "
            "`rollbook platform connect` asks",
        ),
        (
            SQL.replace('key = "id"', 'key = "email"'),
            "rollbook.toml:8: platform.feed.key is the email: it must be an id",
        ),
        (SQL.replace('key = "id"\n', ""), "rollbook.toml:6: platform.feed.key is missing"),
        (
            SQL.replace('["phone"]', '["city"]'),
            'rollbook.toml:18: platform.write_back.fields names "city", which [platform.fields] '
            "does not map",
        ),
        (
            SQL.replace("email =", "emial ="),
            'rollbook.toml:13: platform.fields.emial is not a field; did you mean "email"?; a '
            'custom field is "custom.<key>"',
        ),
        (
            HTTP.replace("size = 100", "size = 0"),
            "rollbook.toml:18: platform.feed.size must be a whole number from 1 to 5000",
        ),
        (
            HTTP.replace('"{email}", course', '"{mail}", course'),
            "rollbook.toml:36: platform.enrol.body.email names {mail}; known are email, name, key, "
            'password, course; did you mean "email"?',
        ),
        (
            HTTP.replace('next = "/meta/next"\n', ""),
            "rollbook.toml:15: platform.feed.page needs next, which says where the answer names "
            "the page",
        ),
        (
            HTTP.replace("https://school.example/api/", "school.example"),
            "rollbook.toml:4: platform.url must be an http or https address",
        ),
        (
            HTTP + "[platform.extra]\nx = 1\n",
            "rollbook.toml:40: platform.extra means nothing here",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_line_and_field(
    tmp_path: Path, text: str, said: str
) -> None:
    lines = wrong(tmp_path, text)

    assert any(line.startswith(said) for line in lines), lines


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    lines = wrong(tmp_path, SQL.replace('key = "id"', "key = 3").replace('"changed_at"', "4"))

    assert len(lines) == 2


def test_a_table_that_can_do_nothing_is_a_mistake(tmp_path: Path) -> None:
    (line,) = wrong(tmp_path, '[platform]\nkind = "sql"\nurl = "sqlite:///x.db"\n')

    assert "can do nothing" in line


def examples() -> list[str]:
    """The mappings that docs/platform.md shows."""
    page = (Path(__file__).parents[2] / "docs" / "platform.md").read_text("utf-8")
    return [one for one in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "[platform]" in one]


@pytest.mark.parametrize("number", range(4))
def test_what_the_page_shows_can_be_connected(tmp_path: Path, number: int) -> None:
    assert len(examples()) == 4

    assert read(tmp_path, examples()[number])
