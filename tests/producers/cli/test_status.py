"""`rollbook status`: what the person who is called at night sees."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from contacts.jobs import Kind, Lane, Wish
from contacts.store import accounts, ledger, runs
from contacts.store.database import Store
from producers.cli import overview
from producers.cli.door import Door

from .conftest import HERE, finish, park, put, settings_of, take, work


def test_with_nobody_alive_it_says_who_is_missing_and_what_starts_them(
    rollbook, book, folder: Path
) -> None:
    said = rollbook("status")

    assert said.code == 0
    assert said.out.splitlines() == [
        "Alive    nothing",
        f"Home     {folder / 'home'}",
        "Flower   http://127.0.0.1:5555/",
        "no Redis: `rollbook up` starts one, or set ROLLBOOK_REDIS_URL",
        "no dispatcher, no worker, no beat is alive: start them with `rollbook up`",
        "",
        "No location yet: rollbook locations add ID",
    ]


def test_living_processes_are_named_with_their_threads(rollbook, alive) -> None:
    assert (
        rollbook("status").out.splitlines()[0] == "Alive    dispatcher, worker (32 threads), beat"
    )


def test_jobs_are_counted_by_lane_and_state(rollbook, location, alive, book: Store) -> None:
    put(book, 1, 2, 3)
    first, second, _ = take(book)
    park(book, first)
    finish(book, second)
    put(book, 4)
    with book.write() as tx:
        wish = Wish(Kind.PUSH, HERE, 5, lane=Lane.LIVE)
        ledger.put(tx, [wish], now=book.clock() - 90)

    out = rollbook("status").out

    head, _, row = (
        line.split() for line in out.splitlines() if line.startswith(("Loc", HERE, "─"))
    )
    assert head[:6] == ["Location", "Live", "Bulk", "Sweep", "At", "work"]
    assert row[:6] == [HERE, "1", "1", "0", "1", "1"]
    assert re.search(r"1 min [345]\d s", out)  # the oldest one waits so long
    assert "1 job parked: `rollbook parked` says what to do" in out
    assert re.search(r"^ +1  duplicate: there is a twin$", out, re.M)


def test_a_paused_location_says_why_until_when_and_what_ends_it(
    rollbook, location, book: Store
) -> None:
    with book.write() as tx:
        accounts.pause(tx, HERE, book.clock() + 600, "the CRM does not take the token")

    line = next(line for line in rollbook("status").out.splitlines() if "is paused" in line)

    assert line.startswith("loc_here is paused until ")
    assert line.endswith(": the CRM does not take the token; `rollbook resume loc_here` ends it")


def test_a_pause_of_bulk_alone_says_that_live_jobs_go_on(rollbook, location, book: Store) -> None:
    with book.write() as tx:
        accounts.pause(tx, HERE, book.clock() + 600, "the day is used up", bulk_only=True)

    assert "loc_here is paused for all but live jobs until " in rollbook("status").out


def short_of_calls(book: Store, **more: float) -> None:
    """An hour of the day's calls is left for bulk, at ten a second."""
    seen = {"at": book.clock(), "used": 87, "day_left": 66_000, "kept": 30_000, "pace": 10.0}
    with book.write() as tx:
        accounts.save_limits_seen(tx, HERE, seen | more)


def test_bulk_that_the_days_calls_do_not_suffice_for_says_when_it_stops_and_goes_on(
    rollbook, location, book: Store
) -> None:
    put(book, 1)
    short_of_calls(book, begins_to=(book.clock() + 7290) * 1000)

    out = rollbook("status").out

    stops = r"^loc_here: at this pace bulk stops \S.* \((in 59 min|in 1 h).*\)"
    assert re.search(stops + r" and goes on \S.* \(in 2 h( 1 min)?\)$", out, re.M)
    assert rollbook("status", "--json").lines[0]["locations"][0]["bulk_stops_at"] > book.clock()


def test_bulk_that_has_stopped_for_the_day_says_when_it_goes_on(
    rollbook, location, book: Store
) -> None:
    put(book, 1)
    short_of_calls(book, day_left=30_000)

    assert "loc_here: bulk has stopped for the day: it is asked now and then" in (
        rollbook("status").out
    )
    assert rollbook("status", "--json").lines[0]["locations"][0]["bulk_stopped"] is True


def test_where_no_bulk_waits_the_day_is_not_spoken_of(rollbook, location, book: Store) -> None:
    short_of_calls(book)

    assert "bulk stops" not in rollbook("status").out


def test_a_run_under_way_is_one_line(rollbook, export, location, alive, book) -> None:
    rollbook("backfill", str(export), "--no-wait")

    assert "Run 1, students.csv to loc_here: 0 of 4 done, 4 queued" in rollbook("status").out


def test_a_run_whose_command_died_is_not_under_way_once_its_file_is_given_again(
    rollbook, export, location, book: Store
) -> None:
    with book.write() as tx:
        runs.start(tx, location=HERE, kind="backfill", title=export.name, now=book.clock())
    assert [run["run"] for run in rollbook("status", "--json").lines[0]["runs"]] == [1]

    rollbook("backfill", str(export), "--no-wait")

    assert [run["run"] for run in rollbook("status", "--json").lines[0]["runs"]] == [2]


def test_status_of_a_run_that_is_over_is_its_report(rollbook, export, location, book) -> None:
    rollbook("backfill", str(export), "--no-wait")
    work(book)

    said = rollbook("status", "1")

    assert "Run 1, students.csv to loc_here: finished in" in said.out
    assert "       4  jobs: 2 contacts, 2 sets of tags\n       4  done" in said.out


def test_status_of_an_unknown_run_is_one_line(rollbook, book) -> None:
    said = rollbook("status", "3")

    assert said.code == 2
    assert said.err == "rollbook: there is no run 3: `rollbook runs` lists them\n"


def test_json_has_everything_for_a_machine(rollbook, export, location, alive, book) -> None:
    rollbook("backfill", str(export), "--no-wait")

    (seen,) = rollbook("status", "--json").lines

    assert seen["redis"] is False
    assert seen["missing"] == []
    assert [one["kind"] for one in seen["processes"]] == ["beat", "dispatcher", "worker"]
    (place,) = seen["locations"]
    # tags that may be shared wait behind everything else
    assert place["waiting"] == {"live": 0, "bulk": 2, "sweep": 2}
    assert (place["limit_per_s"], place["paused"]) == (10.0, None)
    assert [run["queued"] for run in seen["runs"]] == [4]


def drawn(book: Store, folder: Path, width: int) -> list[str]:
    """The overview as a terminal of that width shows it."""
    out = io.StringIO()
    seen = overview.draw(overview.gather(Door(settings_of(folder), book)))
    Console(file=out, width=width, force_terminal=True, color_system=None).print(*seen, sep="\n")
    return out.getvalue().splitlines()


def test_the_table_of_locations_fits_100_columns(location, book, folder: Path) -> None:
    with book.write() as tx:
        accounts.save_limits_seen(tx, HERE, {"at": book.clock(), "used": 87, "day_left": 196_331})
    put(book, *range(1, 12_346))

    # The ids of real locations are 12 letters longer than this one's.
    (row,) = [line for line in drawn(book, folder, 100 - 12) if line.startswith(HERE)]

    assert re.sub(r" +", " ", re.sub(r"\d+ s ", "AGE ", row)) == (
        f"{HERE} 0 12,345 0 0 0 AGE 0.0/10 87/100 196,331"
    )
