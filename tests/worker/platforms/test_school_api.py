"""What an API may say of its next page, and what is never sent to anybody else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contacts.errors import GiveUp, TryAgain
from contacts.jobs import Lane
from worker.platforms import pointers
from worker.platforms.calls import Line
from worker.platforms.connector import Student
from worker.platforms.school_api import SchoolApi

NOW = 1_800_000_000.0


def connector(api: Any, **feed: Any) -> SchoolApi:
    platform = api.platform()
    assert platform.feed is not None
    changed = replace(platform, feed=replace(platform.feed, **feed))
    line = Line("loc1", Lane.BULK, {"Authorization": "Bearer sesame-open-1234567"}, lambda _: None)
    return SchoolApi(changed, api.out, line)


def page_of(api: Any, following: Any) -> None:
    people = [{"id": "1", "email": "ada@example.org", "changed_at": 1_700_000_000}]

    def answer(*_: Any) -> tuple[int, Any]:
        return 200, {"data": people, "next": following}

    api.answer = answer


def test_the_next_page_may_be_a_whole_address(api: Any) -> None:
    for n in range(1, 5):
        api.person(str(n), NOW - 5000 + n, email=f"s{n}@example.org")
    plain = api.answer

    def answer(method: str, path: str, headers: Any, body: Any) -> tuple[int, Any]:
        status, found = plain(method, path, headers, body)
        if found["next"] is not None:
            found["next"] = f"{api.url}/students?limit=3&page={found['next']}"
        return status, found

    api.answer = answer
    one = connector(api, page="")

    first = one.changes(None, now=NOW)
    second = one.changes(first.cursor, now=NOW)

    assert [row.key for row in (*first.rows, *second.rows)] == ["1", "2", "3", "4"]
    assert (first.more, second.more) == (True, False)


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/students", "http://127.0.0.1:1/v1/students"]
)
def test_the_secret_is_not_shown_to_another_host(api: Any, address: str) -> None:
    page_of(api, address)
    one = connector(api, page="")
    first = one.changes(None, now=NOW)

    with pytest.raises(TryAgain, match="another host"):
        one.changes(first.cursor, now=NOW)


def test_an_answer_without_the_list_is_told_with_its_pointer(api: Any) -> None:
    one = connector(api, items="/students")

    with pytest.raises(TryAgain, match="has no list at /students"):
        one.changes(None, now=NOW)


def test_an_empty_page_that_names_another_ends_the_round(api: Any) -> None:
    api.answer = lambda *_: (200, {"data": [], "next": "again"})

    assert not connector(api).changes(None, now=NOW).more


def test_a_page_that_is_no_json_is_tried_again(api: Any) -> None:
    api.answer = lambda *_: (200, None)

    with pytest.raises(TryAgain):
        connector(api).changes(None, now=NOW)


def test_values_are_safe_in_a_path(api: Any) -> None:
    asked: list[str] = []

    def answer(method: str, path: str, *_: Any) -> tuple[int, Any]:
        asked.append(path)
        return 204, None

    api.answer = answer
    connector(api).put_on(Student("a/../b?x=1&y@example.org", key="1"), "we ekly", True)

    assert asked == ["/v1/lists/we%20ekly/a%2F..%2Fb%3Fx%3D1%26y%40example.org"]


def test_a_path_that_needs_a_key_is_not_called_without(api: Any) -> None:
    with pytest.raises(GiveUp):
        connector(api).tell(Student("ada@example.org"), {"phone": "1"})


def test_a_refusal_is_told_without_what_was_sent(api: Any) -> None:
    api.answer = lambda *_: (422, {"message": "ada@example.org is not a valid email"})

    with pytest.raises(GiveUp) as caught:
        connector(api).enrol(Student("ada@example.org", "Ada"), "7")

    assert "valid email" in str(caught.value)
    assert "ada@" not in str(caught.value)


# ---------------------------------------------------------------- pointers


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", {"a": {"b": [10, {"c/d": "x"}]}}),
        ("/a/b/0", 10),
        ("/a/b/1/c~1d", "x"),
        ("a", {"b": [10, {"c/d": "x"}]}),
        ("/a/nothing", None),
        ("/a/b/7", None),
        ("/a/b/x", None),
    ],
)
def test_a_pointer_leads_somewhere_or_nowhere(pointer: str, found: Any) -> None:
    assert pointers.find({"a": {"b": [10, {"c/d": "x"}]}}, pointer) == found


def test_values_are_placed_where_their_pointers_lead() -> None:
    placed = pointers.place({"/phone": "1", "/profile/first": "Ada", "/profile/last": None})

    assert placed == {"phone": "1", "profile": {"first": "Ada", "last": None}}
