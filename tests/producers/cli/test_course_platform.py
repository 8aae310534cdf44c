"""`rollbook platform`, `courses`, `enrol` and `feed --once`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from contacts.contact import Person
from contacts.store import enrolments, lists, platforms, roster
from contacts.store.cipher import Cipher
from contacts.store.platforms import Course
from contacts.store.tables import jobs
from contacts.store.tables import platforms as table

from .conftest import HERE, settings_of

TOKEN = "och-sesame-open"
COURSEHOST = '[platform]\nkind = "coursehost"\n[platform.events.enrolment]\ntags = ["student"]\n'
SQL = """
[platform]
kind = "sql"
url = "sqlite:///school.db"
[platform.feed]
table = "students"
key = "id"
updated = "changed_at"
[platform.fields]
email = "email"
phone = "phone"
[platform.write_back]
fields = ["phone"]
"""


@pytest.fixture
def mapping(folder: Path) -> Path:
    path = folder / "rollbook.toml"
    path.write_text(COURSEHOST, "utf-8")
    return path


@pytest.fixture
def connected(rollbook: Any, mapping: Path, location: str) -> str:
    assert rollbook("platform", "connect", "--token-stdin", stdin=f"{TOKEN}\n").code == 0
    return location


def kinds(book: Any) -> list[str]:
    with book.read() as tx:
        return list(tx.execute(select(jobs.c.kind).order_by(jobs.c.id)).scalars())


def ada(book: Any) -> int:
    with book.write() as tx:
        (done,) = roster.upsert(tx, HERE, [Person({"email": "ada@example.org"})], now=0)
    return done.contact


def test_without_a_platform_it_says_what_makes_one(rollbook: Any, book: Any) -> None:
    said = rollbook("platform").out

    assert said == "No course platform is connected yet: rollbook platform connect\n"


def test_it_is_connected_and_its_token_is_encrypted(
    rollbook: Any, connected: str, book: Any, folder: Path
) -> None:
    with book.read() as tx:
        row = tx.execute(select(table)).one()
        found = platforms.secret(tx, HERE, Cipher.from_settings(settings_of(folder)))
    assert found == TOKEN
    assert TOKEN not in repr(row)
    assert kinds(book) == ["platform.courses"]


def test_the_token_is_never_shown(rollbook: Any, mapping: Path, location: str) -> None:
    said = rollbook("platform", "connect", "--token-stdin", stdin=f"{TOKEN}\n")
    shown = rollbook("platform", "--json")

    assert TOKEN not in said.out + said.err + shown.out
    assert shown.lines[0]["secret"] is True


def test_the_token_may_be_a_setting(
    rollbook: Any, mapping: Path, location: str, monkeypatch: Any
) -> None:
    monkeypatch.setenv("ROLLBOOK_PLATFORM_TOKEN", TOKEN)

    assert "kept encrypted" in rollbook("platform", "connect").out


def test_without_a_token_it_says_where_it_is(rollbook: Any, mapping: Path, location: str) -> None:
    said = rollbook("platform", "connect")

    assert said.code == 2
    assert "ROLLBOOK_PLATFORM_TOKEN" in said.err
    assert len(said.err.splitlines()) == 1


def test_a_mistake_in_the_mapping_is_told_with_its_line(
    rollbook: Any, mapping: Path, location: str
) -> None:
    mapping.write_text(COURSEHOST.replace("tags", "tag"), "utf-8")

    said = rollbook("platform", "connect")

    assert (said.code, said.err) == (
        2,
        "rollbook: rollbook.toml:4: platform.events.enrolment.tag means nothing here; did you mean "
        '"tags"?\n',
    )


def test_what_is_known_of_it_is_shown(rollbook: Any, connected: str, book: Any) -> None:
    contact = ada(book)
    with book.write() as tx:
        platforms.save_courses(tx, HERE, [Course("c1", "Baking")], now=1)
        enrolments.want(tx, contact, "c1", now=1)
        lists.want(tx, contact, "weekly", True, now=1)

    said = rollbook("platform").out

    assert "OnlineCourseHost at api.onlinecoursehost.com" in said
    assert "list its courses, enrol" in said
    assert "1 enrolment, 1 on or off “weekly”" in said


def test_what_came_is_counted_in_words(rollbook: Any, connected: str, book: Any) -> None:
    from contacts.store import inbox

    with book.write() as tx:
        tally = {(HERE, "platform.enrolment"): 3, (HERE, "platform.newsletter"): 1}
        inbox.count(tx, tally, now=book.clock())

    assert "3 enrolments, 1 sign-up in 7 days" in rollbook("platform").out
    assert "unknown" not in rollbook("webhooks").out


def test_of_another_address_the_old_token_is_not_kept(
    rollbook: Any, connected: str, mapping: Path
) -> None:
    mapping.write_text(COURSEHOST + "[platform.x]\n", "utf-8")
    mapping.write_text(COURSEHOST.replace('"coursehost"', '"coursehost"\nurl = "https://x.org"'))

    assert rollbook("platform", "connect").code == 2


def test_it_can_be_forgotten(rollbook: Any, connected: str) -> None:
    first, second = rollbook("platform", "disconnect"), rollbook("platform", "disconnect")

    assert first.out == f"Location {HERE} has no course platform.\n"
    assert second.out == f"Location {HERE} had no course platform.\n"


def test_courses_are_listed(rollbook: Any, connected: str, book: Any) -> None:
    with book.write() as tx:
        platforms.save_courses(tx, HERE, [Course("c1", "Baking")], now=1)

    said = rollbook("courses")

    assert [line.split() for line in said.out.splitlines()][2] == ["c1", "Baking"]
    assert rollbook("courses", "--json").lines == [{"id": "c1", "title": "Baking"}]


def test_courses_that_were_never_read_are_asked_for(rollbook: Any, connected: str) -> None:
    said = rollbook("courses")

    assert "look again in a moment" in said.err


def test_without_a_platform_there_are_no_courses(rollbook: Any, location: str) -> None:
    said = rollbook("courses")

    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "rollbook platform connect" in said.err


def test_somebody_is_enrolled_once(rollbook: Any, connected: str, book: Any) -> None:
    ada(book)

    first = rollbook("enrol", "ada@example.org", "c1")
    second = rollbook("enrol", "ada@example.org", "c1")

    assert first.out == "Put: one enrolment.\n"
    assert second.out == "It is so already, or on its way.\n"
    assert kinds(book).count("platform.enrol") == 1


def test_a_course_that_is_not_there_is_one_line(rollbook: Any, connected: str, book: Any) -> None:
    ada(book)
    with book.write() as tx:
        platforms.save_courses(tx, HERE, [Course("c1", "Baking")], now=1)

    said = rollbook("enrol", "ada@example.org", "c2")

    assert said.err == 'rollbook: the platform has no course "c2": see `rollbook courses`\n'


def test_a_feed_is_asked_once(rollbook: Any, mapping: Path, location: str, book: Any) -> None:
    mapping.write_text(SQL, "utf-8")
    said = rollbook("platform", "connect")
    assert "rollbook feed" in said.err

    asked = rollbook("feed", "--once")

    assert asked.out == f"Asked for the changes of {HERE}: a worker reads them.\n"
    assert kinds(book).count("platform.feed") == 1


def test_without_a_feed_it_says_so(rollbook: Any, connected: str) -> None:
    assert "No platform can be asked" in rollbook("feed", "--once").out


def test_a_feed_that_is_alive_is_shown(rollbook: Any, alive: None, book: Any) -> None:
    from contacts.store import processes

    before = rollbook("status").out
    processes.beat(book, "feed@machine:1", "feed", 0)

    assert "beat, feed" not in before
    assert "beat, feed" in rollbook("status").out
    assert rollbook("healthcheck", "feed").code == 0
