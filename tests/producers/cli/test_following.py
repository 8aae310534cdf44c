"""Waiting for a run: what is shown while others do the work, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from contacts.settings import Settings
from contacts.store import accounts, ledger, processes, runs
from contacts.store.cipher import Cipher
from contacts.store.database import DatabaseDown, Store
from producers import progress
from producers.cli import following
from producers.cli.door import Door

from .conftest import HERE, finish, park, put, take

KEY = Cipher(b"0" * 43 + b"=")


@pytest.fixture
def door(sqlite_store: Store) -> Door:
    """A database whose clock stands still, a location, and a run of three jobs."""
    now = sqlite_store.clock()
    with sqlite_store.write() as tx:
        accounts.ensure_location(tx, HERE, token=None, cipher=KEY)
        run = runs.start(tx, location=HERE, kind="backfill", title="students.csv", now=now)
        runs.read(tx, run, {"rows": 3, "people": 3, "new": 3, "pushes": 3}, now)
    put(sqlite_store, 1, 2, 3, run=run)
    for kind, slots in (("dispatcher", 0), ("worker", 32)):
        processes.beat(sqlite_store, f"{kind}@machine:1", kind, slots)
    return Door(Settings(_env_file=None), sqlite_store)


def time_passes(door: Door, clock, *deeds: Callable[[], object]) -> Callable[[float], None]:
    """A sleep in which, each time, the next deed is done and five seconds pass."""
    left = list(deeds)

    def sleep(seconds: float) -> None:
        clock.tick(5)
        for kind in ("dispatcher", "worker"):
            processes.beat(door.store, f"{kind}@machine:1", kind, 32)
        left.pop(0)()

    return sleep


def one_job(door: Door, settle: Callable[..., None] = finish) -> Callable[[], None]:
    def deed() -> None:
        job, *others = take(door.store)
        settle(door.store, job)
        with door.store.write() as tx:
            for other in others:
                ledger.later(tx, other, now=0, seconds=0, code="later", reason="")

    return deed


def test_a_run_that_is_done_ends_with_a_report_and_code_0(door, clock, capsys) -> None:
    sleep = time_passes(door, clock, *[one_job(door)] * 3)

    code = following.until_over(door, 1, json=False, sleep=sleep)

    said = capsys.readouterr()
    assert code == 0
    lines = [line.split("  ")[1].split(",")[0] for line in said.out.splitlines()[:4]]
    assert lines == [f"{n} of 3 done" for n in range(4)]
    assert said.out.splitlines()[4:] == [
        "",
        "Run 1, students.csv to loc_here: finished in 15 s",
        "       3  rows",
        "       3  people, 3 of them new here",
        "       3  jobs: 3 contacts",
        "       3  done",
        "       3  calls to the CRM: 3 contact.create",
    ]
    assert said.err == ""


def test_a_run_with_a_parked_job_ends_with_code_3_and_the_command_to_look(
    door, clock, capsys
) -> None:
    sleep = time_passes(door, clock, one_job(door), one_job(door), one_job(door, park))

    code = following.until_over(door, 1, json=False, sleep=sleep)

    out = capsys.readouterr().out
    assert code == 3
    assert "1 parked, duplicate: there is a twin" in out
    assert out.endswith("Look at them: rollbook parked --run 1\n")


def test_ctrl_c_while_waiting_leaves_the_jobs_and_says_where_to_look(door, clock, capsys) -> None:
    def sleep(seconds: float) -> None:
        raise KeyboardInterrupt

    code = following.until_over(door, 1, json=False, sleep=sleep)

    assert code == 130
    assert capsys.readouterr().out.endswith("It goes on in the background: rollbook status 1\n")
    assert len(take(door.store)) == 3


def test_missing_processes_are_named_once_with_the_command_and_waited_for(
    door, clock, capsys
) -> None:
    clock.tick(60)  # everybody is silent for a minute
    sleep = time_passes(door, clock, lambda: None, *[one_job(door)] * 3)

    following.until_over(door, 1, json=False, sleep=sleep)

    warning = "no dispatcher and no worker is alive: start them with `rollbook up`"
    assert capsys.readouterr().err.split("\n") == [f"          {warning}", ""]


def test_a_pause_is_named_with_its_reason_its_end_and_the_command_that_ends_it(
    door, clock, capsys
) -> None:
    with door.store.write() as tx:
        accounts.pause(tx, HERE, clock.now + 20, "the CRM asked for a pause")
    sleep = time_passes(door, clock, *[lambda: None] * 4, *[one_job(door)] * 3)

    following.until_over(door, 1, json=False, sleep=sleep)

    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "(20 s): the CRM asked for a pause; `rollbook resume loc_here` ends it" in err


def test_a_database_that_is_away_is_waited_for(door, clock, capsys) -> None:
    looks = [DatabaseDown("OperationalError"), DatabaseDown("OperationalError"), None]

    def look() -> progress.Look:
        if looks and (trouble := looks.pop(0)):
            raise trouble
        return progress.look(door.store, door.settings, runs.get(door.store, 1))

    following.follow(
        look, following.Lines(), sleep=lambda _: None, enough=lambda seen: seen.jobs.open == 3
    )

    said = capsys.readouterr()
    assert said.err.count("the database does not answer: waiting for it") == 1
    assert "0 of 3 done" in said.out


def test_json_is_one_object_a_line_and_ends_with_the_report(door, clock, capsys) -> None:
    sleep = time_passes(door, clock, *[one_job(door)] * 3)

    following.until_over(door, 1, json=True, sleep=sleep)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["progress"] * 4 + ["report"]
    assert [line["done"] for line in lines[:4]] == [0, 1, 2, 3]
    assert lines[1] | {"at": 0} == {
        "event": "progress", "at": 0, "run": 1, "location": HERE, "state": "queued",
        "queued": 2, "waiting": 2, "released": 0, "done": 1, "tried_again": 0, "parked": 0,
        "cancelled": 0, "calls_left": 2, "calls_per_s": 0.2, "limit_per_s": 10.0,
        "tokens_used": None,
        "tokens": 100, "day_left": None, "seconds_left": None, "paused": None, "missing": [],
        "held_read_only": 0, "existence": None,
    }  # fmt: skip
    assert lines[4]["jobs"]["done"] == 3
    assert lines[4]["calls"] == {"contact.create": 3}


def test_looks_in_quick_succession_are_one_line(door, clock, capsys) -> None:
    view = following.Lines()
    run = runs.get(door.store, 1)
    for _ in range(10):
        view.show(progress.look(door.store, door.settings, run))
        clock.tick(1)

    assert len(capsys.readouterr().out.splitlines()) == 3
