"""The search of a location's contacts: pages, and what their rows can show."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from contacts.errors import CrmUnavailable
from contacts.jobs import Lane
from worker.crm.client import Crm
from worker.crm.desk import Desk
from worker.crm.shapes import Cursor

ADA = {"email": "ada@example.com", "firstName": "Ada", "lastName": "McByron"}


@contextmanager
def opened(url: str, limiter: Any) -> Iterator[Desk]:
    crm = Crm(url=url, version="2021-07-28", limiter=limiter, connect_timeout=2, read_timeout=2,
              sleep=time.sleep)  # fmt: skip
    yield crm.at("loc1", "pit-secret", country="US", lane=Lane.SWEEP, record=lambda _: None)
    crm.close()


@pytest.fixture
def one(simulator: Any) -> Any:
    return simulator()


@pytest.fixture
def desk(one: Any, limiter: Any) -> Iterator[Desk]:
    with opened(one.url, limiter) as made:
        yield made


def ids(desk: Desk, **how: Any) -> list[str]:
    """Everybody, page by page."""
    found: list[str] = []
    cursor = None
    while (page := desk.search(cursor, limit=3, **how)).rows:
        found += [one.id for one in page.contacts]
        cursor = page.cursor
    return found


def test_a_search_is_walked_page_by_page_to_its_empty_end(desk: Desk, one: Any) -> None:
    made = one.seed("loc1", *({"values": {"firstName": str(n)}} for n in range(7)))

    assert sorted(ids(desk)) == sorted(made)


def test_it_goes_from_the_last_change_back_if_it_is_asked_to(desk: Desk, one: Any) -> None:
    one.seed("loc1", *({"values": {"firstName": str(n)}} for n in range(7)))

    assert ids(desk, newest=True) == ids(desk)[::-1]


def test_its_rows_are_understood_as_a_read_is(desk: Desk, one: Any) -> None:
    one.seed("loc1", {"values": {**ADA, "dateOfBirth": "1815-12-10", "address1": "1 Main St"}})

    (row,) = desk.search().rows

    assert row.theirs.values["date_of_birth"] == "1815-12-10"
    assert row.theirs.values["address1"] == "1 Main St"
    assert row.caseless == {"first_name", "last_name"}
    assert {"address1", "city", "name"} <= row.shown
    assert "gender" not in row.shown


def test_where_a_row_has_the_typed_names_their_case_counts(desk: Desk, one: Any) -> None:
    one.settings(quirks={"search_names": "raw"})
    one.seed("loc1", {"values": ADA})

    for (row,) in (desk.search().rows, desk.contacts().rows):
        assert row.caseless == frozenset()
        assert row.theirs.values["last_name"] == "McByron"


@pytest.mark.parametrize("limit", [0, 501])
def test_a_page_that_the_crm_would_not_give_is_not_asked_for(desk: Desk, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 500"):
        desk.search(limit=limit)


def answer(text: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
        len(text), text,
    )  # fmt: skip


PAGE = b'{"contacts":[{"id":"one","searchAfter":[5,"one"]}],"total":2}'


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        pytest.param(PAGE, Cursor(5, "one"), id="both"),
        pytest.param(PAGE.replace(b'[5,"one"]', b"[5]"), None, id="half of one is none"),
        pytest.param(PAGE.replace(b'[5,"one"]', b'"5"'), None, id="another shape"),
    ],
)
def test_the_last_row_says_where_the_next_page_begins(
    scripted: Callable[..., Any], limiter: Any, text: bytes, cursor: Cursor | None
) -> None:
    server = scripted([answer(text)])
    with opened(server.url, limiter) as desk:
        assert desk.search().cursor == cursor


def test_a_search_that_stands_still_is_an_error(scripted: Callable[..., Any], limiter: Any) -> None:
    server = scripted([answer(PAGE)])
    with opened(server.url, limiter) as desk, pytest.raises(CrmUnavailable, match="repeats"):
        desk.search(Cursor(5, "one"))
