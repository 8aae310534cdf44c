"""How far a run is, and when it will be over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contacts.errors import UsageError
from contacts.existence import Existence, Known, State
from contacts.jobs import Kind, Wish
from contacts.settings import Settings
from contacts.store import accounts, audit, ledger, processes, runs, tables
from contacts.store.audit import Call
from contacts.store.cipher import Cipher
from contacts.store.database import Store
from contacts.store.ledger_view import Counts
from contacts.store.runs import Run
from producers import progress
from producers.progress import Look

HERE = "loc_1"
KEY = "Zm9yLWRvY3MtcGxlYXNlLW1ha2UtYS1uZXctb25lISE="


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, secret_key=KEY)


@pytest.fixture
def run(store: Store, settings: Settings) -> Run:
    """A run of three jobs, all read."""
    now = store.clock()
    with store.write() as tx:
        accounts.ensure_location(tx, HERE, cipher=Cipher.from_settings(settings), token="pit-x")
        id = runs.start(tx, location=HERE, kind="backfill", title="students.csv", now=now - 60)
        ledger.put(tx, [Wish(Kind.PUSH, HERE, n, run=id) for n in (1, 2, 3)], now=now)
        runs.read(tx, id, {"rows": 3}, now=now)
    found = runs.get(store, id)
    assert found is not None
    return found


def alive(store: Store) -> None:
    processes.beat(store, "dispatcher@here:1", "dispatcher", 0)
    processes.beat(store, "worker@here:2", "worker", 32)


def calls(store: Store, number: int, *, apart: float = 0.0) -> None:
    at = store.clock() - 1
    made = [
        Call(at - apart * n, HERE, "contact.create", 200, 100.0, 1, 1, None) for n in range(number)
    ]
    with store.write() as tx:
        audit.record(tx, made)


def finish(store: Store, number: int) -> None:
    for ticket in ledger.release(store, room=9, limit=number, bulk_limit=9, lease_s=30):
        job = ledger.claim(store, ticket, worker="w", lease_s=60)
        assert job is not None
        with store.write() as tx:
            ledger.done(tx, job, now=store.clock())


def test_a_look_shows_jobs_speed_and_limits(store: Store, settings: Settings, run: Run) -> None:
    alive(store)
    calls(store, 20, apart=0.5)
    finish(store, 1)
    with store.write() as tx:
        accounts.save_limits_seen(
            tx, HERE, {"at": store.clock() - 1, "used": 42, "day_left": 150_000}
        )
    look = progress.look(store, settings, run)
    assert (look.jobs.open, look.jobs.done, look.missing, look.paused) == (2, 1, (), None)
    assert look.rate == pytest.approx(1.8)
    assert look.pace == pytest.approx(19 / 9.5)  # one each half second; now is just after the last
    assert (look.calls_left, look.seconds_left) == (2, pytest.approx(1.0))
    assert not look.over
    assert (look.limits.per_s, look.limits.window, look.limits.used, look.limits.day_left) == (
        10.0, 100, 42, 150_000,
    )  # fmt: skip


def test_the_speed_of_a_young_run_is_that_of_its_whole_life(
    store: Store, settings: Settings, run: Run
) -> None:
    calls(store, 20)
    young = replace(run, started_at=store.clock() - 4)
    assert progress.look(store, settings, young).rate == pytest.approx(5.0)


def test_a_run_is_over_when_its_last_job_is(store: Store, settings: Settings, run: Run) -> None:
    finish(store, 3)
    look = progress.look(store, settings, run)
    assert look.over
    assert look.seconds_left is None
    assert look.as_json()["state"] == "finished"


def test_what_is_not_alive_is_named(store: Store, settings: Settings, run: Run) -> None:
    assert progress.look(store, settings, run).missing == ("dispatcher", "worker")
    alive(store)
    store.clock.tick(processes.ALIVE_S + 1)
    processes.beat(store, "worker@here:2", "worker", 32)
    assert progress.look(store, settings, run).missing == ("dispatcher",)


def test_a_pause_is_shown_until_it_is_over(store: Store, settings: Settings, run: Run) -> None:
    until = store.clock() + 30
    with store.write() as tx:
        accounts.pause(tx, HERE, until, "the CRM asked us to wait")
    look = progress.look(store, settings, run)
    assert look.paused == ("the CRM asked us to wait", until)
    assert look.as_json()["paused"] == {"reason": "the CRM asked us to wait", "until": until}
    store.clock.tick(31)
    assert progress.look(store, settings, run).paused is None


def test_tokens_that_were_seen_long_ago_are_not_shown(
    store: Store, settings: Settings, run: Run
) -> None:
    with store.write() as tx:
        accounts.save_limits_seen(tx, HERE, {"at": store.clock(), "used": 42, "day_left": None})
    assert progress.look(store, settings, run).limits.used == 42
    store.clock.tick(60)
    limits = progress.look(store, settings, run).limits
    assert (limits.used, limits.day_left) == (None, None)


def test_a_location_that_is_gone_is_one_clear_line(
    store: Store, settings: Settings, run: Run
) -> None:
    with pytest.raises(UsageError, match="loc_9 is not known"):
        progress.look(store, settings, replace(run, location="loc_9"))


# ---------------------------------------------------------------- when it will be over


def looked(state: str = "queued", *, open: int = 50, **more: Any) -> Look:
    run = Run(1, HERE, "backfill", "x.csv", state, 1.0, 2.0, None, {})
    options = {
        "rate": 5.0, "pace": 10.0, "limits": progress.Limits(10.0, 100, None, None), "paused": None,
        "missing": (),
    }  # fmt: skip
    left = {"calls_left": float(open)}
    return Look(at=3.0, run=run, jobs=Counts(waiting=open), **left | options | more)


def test_it_takes_the_calls_that_are_left_by_those_that_are_made_a_second() -> None:
    assert looked(calls_left=20.0).seconds_left == 2.0
    assert looked().seconds_left == 5.0
    assert looked().as_json()["seconds_left"] == 5


def test_what_a_bucket_holds_goes_out_besides() -> None:
    assert looked(calls_left=1000.0, spare=80.0).seconds_left == 92.0


@pytest.mark.parametrize(
    "more",
    [
        {"open": 0},
        {"pace": 0.0},
        {"paused": ("because", 9.0)},
        {"missing": ("worker",)},
        {"limits": progress.Limits(10.0, 100, None, 49)},
    ],
    ids=["nothing left", "nothing moves", "paused", "no worker", "more than the day allows"],
)
def test_when_nobody_can_tell_nobody_does(more: dict[str, Any]) -> None:
    assert looked(**more).seconds_left is None


@pytest.mark.parametrize(
    ("state", "open", "over"),
    [
        ("reading", 0, False),
        ("queued", 1, False),
        ("finished", 0, True),
        ("cancelled", 3, True),
        ("interrupted", 3, False),
        ("interrupted", 0, True),
    ],
)
def test_over_means_that_nothing_of_it_is_left(state: str, open: int, over: bool) -> None:
    assert looked(state, open=open).over is over


# ---------------------------------------------------------------- at which pace


def test_a_full_bucket_does_not_promise_more_than_the_limit(
    store: Store, settings: Settings, run: Run
) -> None:
    calls(store, 101, apart=0.05)  # twenty a second
    look = progress.look(store, settings, run)
    assert look.pace == look.limits.per_s == 10.0


def test_while_the_list_is_read_the_pace_is_that_which_follows(
    store: Store, settings: Settings, run: Run
) -> None:
    known = Known(Existence.AUTO, 100, total=900, pages=1, rows=100, state=State.WALKING)
    keep(store, run, known)
    assert progress.look(store, settings, run).pace == 0
    calls(store, 5, apart=1.0)
    assert progress.look(store, settings, run).pace == pytest.approx(9.8)
    keep(store, run, replace(known, state=State.OVER, over_at=store.clock() - 1.6))
    assert progress.look(store, settings, run).pace == pytest.approx(9.8)  # too few calls since
    store.clock.tick(9)
    calls(store, 5, apart=1.0)
    # Of a minute twelve seconds were lived at that pace.
    assert progress.look(store, settings, run).pace == pytest.approx(7.9, abs=0.3)
    store.clock.tick(40)
    calls(store, 5, apart=1.0)
    # And now 51 at ten calls; the other nine are still as usual.
    assert progress.look(store, settings, run).pace == pytest.approx(1.7, abs=0.1)


def test_what_goes_out_while_a_list_is_read_goes_at_the_pace_of_its_pages(
    store: Store, settings: Settings, run: Run
) -> None:
    store.clock.tick(60)
    calls(store, 40, apart=1.0)
    known = Known(
        Existence.AUTO, 400, found=150, sure=150, total=400, pages=2, rows=200, state=State.WALKING
    )
    keep(store, run, known)

    look = progress.look(store, settings, run)

    # A minute after the file was read two of four pages are there and half of a third: one and a
    # half are left, and work for less time than that.
    assert look.calls_left / look.pace == pytest.approx(36)


def test_a_list_holds_nothing_up_while_what_it_finds_is_enough_to_do(
    store: Store, settings: Settings, run: Run
) -> None:
    store.clock.tick(60)
    known = Known(
        Existence.AUTO, 400, found=150, sure=150, total=400, pages=2, rows=200, state=State.WALKING
    )
    keep(store, run, known)
    calls(store, 590, apart=0.1)
    assert progress.look(store, settings, run).pace == pytest.approx(9.8)


@pytest.mark.parametrize(
    ("made", "spare"),
    [(0, 0.0), (100, 40.0), (290, 40.0), (440, 20.0), (590, 0.0)],
    ids="{}".format,
)
def test_whether_it_is_a_bucket_is_known_after_the_calls_of_a_minute(
    store: Store, settings: Settings, run: Run, made: int, spare: float
) -> None:
    calls(store, made, apart=0.1)
    assert progress.look(store, settings, run).spare == pytest.approx(spare, abs=0.5)


def test_what_is_held_up_by_something_else_than_the_limit_gains_nothing_by_a_bucket(
    store: Store, settings: Settings, run: Run
) -> None:
    calls(store, 100, apart=0.2)
    assert progress.look(store, settings, run).spare == 0.0


def test_what_is_left_is_counted_anew_only_now_and_then(
    store: Store, settings: Settings, run: Run
) -> None:
    ahead = progress.Ahead()
    assert ahead.left(store, run, 1.0, settings) == 3
    ahead.cost_s = 1.0
    finish(store, 1)
    store.clock.tick(2)
    assert ahead.left(store, run, 1.0, settings) == 1
    store.clock.tick(20)
    assert ahead.left(store, run, 1.0, settings) == 2


def keep(store: Store, run: Run, known: Known) -> None:
    with store.write() as tx:
        tx.execute(tables.runs.update().values(existence=known.as_json()))
