"""`rollbook limits`: what each location may be asked."""

from __future__ import annotations

import pytest

from contacts.store import accounts
from contacts.store.database import Store

from .conftest import HERE


def seen(book: Store, **more: float) -> None:
    state = {
        "at": book.clock(), "used": 87, "day_left": 196_331, "kept": 30_000, "ghosts": 5,
        "reserve": 3, "waiting_live": 0, "waiting_bulk": 12, "cold": 0, "flying": 4, "heard": True,
        "pace": 0.0, "begins_from": 0, "begins_to": 0, "per_day": 200_000,
    }  # fmt: skip
    with book.write() as tx:
        accounts.save_limits_seen(tx, HERE, state | more)


def test_it_shows_each_location_in_a_line(rollbook, location, book: Store) -> None:
    seen(book)

    said = rollbook("limits")

    line = next(line for line in said.out.splitlines() if HERE in line)
    assert line.split()[:9] == [HERE, "100", "in", "10", "s", "87", "4", "8", "12"]
    assert "196,331 of 200,000" in line
    assert "loc_here: 5 places are kept free for calls that are not ours" in said.out
    assert said.out.endswith(
        "loc_here: the day's calls last at this pace; the hour of the next day is not known yet\n"
    )


@pytest.mark.parametrize(
    ("armed", "counts", "line"),
    [
        (1, 0, "how the CRM counts was not seen yet: the strictest way is assumed"),
        (0, 1, "the CRM counts in fixed windows; what its headers leave is used"),
        (0, 2, "the CRM counts as a bucket that fills evenly; what its headers leave is used"),
        (1, 3, "the CRM counts in a sliding window, or may: the strictest way is assumed"),
    ],
)
def test_it_says_how_the_crm_counts_and_what_is_made_of_it(
    rollbook, location, book: Store, armed: int, counts: int, line: str
) -> None:
    seen(book, armed=armed, counts=counts)

    assert f"loc_here: {line}" in " ".join(rollbook("limits").out.split())


def test_of_an_idle_location_it_does_not_say_how_the_crm_counts(
    rollbook, location, book: Store
) -> None:
    seen(book, at=book.clock() - 3600, armed=0, counts=1)

    assert "the CRM counts" not in rollbook("limits").out


def test_it_foretells_when_bulk_stops_and_when_the_day_begins(
    rollbook, location, book: Store
) -> None:
    begins = (book.clock() + 7230) * 1000
    seen(book, day_left=66_000, pace=10.0, begins_to=begins)

    said = rollbook("limits").out

    assert "at this pace bulk stops " in said
    assert "(in 1 h), with 30,000 left for live; the CRM's next day begins " in said
    assert "(in 2 h)" in said


def test_it_shows_a_pause_and_what_is_the_locations_own(rollbook, location, book: Store) -> None:
    with book.write() as tx:
        accounts.describe(tx, HERE, window_calls=25, day_calls=10_000)
        accounts.pause(tx, HERE, book.clock() + 600, "the CRM asked for a pause: 503")

    said = rollbook("limits").out

    assert "25 in 10 s" in said
    assert "loc_here: window and day are its own, set with `rollbook locations add`" in said
    assert "loc_here: paused, all of its jobs, until " in said
    assert "the CRM asked for a pause: 503" in said


def test_it_says_that_bulk_has_stopped_and_when_it_asks_again(
    rollbook, location, book: Store
) -> None:
    seen(book, day_left=30_000)

    assert (
        "bulk has stopped, 30,000 are kept for live calls; the hour of the next day is not known "
        "yet: it is asked now and then\n"
    ) in rollbook("limits", HERE).out
    seen(book, day_left=30_000, begins_to=(book.clock() + 7230) * 1000)
    assert "(in 2 h): then bulk goes on\n" in rollbook("limits", HERE).out


def test_machines_get_a_line_of_json_for_each(rollbook, location, book: Store) -> None:
    seen(book, cold=1)

    (line,) = rollbook("limits", "--json").lines

    assert (line["location"], line["used"], line["cold"], line["stopped"]) == (
        HERE,
        87,
        True,
        False,
    )


def test_without_a_location_it_says_how_to_add_one(rollbook, book) -> None:
    assert rollbook("limits").out == "No location is known yet: rollbook locations add ID\n"


def test_an_unknown_location_is_one_line(rollbook, book) -> None:
    said = rollbook("limits", "loc_x")

    assert said.code == 2
    assert "location loc_x is not known" in said.err
