"""`rollbook pause` and `rollbook resume`."""

from __future__ import annotations

from contacts.store import accounts
from contacts.store.database import Store

from .conftest import HERE


def test_a_pause_without_an_end_holds_until_somebody_ends_it(rollbook, location, book) -> None:
    said = rollbook("pause", HERE, "--reason", "a new mapping")

    assert (said.code, said.out) == (
        0,
        "Location loc_here is paused, all of its jobs, until somebody ends it: "
        "`rollbook resume loc_here` ends it.\n",
    )
    assert "loc_here is paused until somebody ends it: a new mapping" in rollbook("status").out
    assert rollbook("resume", HERE).out == "Location loc_here goes on.\n"
    assert accounts.location(book, HERE).paused_until is None
    assert rollbook("resume", HERE).out == "Location loc_here was not paused.\n"


def test_bulk_alone_is_paused_and_let_go_on_apart_from_the_rest(
    rollbook, location, book: Store
) -> None:
    said = rollbook("pause", HERE, "--lane", "bulk", "--until", "2h")

    assert "is paused, all but its live jobs, until " in said.out
    assert "(2 h)" in said.out
    place = accounts.location(book, HERE)
    assert place.pause_bulk_only
    assert round((place.paused_until or 0) - book.clock()) in (7199, 7200)

    with book.write() as tx:
        accounts.pause(tx, HERE, book.clock() + 900, "the CRM refuses access")
    assert rollbook("resume", HERE, "--lane", "bulk").out == (
        "Location loc_here is still paused, all of its jobs: the CRM refuses access\n"
    )
    assert rollbook("resume", HERE).out == "Location loc_here goes on.\n"


def test_a_longer_pause_is_not_shortened_and_that_is_said(rollbook, location, book) -> None:
    with book.write() as tx:
        # Half a minute more than is shown: the command may take a second on a busy machine.
        accounts.pause(tx, HERE, book.clock() + 7230, "the CRM refuses access")

    said = rollbook("pause", HERE, "--until", "5m")

    assert said.out.endswith("It was paused for longer already: the CRM refuses access\n")
    assert "(2 h)" in said.out


def test_a_time_that_is_none_is_one_line(rollbook, location) -> None:
    said = rollbook("pause", HERE, "--until", "tomorrow")

    assert said.code == 2
    assert said.err == (
        "rollbook: --until tomorrow is no time: 90m, 2h, 1d, 07:30, 2026-11-24 or "
        "2026-11-24T10:00 (UTC)\n"
    )


def test_an_unknown_location_is_one_line(rollbook, book) -> None:
    for command in ("pause", "resume"):
        said = rollbook(command, "loc_x")

        assert said.code == 2
        assert said.err == (
            "rollbook: location loc_x is not known: add it with `rollbook locations add loc_x`\n"
        )
