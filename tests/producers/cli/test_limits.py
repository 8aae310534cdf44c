"""`rollbook limits`: what each location may be asked."""

from __future__ import annotations

from contacts.store import accounts
from contacts.store.database import Store

from .conftest import HERE


def seen(book: Store, **more: int) -> None:
    state = {
        "at": book.clock(), "used": 87, "day_left": 196_331, "kept": 30_000, "ghosts": 5,
        "reserve": 3, "waiting_live": 0, "waiting_bulk": 12, "cold": 0,
    }  # fmt: skip
    with book.write() as tx:
        accounts.save_limits_seen(tx, HERE, state | more)


def test_it_shows_each_location_in_a_line(rollbook, location, book: Store) -> None:
    seen(book)

    said = rollbook("limits")

    line = next(line for line in said.out.splitlines() if HERE in line)
    assert line.split()[:8] == [HERE, "100", "in", "10", "s", "87", "8", "12"]
    assert "196,331 of 200,000" in line
    assert "loc_here: 5 places are kept free for calls that are not ours" in said.out
    assert said.out.endswith("loc_here: the day's calls last at this pace\n")


def test_it_says_that_bulk_has_stopped_and_when_it_asks_again(
    rollbook, location, book: Store
) -> None:
    seen(book, day_left=30_000)

    assert "bulk has stopped, 30,000 are kept for live calls" in rollbook("limits", HERE).out


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
