"""`rollbook report`: what a run read, found and cost, on the screen and as a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from contacts.store import runs
from contacts.store.database import Store
from contacts.store.timeline import Entry, What, keep

from .conftest import HERE, park, take, work

LOST = "Quillstreet <1>"


@pytest.fixture
def run(rollbook, export, location, book: Store) -> int:
    """A backfill that is done, but for a parked job, with a conflict and a tag that was taken."""
    rollbook("backfill", str(export), "--no-wait")
    (first, *_) = take(book)
    park(book, first)
    work(book)
    with book.write() as tx:
        conflict = {"address1": (LOST, "Hamm", "theirs", "owner")}
        entries = [
            Entry(1, What.CONFLICT, conflict, book.clock(), run=1),
            Entry(1, What.TAKEN, {"tag:vip": (None, True)}, book.clock(), run=1),
        ]
        keep(tx, entries)
    return 1


class Page(HTMLParser):
    """What a page fetches, and whether its tags close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(rollbook, *more: str) -> str:
    said = rollbook("report", "1", "--html", "run.html", *more)
    assert said.out == "The report of run 1 is in run.html\n"
    return Path("run.html").read_text(encoding="utf-8")


def test_the_screen_shows_figures_differences_and_conflicts(rollbook, run) -> None:
    out = rollbook("report").out

    assert "Run 1, students.csv to loc_here" in out
    assert re.search(r"tags +\d", out)
    assert "1 conflict: `rollbook explain CONTACT FIELD` says how" in out
    assert re.search(r"1 +address1 +the CRM's +the field's owner decides", out)
    assert "of the 200,000 calls of a day" in out


def test_values_are_shown_only_where_they_are_asked_for(rollbook, run) -> None:
    assert LOST not in rollbook("report").out
    assert f"{LOST}, stays Hamm" in rollbook("report", "--values").out
    assert "Quillstreet" not in page(rollbook)
    assert "Quillstreet &lt;1&gt;" in page(rollbook, "--values")


def test_the_page_is_whole_and_fetches_nothing(rollbook, run) -> None:
    made = page(rollbook)

    read = Page(made)
    assert read.open == []
    assert (read.fetched, read.scripts) == ([], 0)
    assert "http" not in made
    assert "prefers-color-scheme: dark" in made


@pytest.mark.parametrize(
    "word",
    ["Pace", "Differences by field", "Calls by operation", "Conflicts", "Parked", "In figures"],
)
def test_the_page_has_every_part(rollbook, run, word: str) -> None:
    assert f"<h2>{word}</h2>" in page(rollbook)


def test_a_page_with_values_is_for_its_owner_only(rollbook, run) -> None:
    page(rollbook, "--values")

    assert Path("run.html").stat().st_mode & 0o077 == 0


def test_a_run_of_any_kind_shows_what_it_counted(rollbook, location, book: Store) -> None:
    with book.write() as tx:
        id = runs.start(tx, location=HERE, kind="survey", title="", now=book.clock())
        runs.read(tx, id, {"pages": 3, "contacts_that_differ": 2, "gone": 0}, book.clock())

    out = rollbook("report", str(id)).out

    assert "3  pages" in out
    assert "2  contacts that differ" in out
    assert "gone" not in out


def test_for_machines(rollbook, run) -> None:
    (line,) = rollbook("report", "--json").lines

    assert line["fields"]["tag:"]["taken"] == 1
    assert line["conflicts"] == [
        {"contact": 1, "field": "address1", "lost": "theirs", "by": "owner"}
    ]
    assert line["parked"] == {"duplicate": 1}
    assert line["calls_total"] == sum(line["calls"].values())


def test_no_run_yet_is_one_line(rollbook, book, location) -> None:
    assert rollbook("report").err == "rollbook: there is no run yet: rollbook backfill FILE\n"


def test_a_page_that_cannot_be_written_is_one_line(rollbook, run) -> None:
    said = rollbook("report", "1", "--html", "nowhere/run.html")

    assert said.code == 2
    assert said.err.startswith("rollbook: nowhere/run.html cannot be written: ")
