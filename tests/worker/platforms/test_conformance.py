"""What every connector has to keep, whichever platform is behind it. See docs/platform.md.

A connector is tried with what it says it can; the harnesses are in ``conftest.py``.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from contacts.errors import GiveUp, SyncError, TryAgain, TryLater, Unsendable
from worker.platforms.connector import Can, Page, Student

NOW = 1_800_000_000.0
ADA = Student("ada@example.org", "Ada Lovelace", key="1", password="long-and-strong-aA1-")
OVERLAP_S = 60.0


def able(harness: Any, what: Can) -> None:
    if what not in harness.connector.can:
        pytest.skip(f"cannot {what}")


def read(harness: Any, cursor: Any = None, *, now: float = NOW) -> tuple[list[Page], Any]:
    """All pages of one round; cursors go through JSON, as the database keeps them."""
    pages: list[Page] = []
    while not pages or pages[-1].more:
        assert len(pages) < 50, "the feed has no end"
        page = harness.connector.changes(cursor, now=now)
        pages.append(page)
        cursor = json.loads(json.dumps(page.cursor))
    return pages, cursor


def keys(pages: list[Page]) -> list[str]:
    return [row.key for page in pages for row in page.rows]


def people(harness: Any, count: int, *, first: int = 1, at: float, step: float = 1.0) -> None:
    for n in range(first, first + count):
        harness.person(str(n), at + n * step, email=f"s{n}@example.org", first="Sam", phone="1")


# ---------------------------------------------------------------- what it can


def test_what_it_cannot_it_says(harness: Any) -> None:
    connector = harness.connector
    deeds = {
        Can.FEED: lambda: connector.changes(None, now=NOW),
        Can.COURSES: connector.courses,
        Can.ENROL: lambda: connector.enrol(ADA, "7"),
        Can.LISTS: lambda: connector.put_on(ADA, "weekly", True),
        Can.WRITE_BACK: lambda: connector.tell(ADA, {"phone": "+12025550100"}),
    }
    for what, deed in deeds.items():
        if what not in connector.can:
            with pytest.raises(Unsendable) as caught:
                deed()
            assert caught.value.code == "platform-cannot"


# ---------------------------------------------------------------- the feed


def test_an_empty_platform_is_an_empty_page(harness: Any) -> None:
    able(harness, Can.FEED)
    pages, _ = read(harness)

    assert keys(pages) == []


def test_from_the_beginning_everybody_comes_once_in_pages(harness: Any) -> None:
    able(harness, Can.FEED)
    people(harness, 8, at=NOW - 10_000)

    pages, _ = read(harness)

    assert keys(pages) == [str(n) for n in range(1, 9)]
    assert len(pages) >= 3


def test_a_row_holds_what_was_asked_for_as_texts(harness: Any) -> None:
    able(harness, Can.FEED)
    harness.person("1", NOW - 500, email="ada@example.org", first="Ada", phone=None)

    ((page,), _) = read(harness)

    (row,) = page.rows
    assert sorted(row.cells.values()) == ["", "Ada", "ada@example.org"]


def test_after_the_last_page_only_changes_come(harness: Any) -> None:
    able(harness, Can.FEED)
    people(harness, 5, at=NOW - 10_000)
    _, cursor = read(harness)
    harness.person("2", NOW + 100, first="Samantha")

    pages, _ = read(harness, cursor, now=NOW + 200)

    assert "2" in keys(pages)
    # The last row that is known may come again: an API may know times to the second only.
    assert set(keys(pages)) <= {"2", "5"}


def test_without_a_change_hardly_anybody_comes(harness: Any) -> None:
    able(harness, Can.FEED)
    people(harness, 5, at=NOW - 10_000)
    _, cursor = read(harness)

    pages, _ = read(harness, cursor, now=NOW + 1000)

    assert set(keys(pages)) <= {"5"}


def test_many_of_one_time_all_come(harness: Any) -> None:
    able(harness, Can.FEED)
    people(harness, 10, at=NOW - 10_000, step=0.0)

    pages, _ = read(harness)

    assert sorted(map(int, keys(pages))) == list(range(1, 11))


def test_one_that_joins_others_of_its_time_comes_too(harness: Any) -> None:
    able(harness, Can.FEED)
    people(harness, 4, first=2, at=NOW - 5, step=0.0)
    _, cursor = read(harness)
    harness.person("1", NOW - 5, email="s1@example.org")

    pages, _ = read(harness, cursor, now=NOW + 5)

    assert "1" in keys(pages)


def test_one_that_was_committed_late_comes_too(harness: Any) -> None:
    able(harness, Can.FEED)
    harness.person("1", NOW - 1, email="s1@example.org")
    _, cursor = read(harness)
    # It was changed before the other, and its transaction ended after we had read.
    harness.person("2", NOW - 30, email="s2@example.org")

    pages, _ = read(harness, cursor, now=NOW + 1)

    assert "2" in keys(pages)


def test_reading_again_from_a_cursor_gives_the_same(harness: Any) -> None:
    able(harness, Can.FEED)
    people(harness, 7, at=NOW - 10_000)
    first = harness.connector.changes(None, now=NOW)

    again = [harness.connector.changes(first.cursor, now=NOW) for _ in range(2)]

    assert again[0] == again[1]
    assert again[0].rows[0] != first.rows[0]


def test_a_round_that_was_broken_off_goes_on_where_it_was(harness: Any) -> None:
    able(harness, Can.FEED)
    people(harness, 7, at=NOW - 10_000)
    first = harness.connector.changes(None, now=NOW)

    rest, _ = read(harness, json.loads(json.dumps(first.cursor)), now=NOW + 500)

    found = [row.key for row in first.rows] + keys(rest)
    assert found == [str(n) for n in range(1, 8)]


# ---------------------------------------------------------------- write-back


def test_what_is_told_is_there_and_nothing_else_moves(harness: Any) -> None:
    able(harness, Can.WRITE_BACK)
    harness.person("1", NOW, email=ADA.email, first="Ada", phone="+12025550100")
    before = harness.holds("1")

    for _ in range(2):
        harness.connector.tell(ADA, {"phone": "+12025550199"})

    assert harness.holds("1") == {**before, "phone": "+12025550199"}


def test_a_blank_empties(harness: Any) -> None:
    able(harness, Can.WRITE_BACK)
    harness.person("1", NOW, email=ADA.email, phone="+12025550100")

    harness.connector.tell(ADA, {"phone": ""})

    assert not harness.holds("1")["phone"]


def test_somebody_who_is_gone_there_is_a_matter_for_a_person(harness: Any) -> None:
    able(harness, Can.WRITE_BACK)
    harness.person("2", NOW, email="bob@example.org")

    with pytest.raises(GiveUp) as caught:
        harness.connector.tell(ADA, {"phone": "+12025550199"})

    assert caught.value.code == "platform-refused"


# ---------------------------------------------------------------- courses and lists


def test_courses_have_ids_and_titles(harness: Any) -> None:
    able(harness, Can.COURSES)
    found = harness.connector.courses()

    assert len(found) == 2
    assert all(one.id and one.title and one.id != one.title for one in found)


def test_somebody_is_enrolled_once_however_often_it_is_asked(harness: Any) -> None:
    able(harness, Can.ENROL)
    course = harness.connector.courses()[0].id

    for _ in range(3):
        harness.connector.enrol(ADA, course)

    assert harness.course_of(ADA.email) == [course]


def test_on_a_list_and_off_it_however_often_it_is_asked(harness: Any) -> None:
    able(harness, Can.LISTS)
    harness.person("1", NOW, email=ADA.email)

    for _ in range(2):
        harness.connector.put_on(ADA, "weekly", True)
    on_it = set(harness.listed("weekly"))
    for _ in range(2):
        harness.connector.put_on(ADA, "weekly", False)

    assert on_it == {ADA.email}
    assert harness.listed("weekly") == set()


# ---------------------------------------------------------------- when it fails


def deeds(harness: Any) -> dict[Can, Any]:
    connector = harness.connector
    found = {
        Can.FEED: lambda: connector.changes(None, now=NOW),
        Can.COURSES: connector.courses,
        Can.ENROL: lambda: connector.enrol(ADA, "bread"),
        Can.LISTS: lambda: connector.put_on(ADA, "weekly", True),
        Can.WRITE_BACK: lambda: connector.tell(ADA, {"phone": "+12025550199"}),
    }
    return {what: deed for what, deed in found.items() if what in connector.can}


@pytest.mark.parametrize(
    ("mood", "error", "code"),
    [
        ("down", TryAgain, "platform-unavailable"),
        ("busy", TryLater, "platform-busy"),
        ("closed", TryLater, "platform-access"),
    ],
)
def test_a_failure_is_the_error_of_its_kind_without_a_value(
    harness: Any, mood: str, error: type[SyncError], code: str
) -> None:
    if mood not in harness.moods:
        pytest.skip(f"cannot be {mood}")
    harness.mood(mood)

    for deed in deeds(harness).values():
        with pytest.raises(error) as caught:
            deed()
        assert caught.value.code == code
        assert "ada" not in str(caught.value).casefold()
        assert "sesame" not in repr(caught.value)
        assert not getattr(caught.value, "pause", False)


def test_every_call_or_query_is_recorded(harness: Any) -> None:
    what = min({Can.COURSES, Can.FEED} & harness.connector.can)
    deeds(harness)[what]()
    harness.mood("down")
    with pytest.raises(TryAgain):
        deeds(harness)[what]()

    assert [status for _, status in harness.calls] in ([200, 500], [200, 0])
